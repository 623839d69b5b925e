package unit_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

func TestFromBlocks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		blocks []string // each the names of its ConfigMaps
		want   []string // of each unit its own and, behind a bar, its context
	}{
		{"none", nil, nil},
		{"one", []string{"a b"}, []string{"a b |"}},
		{"one story", []string{"a", "b", "c"}, []string{"a b c |"}},
		{"one is shown again", []string{"a", "b", "a"}, []string{"a b |", "a | b"}},
		{"again and again", []string{"a", "a", "a b", "c"}, []string{"a | b c", "a | b c", "a b c |"}},
		{"the closest first", []string{"a", "b", "c", "c d", "d", "e"}, []string{"a b c | d d e", "c d | b a e", "d e | c c b a"}},
		{"twice in one block", []string{"a a", "b"}, []string{"a a b |"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := source.NewFile("docs/a.md", "a.md", nil)
			var blocks []*manifest.File
			for _, names := range test.blocks {
				blocks = append(blocks, block(f, names))
			}
			var got []string
			for _, u := range unit.FromBlocks(blocks, "prod") {
				if u.Kind != unit.Document || u.Name != "docs/a.md" || u.Namespace != "prod" || u.Complete() || u.Replaced != nil {
					t.Errorf("%+v", u)
				}
				got = append(got, strings.TrimSpace(names(u.Resources)+" | "+names(u.Context)))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// block appends ConfigMaps to a file and returns them alone.
func block(f *source.File, names string) *manifest.File {
	start := len(f.Data)
	for _, name := range strings.Fields(names) {
		f.Data = append(f.Data, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: "+name+"}\n"...)
	}
	return manifest.ParsePart(f, source.Span{Start: start, End: len(f.Data)})
}

func names(resources []*manifest.Resource) string {
	var all []string
	for _, r := range resources {
		all = append(all, r.Name)
	}
	return strings.Join(all, " ")
}
