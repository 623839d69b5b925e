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
	for _, rel := range []string{"x/kustomization.yaml", "x/settings.yaml"} {
		f := source.NewFile(rel, rel, []byte(text))
		manifest.ParseAny(f)
		for want, hidden := range map[string]bool{"s\n": false, "c\n": false, "a=b": true} {
			at := strings.Index(text, ": "+want) + len(": ")
			if hidden {
				at = strings.Index(text, want)
			}
			covers := func(s source.Span) bool { return s.Start <= at && at < s.End }
			if got := slices.ContainsFunc(f.Hidden(), covers); got != hidden {
				t.Errorf("%s: %q is hidden %t, not %t", rel, want, got, hidden)
			}
		}
	}
}
