package config

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Names are those of a configuration file.
var Names = []string{"kubeknot.yaml", ".kubeknot.yaml"}

// Find returns the configuration file of a directory, which is absolute: of
// the directory itself or the closest above it, up to the root of the git
// repository or, outside of git, of the file system. "" means that there is
// none. Two in one directory are an error.
func Find(dir string) (file string, err error) {
	for {
		var found []string
		for _, name := range Names {
			file := filepath.Join(dir, name)
			info, err := os.Stat(file)
			switch {
			case err != nil || info.IsDir():
			case source.Inside(source.Repository(dir), file) != nil: // a stranger's link would decide what is read
				return "", fmt.Errorf("%s is a link out of the repository", file)
			case !info.Mode().IsRegular(): // nobody has named it, so nobody waits for it
				return "", fmt.Errorf("%s is not a regular file", file)
			default:
				found = append(found, file)
			}
		}
		switch {
		case len(found) > 1:
			return "", fmt.Errorf("%s and %s: remove one of them", found[0], filepath.Base(found[1]))
		case len(found) == 1:
			return found[0], nil
		case source.IsRepository(dir) || dir == filepath.Dir(dir):
			return "", nil
		}
		dir = filepath.Dir(dir)
	}
}

// KnownRules returns all rules, those of the given policies included. The
// error says what is wrong with the policies.
type KnownRules func(policies []Path) ([]*analyzer.Rule, error)

// Load reads a configuration file and what it extends; "" gives the defaults.
// dir is the working directory, absolute, that paths are shown relative to. root
// is the directory that bounds what the files may name: a configuration of a
// repository must not make kubeknot read what lies outside of it. An empty root
// bounds nothing. What is wrong with the files comes back as Faults.
func Load(file, dir, root string, rules KnownRules) (*Config, error) {
	l := &loader{dir: dir, read: source.ReadNamed, exists: func(path string) error { return exists(root, path) }}
	return l.load(file, rules)
}

// Bounds returns the root that bounds what a configuration file may name: that
// of the repository of dir, the working directory, if the file lies in it. A file
// outside is that of whoever named it, and bounded by nothing.
func Bounds(file, dir string) string {
	root := source.Repository(dir)
	if source.Inside(root, file) != nil {
		return ""
	}
	return root
}

// exists says why a path is neither a file nor a directory inside of root.
func exists(root, path string) error {
	if err := source.Inside(root, filepath.FromSlash(path)); errors.Is(err, source.ErrOutside) {
		return source.ErrOutside
	}
	info, err := os.Stat(path)
	var reason *os.PathError
	switch {
	case errors.As(err, &reason):
		return reason.Err
	case err == nil && !info.IsDir() && !info.Mode().IsRegular():
		return errors.New("neither a file nor a directory")
	}
	return err
}

// loader reads the files of one configuration.
type loader struct {
	dir    string
	read   func(path string) ([]byte, error)
	exists func(path string) error
	faults Faults
}

// layer is one of the files.
type layer struct {
	path string // absolute
	*decoder
}

