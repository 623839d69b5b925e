package apiserver_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubeknot/kubeknot/analyzer/apiserver"
)

// Every sentence has a sample, testdata/sentences/CAUSE.yaml or CAUSE-WORD.yaml,
// about which the server says it. A sample of two documents is a change.
func TestSentences(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/sentences/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	heard := map[string]bool{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, message := range answers(t, data) {
			for _, s := range apiserver.Sentences {
				if s.Says.MatchString(message) {
					heard[s.Says.String()] = true
					found = found || strings.HasPrefix(filepath.Base(file), string(s.Cause))
				}
			}
		}
		if !found {
			t.Errorf("%s: the server says something else: %q", file, answers(t, data))
		}
	}
	for _, s := range apiserver.Sentences {
		if !heard[s.Says.String()] {
			t.Errorf("no sample makes the server say %q (%s)", s.Says, s.Source)
		}
	}
}

// answers returns what the server says of a sample.
func answers(t *testing.T, data []byte) []string {
	t.Helper()
	var objects []apiserver.Object
	for _, document := range bytes.Split(data, []byte("---\n")) {
		text, err := yaml.YAMLToJSON(document)
		if err != nil {
			t.Fatal(err)
		}
		var head struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal(document, &head); err != nil {
			t.Fatal(err)
		}
		objects = append(objects, apiserver.Object{APIVersion: head.APIVersion, Kind: head.Kind, JSON: text})
	}
	v := apiserver.Create(objects[0])
	if len(objects) > 1 {
		v = apiserver.Update(objects[0], objects[1])
	}
	var said []string
	for _, r := range slices.Concat(v.Refusals, v.Folded) {
		said = append(said, r.Message)
	}
	for _, w := range v.Warnings {
		said = append(said, w.Message)
	}
	return said
}
