package policies

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/open-policy-agent/opa/v1/loader"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Files returns the rules that files and directories hold, each path in the
// dialect it is written in. Rules of one dialect are in the order of the paths.
// It is an error if a path is missing or holds no policy.
func (l Loader) Files(paths ...string) ([]*analyzer.Rule, error) {
	written := make([][]string, len(dialects))
	var errs []error
	for _, path := range paths {
		if err := bounded(path); err != nil {
			errs = append(errs, err)
			continue
		}
		d := dialectOf(path)
		written[d] = append(written[d], path)
	}
	var all []*analyzer.Rule
	for i, d := range dialects {
		if len(written[i]) == 0 {
			continue
		}
		rules, err := d.rules(l, written[i])
		all, errs = append(all, rules...), append(errs, err)
	}
	if err := errors.Join(append(errs, unique(all))...); err != nil {
		return nil, err
	}
	return all, nil
}

// bounded returns an error if a path does not exist, or if a link below it leads
// out of its repository: whoever named the path did not name what a link in it
// leads to.
func bounded(path string) error {
	root, err := rootOf(path)
	if err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	real, err = filepath.Abs(real)
	if err != nil {
		return err
	}
	return source.LinksInside(root, real)
}

// rootOf returns what bounds the files that are read for a path: the repository
// that holds it, its own directory outside of every repository.
func rootOf(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	if real, err = filepath.Abs(real); err != nil {
		return "", err
	}
	info, err := os.Stat(real)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		real = filepath.Dir(real)
	}
	return source.Repository(real), nil
}

// Inputs returns the files and directories that the policies of some paths are
// read from: the paths, and what a conftest.toml among them names.
func Inputs(paths ...string) ([]string, error) {
	all := slices.Clone(paths)
	for _, path := range paths {
		file := conftestFile(path)
		if file == "" {
			continue
		}
		s, err := readConftestSettings(file)
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Concat(s.Policy, s.Data) {
			_, name := loader.SplitPrefix(name)
			all = append(all, name)
		}
	}
	return all, nil
}

// own is the dialect of kubeknot, which package policies describes: the *.rego
// files at the top of a directory, without *_test.rego. What their METADATA
// does not say gets a default: the title is the id, the claim is suspect. A file
// of a package outside kubeknot.rules holds no rule but what the others import.
type own struct{}

func (own) knows(string) bool { return true }

func (own) rules(l Loader, paths []string) ([]*analyzer.Rule, error) {
	var (
		files []file
		errs  []error
	)
	for _, path := range paths {
		names, err := listed(path)
		errs = append(errs, err)
		for _, name := range names {
			text, err := source.ReadNamed(name)
			if err != nil {
				errs = append(errs, fmt.Errorf("reading a policy: %w", err))
				continue
			}
			files = append(files, file{name: filepath.ToSlash(name), text: text})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	rules, err := l.compile(files)
	if err == nil && len(rules) == 0 {
		err = fmt.Errorf("no file of package %s* in %q", rulesPackage, paths)
	}
	return rules, err
}

// listed returns the files of policies that a path names, at least one.
func listed(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir():
		return []string{path}, nil
	}
	all, err := filepath.Glob(filepath.Join(escaped(path), "*.rego"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range all {
		if !isTest(name) && isRegular(name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: no *.rego files", path)
	}
	return names, nil
}

// isRegular reports whether a name is that of a file, or leads to one. Anything
// else of a directory may be waited for without end.
func isRegular(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// escaped returns a path as a pattern that matches it alone.
func escaped(path string) string {
	var b []byte
	for i := range len(path) {
		switch path[i] {
		case '*', '?', '[':
			b = append(b, '[', path[i], ']')
		default:
			b = append(b, path[i])
		}
	}
	return string(b)
}
