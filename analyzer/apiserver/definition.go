package apiserver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/crdserverscheme"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"
)

// extensions holds the types of apiextensions.k8s.io, which the server keeps
// apart from all others.
var extensions = func() *runtime.Scheme {
	s := runtime.NewScheme()
	install.Install(s)
	return s
}()

// Definition is what a CustomResourceDefinition makes of the server: a kind,
// with a schema for each of its versions. It is safe for concurrent use.
type Definition struct {
	// Versions are the names of those that are served, in their order.
	Versions []string

	versions map[string]func() (*customKind, error)
}

// customKind is the kind of a Definition in one version.
type customKind struct {
	kind
	schema *structuralschema.Structural // nil if the version has none
}

// newDefinition makes a Definition of a CRD that the server accepts. What its
// versions need is made when a version is asked for.
func newDefinition(crd *apiextensions.CustomResourceDefinition) *Definition {
	d := &Definition{versions: map[string]func() (*customKind, error){}}
	for _, v := range crd.Spec.Versions {
		if v.Served {
			d.Versions = append(d.Versions, v.Name)
			d.versions[v.Name] = sync.OnceValues(func() (*customKind, error) { return newCustom(crd, v.Name) })
		}
	}
	return d
}

// newCustom makes of a version what the server makes of it
// (k8s.io/apiextensions-apiserver pkg/apiserver/customresource_handler.go,
// getOrCreateServingInfoFor).
func newCustom(crd *apiextensions.CustomResourceDefinition, version string) (*customKind, error) {
	validates, err := apiextensions.GetSchemaForVersion(crd, version)
	if err != nil {
		return nil, err
	}
	var props *apiextensions.JSONSchemaProps
	if validates != nil {
		props = validates.OpenAPIV3Schema
	}
	c := &customKind{}
	if props != nil {
		s, err := structuralschema.NewStructural(props)
		if err != nil {
			return nil, err
		}
		c.schema = s.DeepCopy()
		if err := defaulting.PruneDefaults(c.schema); err != nil {
			return nil, err
		}
	}
	validator, _, err := validation.NewSchemaValidator(props)
	if err != nil {
		return nil, err
	}
	subresources, err := apiextensions.GetSubresourcesForVersion(crd, version)
	if err != nil {
		return nil, err
	}
	if subresources == nil {
		subresources = &apiextensions.CustomResourceSubresources{}
	}
	c.gvk = schema.GroupVersionKind{Group: crd.Spec.Group, Version: version, Kind: crd.Spec.Names.Kind}
	c.resource = crd.Spec.Names.Plural
	// The status is judged only where it is set by itself, and which fields can
	// be selected matters only to lists.
	c.strategy = customresource.NewStrategy(crdserverscheme.NewUnstructuredObjectTyper(),
		crd.Spec.Scope == apiextensions.NamespaceScoped, c.gvk, validator, nil, c.schema,
		subresources.Status, subresources.Scale, nil)
	return c, nil
}

// unhoist leads what the server says of all versions to the first one. The
// server keeps at one place what is the same in all of them
// (k8s.io/apiextensions-apiserver pkg/apis/apiextensions/v1/conversion.go); the
// author has written it in each. The status is the server's own.
func (v *Verdict) unhoist(crd *apiextensions.CustomResourceDefinition) {
	first := func(field string) []string { return []string{"spec", "versions", "0", field} }
	for kept, written := range map[string]string{
		"validation": "schema", "subresources": "subresources",
		"additionalPrinterColumns": "additionalPrinterColumns", "selectableFields": "selectableFields",
	} {
		if len(crd.Spec.Versions) > 0 {
			v.moved = append(v.moved, moved{from: first(written), home: []string{"spec", kept}})
		}
	}
	v.dropped = append(v.dropped, []string{"status"})
}

// unknownFormat begins the warning of a format that the server does not check.
// It does not say where it stands.
const unknownFormat = "unrecognized format "

// placeFormats leads the warnings of unknown formats to them, in the order of
// their paths.
func (v *Verdict) placeFormats(data []byte) {
	var content any
	unplaced := func(w Warning) bool { return w.Path == nil && strings.HasPrefix(w.Message, unknownFormat) }
	if !slices.ContainsFunc(v.Warnings, unplaced) || kjson.UnmarshalCaseSensitivePreserveInts(data, &content) != nil {
		return
	}
	walkFormats(content, nil, func(format string, path []string) {
		i := slices.IndexFunc(v.Warnings, func(w Warning) bool {
			return unplaced(w) && w.Message == unknownFormat+strconv.Quote(format)
		})
		if i >= 0 {
			v.Warnings[i].Path = path
		}
	})
}

// walkFormats calls found for every string of the name "format".
func walkFormats(value any, path []string, found func(format string, path []string)) {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(value) {
			if format, ok := value[key].(string); ok && key == "format" {
				found(format, at(path, key))
			}
			walkFormats(value[key], at(path, key), found)
		}
	case []any:
		for i, item := range value {
			walkFormats(item, at(path, strconv.Itoa(i)), found)
		}
	}
}

// Create returns what the server says when an object of the kind is created.
func (d *Definition) Create(o Object) Verdict {
	var v Verdict
	gv, err := schema.ParseGroupVersion(o.APIVersion)
	if err != nil {
		v.refuse(Refusal{Family: Invalid, Path: []string{"apiVersion"}, Field: "apiVersion", Message: err.Error()})
		return v
	}
	version, ok := d.versions[gv.Version]
	if !ok {
		v.refuse(Refusal{Family: NotServed, Path: []string{"apiVersion"}, Field: "apiVersion",
			Message: fmt.Sprintf("it serves %s, not %s", strings.Join(d.Versions, ", "), gv.Version)})
		return v
	}
	if c, err := version(); err == nil {
		c.judge(o.text(), &v)
	}
	return v
}
