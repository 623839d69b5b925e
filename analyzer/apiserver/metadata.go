package apiserver

import (
	"encoding/json"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
)

// Metadata returns what the server says to the metadata of a custom resource
// whose definition is not known: names, labels and annotations have the same
// form in all of them (k8s.io/apiextensions-apiserver
// pkg/registry/customresource/validator.go). Whether the kind has namespaces is
// not known, so that is not judged.
func Metadata(o Object) Verdict {
	var v Verdict
	var content map[string]any
	if kjson.UnmarshalCaseSensitivePreserveInts(o.text(), &content) != nil {
		return v
	}
	metadata, ok := content["metadata"].(map[string]any)
	if !ok {
		return v
	}
	content = map[string]any{"metadata": metadata}
	m := mender{root: reflect.TypeFor[metav1.PartialObjectMetadata](), content: content, verdict: &v}
	m.value(metadata, reflect.TypeFor[metav1.ObjectMeta](), []string{"metadata"})
	data, err := json.Marshal(metadata)
	if err != nil {
		return v
	}
	var read metav1.ObjectMeta
	if json.Unmarshal(data, &read) != nil {
		return v
	}
	if read.Name == "" && read.GenerateName != "" {
		read.Name = read.GenerateName + "00000"
	}
	read.ManagedFields = nil // the server's own
	errs := validation.ValidateObjectMeta(&read, read.Namespace != "", validation.NameIsDNSSubdomain, field.NewPath("metadata"))
	if len(errs) > 0 {
		v.addErrors(apierrors.NewInvalid(schema.GroupKind{Kind: o.Kind}, read.Name, errs), splitPath)
	}
	return v
}