func (l *loader) load(file string, rules KnownRules) (*Config, error) {
	c := &Config{}
	base := source.Repository(l.dir)
	if file != "" {
		base = filepath.Dir(file)
		layers, err := l.layers(file)
		if err != nil {
			return nil, err
		}
		c.layers = layers
	}
	for _, layer := range slices.Backward(c.layers) {
		if layer.doc.Root != nil {
			layer.decode(layer.doc.Root, reflect.ValueOf(c).Elem(), "the configuration")
		}
	}
	if c.Exclude == nil {
		c.Exclude = defaultExclude(filepath.ToSlash(base))
	}
	l.check(c)
	all, err := rules(c.Policies)
	switch {
	case err != nil && len(c.Policies) == 0:
		return nil, err
	case err != nil:
		l.faults.add(c.Policies[0].At, "policies: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	default:
		for _, layer := range c.layers {
			layer.checkRules(all)
		}
	}
	if len(l.faults) > 0 {
		return nil, l.faults.sorted()
	}
	return c, nil
}

// maxLayers is how many files can extend each other.
const maxLayers = 32

// layers reads a file and what it extends, one after the other.
func (l *loader) layers(file string) ([]*layer, error) {
	var layers []*layer
	for {
		next, err := l.parse(file)
		if err != nil {
			return nil, err
		}
		layers = append(layers, next)
		base := manifest.Field(next.doc.Root, "extends")
		if base.Key == nil || manifest.String(base.Value) == "" {
			return layers, nil // what is wrong with it the decoder says
		}
		file = manifest.String(base.Value)
		if !isAbsolute(file) {
			file = next.dir + "/" + file
		}
		file = path.Clean(file)
		switch repeated := slices.IndexFunc(layers, func(l *layer) bool { return l.path == file }); {
		case repeated >= 0:
			next.fault(base.Raw, "extends leads back to %s", layers[repeated].doc.File.Path)
			return layers, nil
		case len(layers) == maxLayers: // or a link to a directory above makes new paths for ever
			next.fault(base.Raw, "extends leads through more than %d files", maxLayers)
			return layers, nil
		case l.exists(file) != nil:
			return layers, nil
		}
	}
}

// isAbsolute takes paths with a drive for absolute too, where there are drives.
func isAbsolute(name string) bool { return path.IsAbs(name) || filepath.IsAbs(name) }

// parse reads the text of a file.
func (l *loader) parse(file string) (*layer, error) {
	file = filepath.ToSlash(file)
	data, err := l.read(file)
	shown := file
	if rel, e := filepath.Rel(l.dir, file); e == nil {
		shown = filepath.ToSlash(rel)
	}
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	f := source.NewFile(shown, shown, data)
	d := &decoder{doc: &manifest.Document{File: f}, dir: path.Dir(file), exists: l.exists, faults: &l.faults}
	parsed := manifest.ParseAny(source.NewFile(shown, shown, data))
	for _, doc := range parsed.Documents {
		doc.File = f // in which nothing is hidden: "kind: Secret" is no Secret here
	}
	if len(parsed.Documents) > 0 {
		d.doc = parsed.Documents[0]
	}
	for _, doc := range parsed.Documents {
		at := source.Location{File: f, Span: doc.Span}
		switch {
		case len(doc.Problems) > 0 && doc.Problems[0].Kind == manifest.SyntaxError:
			at.Span = doc.Problems[0].Span
			l.faults.add(at, "%s", strings.TrimSpace(doc.Problems[0].Message))
		case doc.Root == nil && doc.Role != manifest.Object:
			l.faults.add(at, "it cannot be read: it is no YAML in UTF-8, or it holds placeholders of a templating tool")
		case doc != d.doc:
			l.faults.add(at, "a configuration is one document, and here starts another")
		}
	}
	return &layer{path: file, decoder: d}, nil
}

// check reports what is wrong between the parts of the configuration.
func (l *loader) check(c *Config) {
	for _, o := range c.Overrides {
		if o.Paths == nil && o.Resources == nil {
			l.faults.add(o.At, "an entry of overrides needs paths or resources; what holds everywhere belongs to rules")
		}
	}
	for _, i := range c.Ignore {
		if i.Paths == nil && i.Resources == nil {
			l.faults.add(i.At, "an entry of ignore needs paths or resources; to switch a rule off everywhere, write %s: off below rules", i.Rule)
		}
		if c.NeedsReason() && strings.TrimSpace(i.Reason) == "" {
			l.faults.add(i.At, "an entry of ignore needs a reason, or require-reason: false")
		}
	}
	seen := map[Name]bool{}
	for _, u := range c.Units {
		if seen[u.Name] && u.Name != "" {
			l.faults.add(u.At, "two units are called %s", u.Name)
		}
		seen[u.Name] = true
	}
}
