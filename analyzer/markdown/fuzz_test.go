package markdown_test

import (
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/markdown"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// FuzzParse looks for panics and for places that are not those of the text: the
// scalars of a block must stand in it as they do in the block.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		fenced("", "yaml", object), fenced("> ", "yml title=x", object+"---\n"+object), "- a\n\n" + fenced("  ", "json", `{"apiVersion": "v1", "kind": "A", "metadata": {"name": "é"}}`+"\n"),
		"~~~yaml\n" + object, "\t```yaml\n\tkind: A\n\tapiVersion: b\n\t```\n", "> ```yaml\n> kind: A\napiVersion: x\n```", fenced("    ", "{.yaml}", object), "``` yaml\n```\n", "```yaml\r\nkind: apiVersion\r\n```",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text := markdown.Parse(source.NewFile("f", "f", data))
		for _, block := range text.Blocks {
			if len(block.Data) != len(data) {
				t.Fatalf("the block has %d bytes, the text %d", len(block.Data), len(data))
			}
			for _, r := range block.Resources() {
				at := r.NameLocation()
				if name := r.Get("metadata", "name"); name != nil && name.Style == 0 && string(at.Text()) != string(data[at.Span.Start:at.Span.End]) {
					t.Errorf("%q stands in the block, %q in the text", at.Text(), data[at.Span.Start:at.Span.End])
				}
				_, _ = manifest.Value(r.Node)
			}
		}
	})
}
