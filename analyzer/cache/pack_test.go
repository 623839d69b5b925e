package cache_test

import (
	"os"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// TestPackForgetsNothing fills every field that a finding has, those of a later
// day too, and looks for what does not come back.
func TestPackForgetsNothing(t *testing.T) {
	t.Parallel()
	f := source.NewFile("dir/a.yaml", "a.yaml", []byte("kind: Pod\nmetadata: {name: p}\n"))
	document := &manifest.Document{File: f, Span: source.Span{End: 9}}
	place := source.Location{File: f, Span: source.Span{Start: 6, End: 9}}
	resource := &manifest.Resource{
		Document: document, Path: []string{"items", "0"}, APIVersion: "apps/v1", Group: "apps", Version: "v1", Kind: "Pod", Namespace: "n", Name: "p",
	}
	rule := &analyzer.Rule{ID: "a-rule"}
	finding := analyzer.Finding{Rule: "a-rule", Location: place, Resource: resource}
	filled := reflect.ValueOf(&finding).Elem()
	for i := range filled.NumField() {
		if name := filled.Type().Field(i).Name; filled.Field(i).IsZero() && name != "Recalled" && name != "Cause" {
			fill(t, name, filled.Field(i), f)
		}
	}
	given := []*analyzer.Pass{{Rule: rule, Findings: []analyzer.Finding{finding}, Skipped: []analyzer.Skipped{{Topic: "t", Resource: resource}}}}
	data, err := cache.Pack(given, func(f *source.File) string { return f.Rel })
	if err != nil {
		t.Fatal(err)
	}
	got, err := cache.Unpack(data, map[string]*analyzer.Rule{rule.ID: rule}, func(rel string) *source.File {
		if rel != f.Rel {
			return nil
		}
		return f
	})
	if err != nil {
		t.Fatal(err)
	}
	identity := finding.Identity()
	given[0].Findings[0].Recalled = &identity
	if diff := cmp.Diff(given, got,
		cmpopts.IgnoreUnexported(manifest.Resource{}, manifest.Document{}, analyzer.Rule{}),
		cmp.Comparer(func(a, b *source.File) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	for _, open := range []func(string) *source.File{
		func(string) *source.File { return nil },
		func(string) *source.File { return source.NewFile("a.yaml", "a.yaml", nil) }, // shorter than it was
	} {
		if _, err := cache.Unpack(data, map[string]*analyzer.Rule{rule.ID: rule}, open); err == nil {
			t.Error("a place that is not there is taken")
		}
	}
	if _, err := cache.Unpack(data, nil, func(string) *source.File { return f }); err == nil {
		t.Error("a rule that is not there is taken")
	}
	if _, err := cache.Pack(given, func(*source.File) string { return "" }); err == nil {
		t.Error("a place outside the tree is taken")
	}
}

// fill gives a field of a finding some value.
func fill(t *testing.T, name string, v reflect.Value, f *source.File) {
	t.Helper()
	switch v.Interface().(type) {
	case []string:
		v.Set(reflect.ValueOf([]string{name}))
	case []analyzer.Related:
		v.Set(reflect.ValueOf([]analyzer.Related{{Location: source.Location{File: f, Span: source.Span{End: 4}}, Message: "m"}}))
	case []analyzer.Edit:
		v.Set(reflect.ValueOf([]analyzer.Edit{{Location: source.Location{File: f, Span: source.Span{End: 4}}, Text: "t"}}))
	case []analyzer.Build:
		v.Set(reflect.ValueOf([]analyzer.Build{{Name: "b", File: f}}))
	default:
		if v.Kind() != reflect.String {
			t.Fatalf("Finding.%s is new: let package cache keep it, and fill it here", name)
		}
		v.SetString(name)
	}
}

// The file was written before the test was built, so it has settled.
func TestStamps(t *testing.T) {
	t.Parallel()
	info, err := os.Stat("pack.go")
	if err != nil {
		t.Fatal(err)
	}
	settled := cache.NewStamp(info)
	fresh := t.TempDir() + "/fresh"
	if err := os.WriteFile(fresh, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if info, err = os.Stat(fresh); err != nil {
		t.Fatal(err)
	}
	unsettled := cache.NewStamp(info)
	if unsettled != (cache.Stamp{}) || unsettled.Same(unsettled) {
		t.Errorf("what has just changed has the stamp %v", unsettled)
	}
	if settled == (cache.Stamp{}) {
		t.Skip("this system does not say when a file was changed, or the file is new")
	}
	larger := settled
	larger.Size++
	if !settled.Same(settled) || settled.Same(larger) || settled.Same(unsettled) {
		t.Errorf("%v is the same as %v or %v, or not as itself", settled, larger, unsettled)
	}
}
