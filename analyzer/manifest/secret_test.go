package manifest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

func TestKustomizationStaysReadable(t *testing.T) {
	t.Parallel()
	text := "secretGenerator:\n- name: s\n  literals: [a=b]\nconfigMapGenerator:\n- name: c\n"
	name := strings.Index(text, "name: c") + len("name: ")
	for rel, hidden := range map[string]bool{"x/kustomization.yaml": false, "x/settings.yaml": true} {
		f := source.NewFile(rel, rel, []byte(text))
		manifest.ParseAny(f)
		covers := func(s source.Span) bool { return s.Start <= name && name < s.End }
		if got := slices.ContainsFunc(f.Hidden(), covers); got != hidden {
			t.Errorf("%s: the name is hidden %t, not %t", rel, got, hidden)
		}
		if len(f.Hidden()) == 0 {
			t.Errorf("%s: the values are shown", rel)
		}
	}
}
