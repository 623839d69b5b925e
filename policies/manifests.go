package policies

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// manifests is the dialect of policies that are Kubernetes objects: templates
// and constraints of Gatekeeper and admission policies. They make no rules of
// their own: rules that are always there judge by them.
type manifests struct{}

// knows takes YAML files, and directories that hold such objects, at whatever
// depth, and no Rego.
func (manifests) knows(path string) bool {
	if isYAML(path) {
		return true
	}
	if rego, err := filepath.Glob(filepath.Join(escaped(path), "*.rego")); err != nil || len(rego) > 0 {
		return false
	}
	files, err := Manifests(path)
	return err == nil && len(files) > 0
}

// rules checks the objects and returns none.
func (manifests) rules(_ Loader, paths []string) ([]*analyzer.Rule, error) {
	files, err := Manifests(paths...)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, name := range files {
		f, err := readManifest(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, r := range f.Resources() {
			errs = append(errs, checked(r))
		}
	}
	return nil, errors.Join(errs...)
}

// Manifests returns the files of those paths that hold policies as Kubernetes
// objects, with all that lies beside them, because those may refer to it: the
// YAML files among the paths and below them. What lies below testdata, and in
// directories without a policy, is left out.
func Manifests(paths ...string) ([]string, error) {
	var all []string
	for _, path := range paths {
		if isYAML(path) {
			all = append(all, path)
			continue
		}
		var (
			files []string
			found bool
		)
		err := filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case e.IsDir() && name != path && (e.Name() == "testdata" || strings.HasPrefix(e.Name(), ".")):
				return fs.SkipDir
			case !e.IsDir() && isYAML(name) && isRegular(name):
				data, err := source.ReadNamed(name)
				if err != nil {
					return err
				}
				files = append(files, name)
				found = found || slices.ContainsFunc(policyGroups, func(g string) bool { return bytes.Contains(data, []byte(g)) }) &&
					slices.ContainsFunc(parseManifest(name, data).Resources(), isPolicy)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading policies: %w", err)
		}
		if found {
			all = append(all, files...)
		}
	}
	return all, nil
}

func isYAML(name string) bool {
	ext := filepath.Ext(name)
	return ext == ".yaml" || ext == ".yml"
}

func readManifest(name string) (*manifest.File, error) {
	data, err := source.ReadNamed(name)
	if err != nil {
		return nil, err
	}
	return parseManifest(name, data), nil
}

func parseManifest(name string, data []byte) *manifest.File {
	name = filepath.ToSlash(name)
	return manifest.Parse(source.NewFile(name, name, data))
}

// policyGroups are the API groups of isPolicy: what names none of them holds no
// policy and need not be parsed.
var policyGroups = []string{templateGroup, constraintGroup, admissionGroup}

const admissionGroup = "admissionregistration.k8s.io"

// isPolicy reports whether an object says what a cluster admits.
func isPolicy(r *manifest.Resource) bool {
	return isTemplate(r) || isConstraint(r) || isAdmissionPolicy(r)
}

func isAdmissionPolicy(r *manifest.Resource) bool {
	return r.Group == admissionGroup && strings.HasPrefix(r.Kind, "ValidatingAdmissionPolicy")
}

// checked returns what is wrong with a policy.
func checked(r *manifest.Resource) error {
	switch {
	case isTemplate(r):
		if _, f := templateOf(r); f != nil {
			at := placeOf(r, f)
			return fmt.Errorf("%s:%d: %s: %s", at.File.Path, at.Start().Line, r, f.message)
		}
	case isAdmissionPolicy(r):
		data, ok := manifest.AppendJSON(nil, r.Node)
		if !ok {
			return fmt.Errorf("%s: %s is too large", r.File().Path, r)
		}
		for _, refusal := range apiserver.Create(apiserver.Object{APIVersion: r.APIVersion, Kind: r.Kind, JSON: data}).Refusals {
			at := r.KeyLocation(refusal.Path...)
			return fmt.Errorf("%s:%d: %s: %s: %s", at.File.Path, at.Start().Line, r, refusal.Field, refusal.Message)
		}
	}
	return nil
}
