package policies

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/loader"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

const conftestToml = "conftest.toml"

// conftestSettings are the keys of a conftest.toml that decide on verdicts
// (runner/test.go). Others say how conftest reports, and are not looked at.
type conftestSettings struct {
	Policy        oneOrMore `toml:"policy"`
	Data          oneOrMore `toml:"data"`
	Namespace     oneOrMore `toml:"namespace"`
	AllNamespaces bool      `toml:"all-namespaces"`
	Combine       bool      `toml:"combine"`
	RegoVersion   string    `toml:"rego-version"`

	file string // "" for none
}

// conftestDefaults are what conftest does if nothing is said
// (internal/commands/test.go).
func conftestDefaults(file string) conftestSettings {
	return conftestSettings{Policy: oneOrMore{"policy"}, Namespace: oneOrMore{"main"}, RegoVersion: "v1", file: file}
}

// readConftestSettings reads a conftest.toml. Its paths are relative to it, as
// conftest's are to the working directory, where it looks for the file.
func readConftestSettings(file string) (conftestSettings, error) {
	s := conftestDefaults(file)
	text, err := source.ReadNamed(file)
	if err != nil {
		return s, err
	}
	if _, err := toml.Decode(string(text), &s); err != nil {
		return s, fmt.Errorf("%s: %w", filepath.ToSlash(file), err)
	}
	root, err := rootOf(file)
	if err != nil {
		return s, err
	}
	for _, paths := range []oneOrMore{s.Policy, s.Data} {
		for i, name := range paths {
			prefix, name := loader.SplitPrefix(name)
			if !filepath.IsAbs(name) {
				name = filepath.Join(filepath.Dir(file), name)
			}
			if err := namedBy(root, name); err != nil {
				return s, fmt.Errorf("%s: %w", filepath.ToSlash(file), err)
			}
			if len(prefix) > 0 {
				name = strings.Join(prefix, ".") + ":" + name
			}
			paths[i] = name
		}
	}
	return s, nil
}

// namedBy returns an error if a path that a conftest.toml names, or a link below
// it, leads out of root. What does not exist is the loader's to report.
func namedBy(root, name string) error {
	abs, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	if err := source.LinksInside(root, abs); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// version returns the version of Rego that the policies are written in.
func (s conftestSettings) version() (ast.RegoVersion, error) {
	switch strings.ToLower(s.RegoVersion) {
	case "v0":
		return ast.RegoV0, nil
	case "v1":
		return ast.RegoV1, nil
	}
	return 0, fmt.Errorf("%s: rego-version is %q: use v0 or v1", s.file, s.RegoVersion)
}

// tests reports whether the rules of a package are evaluated
// (runner/test.go, filterNamespaces).
func (s conftestSettings) tests(namespace string) bool {
	if s.AllNamespaces {
		return true
	}
	for _, pattern := range s.Namespace {
		if ok, err := path.Match(pattern, namespace); pattern == namespace || ok && err == nil {
			return true
		}
	}
	return false
}

// oneOrMore is a string, or a list of them.
type oneOrMore []string

// UnmarshalTOML reads what viper takes for a list of strings.
func (o *oneOrMore) UnmarshalTOML(v any) error {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	*o = make(oneOrMore, len(list))
	for i, item := range list {
		if (*o)[i], ok = item.(string); !ok {
			return fmt.Errorf("%v is no string", item)
		}
	}
	return nil
}
