package markdown_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/markdown"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

const object = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n"

// fenced returns a block of the object, each line with something before it.
func fenced(before, info, text string) string {
	lines := strings.Split("```"+info+"\n"+text+"```\n", "\n")
	return before + strings.Join(lines[:len(lines)-1], "\n"+before) + "\n"
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string // the objects, each with the place of its name
		excerpts   int
		unread     []string
	}{
		{name: "yaml", text: "# Title\n\n" + fenced("", "yaml", object), want: []string{"ConfigMap web 7:9"}},
		{name: "a blank before the language", text: fenced("", " yaml", object), want: []string{"ConfigMap web 5:9"}},
		{name: "more than the language", text: fenced("", `YML title="a.yml" {1,3}`, object), want: []string{"ConfigMap web 5:9"}},
		{name: "a file name", text: fenced("", "yaml:a.yaml", object), want: []string{"ConfigMap web 5:9"}},
		{name: "an attribute", text: fenced("", "{.yaml .numbered}", object), want: []string{"ConfigMap web 5:9"}},
		{name: "another language", text: fenced("", "yamlfmt", object)},
		{name: "no language", text: fenced("", "", object)},
		{name: "tildes", text: "~~~~ yaml\n" + object + "~~~~~\n", want: []string{"ConfigMap web 5:9"}},
		{name: "json", text: fenced("", "json", `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "é"}}`+"\n"), want: []string{"ConfigMap é 2:64"}},
		{name: "carriage returns", text: strings.ReplaceAll("x\n\n"+fenced("", "yaml", object), "\n", "\r\n"), want: []string{"ConfigMap web 7:9"}},
		{name: "no end of the last line", text: strings.TrimSuffix(fenced("", "yaml", object), "\n"), want: []string{"ConfigMap web 5:9"}},
		{name: "two documents", text: fenced("", "yaml", object+"---\n"+object), want: []string{"ConfigMap web 5:9", "ConfigMap web 10:9"}},
		{name: "two documents, indented", text: "1. a\n\n" + fenced("   ", "yaml", object+"---\n"+object), want: []string{"ConfigMap web 7:12", "ConfigMap web 12:12"}},
		{name: "in a list, behind its mark", text: "- " + strings.TrimLeft(fenced("  ", "yaml", object), " "), want: []string{"ConfigMap web 5:11"}},
		{name: "in a list, by tabs", text: "1. a\n\n" + fenced("\t", "yaml", object), want: []string{"ConfigMap web 7:10"}},
		{name: "in a quotation", text: fenced("> ", "yaml", object), want: []string{"ConfigMap web 5:11"}},
		{name: "in a quotation in a list", text: "- a\n\n" + fenced("  > ", "yaml", object), want: []string{"ConfigMap web 7:13"}},
		{name: "in the tab of a site", text: "=== \"Tab\"\n\n" + fenced("    ", "yaml", object), want: []string{"ConfigMap web 7:13"}},
		{name: "in a comment", text: "<!--\n" + fenced("", "yaml", object) + "-->\n"},
		{name: "indented unevenly", text: fenced("> ", "yaml", object) + "\n" + strings.Replace(fenced("> ", "yaml", object), "> kind", ">kind", 1),
			want: []string{"ConfigMap web 5:11"}, unread: []string{"the block of line 9 is not indented evenly"}},
		{name: "never closed", text: "```yaml\n" + object + "\n# Title\n\nText: more text.\n", unread: []string{"the block of line 2 is never closed"}},
		{name: "never closed in a list", text: "- ```yaml\n  " + strings.ReplaceAll(object, "\n", "\n  ") + "\n\nText.\n", unread: []string{"the block of line 2 is never closed"}},
		{name: "closed by too short a fence", text: "````yaml\n" + object + "```\n", unread: []string{"the block of line 2 is never closed"}},
		{name: "never closed, without an object", text: "```yaml\na: 1\n"},

		{name: "values", text: fenced("", "yaml", "replicas: 1\n"), excerpts: 1},
		{name: "a part", text: fenced("", "yaml", "spec:\n  kind: x\n apiVersion: y\n"), excerpts: 1},
		{name: "a list of patches", text: fenced("", "yaml", "- op: add\n  path: /a\n"), excerpts: 1},
		{name: "a kustomization", text: fenced("", "yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"), excerpts: 1},
		{name: "a template", text: fenced("", "yaml", strings.Replace(object, "web", "{{ .Name }}", 1)), excerpts: 1},
		{name: "no name", text: fenced("", "yaml", "apiVersion: v1\nkind: Pod\nspec:\n  hostNetwork: true\n"), excerpts: 1},
		{name: "a name that is made", text: fenced("", "yaml", strings.Replace(object, "name", "generateName", 1)), want: []string{"ConfigMap 4:1"}},
		{name: "a name to fill in", text: fenced("", "yaml", strings.Replace(object, "web", "YOUR_NAME", 1)), excerpts: 1},
		{name: "a name with capitals", text: fenced("", "yaml", strings.Replace(object, "web", "Web", 1)), want: []string{"ConfigMap Web 5:9"}},
		{name: "dots as a value", text: fenced("", "yaml", object+"data: ...\n"), excerpts: 1},
		{name: "dots that end a document", text: fenced("", "yaml", object+"...\ndata:\n  a: b\n"), excerpts: 2},
		{name: "dots in a comment", text: fenced("", "yaml", object+"# ... and so on\n"), excerpts: 1},
		{name: "dots that shorten a value", text: fenced("", "yaml", object+"data:\n  a: LS0tLS1...\n"), excerpts: 1},
		{name: "dots of a sentence", text: fenced("", "yaml", object+"data: # wait ...for it...\n  a: echo wait...\n"), excerpts: 1},
		{name: "dots behind words", text: fenced("", "yaml", object+"data: # this takes a while...\n  a: echo wait...\n"), want: []string{"ConfigMap web 5:9"}},
		{name: "asterisks", text: fenced("", "yaml", object+"data:\n  ****\n"), excerpts: 1},

		{name: "bad syntax", text: fenced("", "yaml", object+" data:\n  a: b\n"), want: []string{"did not find expected key 6:2"}},
		{name: "bad syntax, indented", text: "- a\n" + fenced("  ", "yaml", object+" data:\n  a: b\n"), want: []string{"did not find expected key 7:4"}},
		{name: "bad syntax, without a kind", text: fenced("", "yaml", strings.Replace(object, "kind", "sort", 1)+" data:\n  a: b\n"), excerpts: 1},
		{name: "a difference", text: fenced("", "yaml", " "+strings.ReplaceAll(object, "\n", "\n ")+"\n+  labels: {}\n"), excerpts: 1},
		{name: "a session", text: fenced("", "yaml", "$ kubectl get cm web -o yaml\n"+object), excerpts: 1},
		{name: "json with comments", text: fenced("", "json", "{\"apiVersion\": \"v1\",\n// the kind\n\"kind\": \"Pod\"}\n"), excerpts: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := source.NewFile("README.md", "docs/README.md", []byte(test.text))
			text := markdown.Parse(f)
			if diff := cmp.Diff(test.want, places(text.Blocks)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if text.Excerpts != test.excerpts {
				t.Errorf("%d excerpts, want %d", text.Excerpts, test.excerpts)
			}
			if diff := cmp.Diff(test.unread, text.Unread); diff != "" {
				t.Errorf("unread: (-want +got)\n%s", diff)
			}
			for _, block := range text.Blocks {
				if block.Path != f.Path || block.Rel != f.Rel || len(block.Data) != len(test.text) || string(f.Data) != test.text {
					t.Errorf("the file has changed: %q", block.Data)
				}
			}
		})
	}
}

