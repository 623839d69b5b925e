package graph_test

import (
	"encoding/json"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// FuzzSelectors compares what selectors match with the verdict of apimachinery.
// Both get the selector and the labels as JSON.
func FuzzSelectors(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"app":"web"}`, `{"app":"web"}`},
		{`{"app":"web","tier":null}`, `{"app":"web","tier":"front"}`},
		{`{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"tier","operator":"NotIn","values":["back",""]}]}`, `{"app":"web"}`},
		{`{"matchExpressions":[{"key":"a/b","operator":"Exists"},{"key":"x","operator":"DoesNotExist"}]}`, `{"a/b":""}`},
		{`{"matchExpressions":[{"key":"n","operator":"In","values":["1"]}]}`, `{"n":"1"}`},
		{`{"matchExpressions":[{"key":"n","operator":"Gt","values":["1"]}]}`, `{"n":"2"}`},
		{`{"a b":"c"}`, `{}`}, {`{}`, `{}`}, {`null`, `{"a":"b"}`}, {`{"matchLabels":{}}`, `{}`}, {`{"a":"b","a":"c"}`, `{"a":"c"}`},
		{`{"matchExpressions":[null,{"key":""}],"matchLabels":{"":""}}`, `{"":""}`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, selector, set string) {
		var labelled map[string]string
		if json.Unmarshal([]byte(set), &labelled) != nil || !json.Valid([]byte(selector)) {
			t.Skip()
		}
		all := manifest.Parse(source.NewFile("f", "f", []byte(`{"apiVersion":"v1","kind":"Service","spec":{"selector":`+selector+`}}`))).Resources()
		if len(all) != 1 {
			t.Skip("JSON that no YAML parser reads")
		}
		var plain map[string]string
		if json.Unmarshal([]byte(selector), &plain) == nil && !hasNull(selector) {
			want, err := labels.ValidatedSelectorFromSet(plain)
			compare(t, graph.ReadMapSelector(all[0], "spec", "selector"), want, err, labelled)
		}
		var rich metav1.LabelSelector
		if json.Unmarshal([]byte(selector), &rich) == nil && !hasNull(selector) {
			want, err := metav1.LabelSelectorAsSelector(&rich)
			compare(t, graph.ReadLabelSelector(all[0], "spec", "selector"), want, err, labelled)
		}
	})
}

// hasNull reports whether a value anywhere is null: kubectl drops it before
// apimachinery gets to see it.
func hasNull(text string) bool {
	var v any
	_ = json.Unmarshal([]byte(text), &v)
	var null func(any) bool
	null = func(v any) bool {
		switch v := v.(type) {
		case map[string]any:
			for _, x := range v {
				if null(x) {
					return true
				}
			}
		case []any:
			for _, x := range v {
				if null(x) {
					return true
				}
			}
		}
		return v == nil
	}
	return null(v)
}

func compare(t *testing.T, got graph.Selector, want labels.Selector, err error, set labels.Set) {
	t.Helper()
	switch got.State {
	case graph.Unfinished, graph.Missing:
	case graph.Invalid:
		if err == nil {
			t.Errorf("%q is refused (%v), apimachinery takes it", got, got.Err)
		}
	case graph.Empty:
		if err != nil || !want.Empty() {
			t.Errorf("%q is empty, to apimachinery %v, %v", got, want, err)
		}
	case graph.Present:
		if err != nil {
			t.Errorf("%q is taken, apimachinery says %v", got, err)
		} else if got.Selector.Matches(set) != want.Matches(set) || got.Selector.String() != want.String() {
			t.Errorf("%q matches %v: %v, to apimachinery %v", got, set, got.Selector.Matches(set), want)
		}
	}
}