// places names what blocks hold, with line and column.
func places(blocks []*manifest.File) []string {
	var all []string
	say := func(d *manifest.Document, what string, span source.Span) {
		at := d.File.Position(span.Start)
		all = append(all, fmt.Sprintf("%s %d:%d", what, at.Line, at.Column))
	}
	for _, block := range blocks {
		for _, d := range block.Documents {
			for _, r := range d.Resources {
				say(d, r.String(), r.NameLocation().Span)
			}
			for _, p := range d.Problems {
				say(d, p.Message, p.Span)
			}
		}
	}
	return all
}

// The blanks in place of a quotation's marks are what people are shown.
func TestQuotationsAreShownWithoutMarks(t *testing.T) {
	t.Parallel()
	text := markdown.Parse(source.NewFile("a.md", "a.md", []byte("> A\n"+fenced("> ", "yaml", object))))
	if got, want := text.Blocks[0].LineText(6), "    name: web"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := text.Blocks[0].LineText(1), "> A"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestBlocksStaySeparate(t *testing.T) {
	t.Parallel()
	text := markdown.Parse(source.NewFile("a.md", "a.md", []byte(fenced("", "yaml", object)+fenced("", "yaml", "a: 1\n")+fenced("", "yaml", object+"---\n"+object))))
	var got []int
	for _, block := range text.Blocks {
		if block.File == text.Blocks[0].File && block != text.Blocks[0] {
			t.Error("two blocks are one file")
		}
		got = append(got, len(block.Resources()))
	}
	if diff := cmp.Diff([]int{1, 2}, got); diff != "" {
		t.Errorf("objects of each block (-want +got)\n%s", diff)
	}
}

// TestIndentedLastLine has an end that the library reads over.
func TestIndentedLastLine(t *testing.T) {
	t.Parallel()
	text := markdown.Parse(source.NewFile("a.md", "a.md", []byte(fenced("", "yaml", object)+"\n\t# a")))
	if len(text.Blocks) != 1 || len(text.Unread) != 0 {
		t.Errorf("got %d blocks, %q", len(text.Blocks), text.Unread)
	}
}
