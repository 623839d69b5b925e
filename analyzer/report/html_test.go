package report

import (
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/kubeknot/kubeknot/analyzer"
)

// ties are those of two units: one with a tie of each severity, one without
// findings. The findings are those of common.
func ties() []analyzer.UnitTies {
	return []analyzer.UnitTies{{
		Unit: "lab/numbers",
		Objects: []analyzer.TiedObject{
			{Role: analyzer.Selects, Kind: "Service", Name: "numbers-api", Findings: []int{2}},
			{Role: analyzer.Pods, Kind: "Pod", Name: "numbers-api", Detail: "kiamol=ch06-lab"},
			{Role: analyzer.Around, Kind: "ConfigMap", Name: "<a-very-long-name-that-does-not-fit>", Elsewhere: true},
			{Role: analyzer.Place, Kind: "nodes", Name: "rng=hw", Elsewhere: true, Missing: true, Findings: []int{1}},
		},
		Ties: []analyzer.Tie{
			{From: 0, To: 1, What: "selects app=numbers-api", Findings: []int{2, 3}},
			{From: 1, To: 3, What: "runs on", Findings: []int{1}},
			{From: 1, To: 2, What: "env", Findings: []int{3}},
		},
	}, {
		Unit:    "calm",
		Objects: []analyzer.TiedObject{{Role: analyzer.Owner, Kind: "Deployment", Name: "web"}, {Role: analyzer.Pods, Kind: "pods of", Name: "web"}},
		Ties:    []analyzer.Tie{{From: 0, To: 1, What: "makes"}},
	}}
}

// elements returns the elements of a page that a function chooses.
func elements(t *testing.T, page string, choose func(*html.Node) bool) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && choose(n) {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textIn(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// validHTML accepts a page that its template alone has shaped: with the
// elements and attributes that stand there, its own style and script, links to
// what is on the page or, where somebody clicks, to a documentation, and
// nothing that a browser would fetch.
func validHTML(s string) error {
	root, err := html.Parse(strings.NewReader(s))
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	for n, a := range attributes(root) {
		if a.Key == "id" {
			if ids[a.Val] {
				return fmt.Errorf("id %q twice", a.Val)
			}
			ids[a.Val] = true
		}
		if !strings.Contains(pageText, a.Key+"=") && !slices.Contains([]string{"hidden", "checked", "open"}, a.Key) {
			return fmt.Errorf("<%s> has the attribute %q", n.Data, a.Key)
		}
	}
	for n := range root.Descendants() {
		switch {
		case n.Type == html.CommentNode:
			return fmt.Errorf("comment %q", n.Data)
		case n.Type == html.ElementNode && !strings.Contains(pageText, "<"+n.Data):
			return fmt.Errorf("element <%s>", n.Data)
		case n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style") && !strings.Contains(pageScript+pageStyle, n.FirstChild.Data):
			return fmt.Errorf("<%s> of its own: %s", n.Data, n.FirstChild.Data)
		}
	}
	for n, a := range attributes(root) {
		if err := validLink(n, a, ids); err != nil {
			return err
		}
	}
	return nil
}

// attributes yields every attribute below a node, with its element.
func attributes(root *html.Node) iter.Seq2[*html.Node, html.Attribute] {
	return func(yield func(*html.Node, html.Attribute) bool) {
		for n := range root.Descendants() {
			for _, a := range n.Attr {
				if !yield(n, a) {
					return
				}
			}
		}
	}
}

func validLink(n *html.Node, a html.Attribute, ids map[string]bool) error {
	target, local := strings.CutPrefix(a.Val, "#")
	switch {
	case a.Key == "aria-labelledby" && !ids[a.Val]:
		return fmt.Errorf("nothing has the id %q", a.Val)
	case a.Key != "href":
	case local && !ids[target]:
		return fmt.Errorf("a link leads to %q, which is not there", a.Val)
	case local, n.Data == "link" && a.Val == "data:,":
	case n.Data != "a" || !strings.HasPrefix(a.Val, "https://") || attribute(n, "rel") != "noreferrer":
		return fmt.Errorf("<%s> leads to %q", n.Data, a.Val)
	}
	return nil
}

// TestPage keeps the page but for its style and script, which a browser judges
// better.
func TestPage(t *testing.T) {
	t.Parallel()
	result, options := common(t)
	got := render(t, "html", options, result)
	got = strings.NewReplacer(pageStyle, "", pageScript, "", strings.ReplaceAll(pagePolicy, "'", "&#39;"), "").Replace(got)
	if *update {
		if err := os.WriteFile("testdata/html.golden", []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/html.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// TestPageAllowsItself computes from the page what its policy has to allow: if
// escaping changed a byte of the style or the script, browsers would drop it.
func TestPageAllowsItself(t *testing.T) {
	t.Parallel()
	result, options := common(t)
	page := render(t, "html", options, result)
	policy := elements(t, page, func(n *html.Node) bool { return attribute(n, "http-equiv") == "Content-Security-Policy" })
	own := elements(t, page, func(n *html.Node) bool { return n.Data == "style" || n.Data == "script" })
	if len(policy) != 1 || len(own) != 2 {
		t.Fatalf("%d policies, %d styles and scripts", len(policy), len(own))
	}
	for _, n := range own {
		if want := n.Data + "-src '" + digest(n.FirstChild.Data) + "'"; !strings.Contains(attribute(policy[0], "content"), want) {
			t.Errorf("no %s in %s", want, attribute(policy[0], "content"))
		}
	}
	if content := attribute(policy[0], "content"); !strings.HasPrefix(content, "default-src 'none'; ") || strings.Contains(content, "http") {
		t.Errorf("%s allows too much", content)
	}
}

func TestPageIsReadWithoutPictureOrMouse(t *testing.T) {
	t.Parallel()
	result, options := common(t)
	page := render(t, "html", options, result)
	for _, n := range elements(t, page, func(n *html.Node) bool { return slices.Contains([]string{"select", "input", "a"}, n.Data) }) {
		named := textIn(n) != "" || n.Parent.Data == "label" && textIn(n.Parent) != ""
		if !named {
			t.Errorf("<%s %v> has no name", n.Data, n.Attr)
		}
	}
	frames := elements(t, page, func(n *html.Node) bool { return attribute(n, "class") == "scroll" })
	for _, n := range frames {
		if attribute(n, "tabindex") != "0" || attribute(n, "aria-label") == "" {
			t.Errorf("nobody scrolls %v with a keyboard", n.Attr)
		}
	}
	if len(frames) != 2 {
		t.Errorf("%d pictures", len(frames))
	}
}

// TestMarksOfTies: what is no error is not shown as a tie that does not hold.
func TestMarksOfTies(t *testing.T) {
	t.Parallel()
	result, options := common(t)
	page := render(t, "html", options, result)
	var got []string
	for _, n := range elements(t, page, func(n *html.Node) bool {
		return strings.HasPrefix(attribute(n, "class"), "tie") && n.Parent.Data == "a"
	}) {
		mark := ""
		for c := range n.Parent.ChildNodes() {
			if c.Data == "text" {
				mark = textIn(c)
			}
		}
		got = append(got, strings.Join(strings.Fields(attribute(n, "class")+" "+mark+" "+attribute(n.Parent, "href")), " "))
	}
	want := []string{"tie info #f4", "tie warning ▲ #f2", "tie error ✕ #f3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	missing := elements(t, page, func(n *html.Node) bool { return attribute(n, "class") == "box missing warning" })
	if len(missing) != 1 || !strings.Contains(textIn(missing[0]), "rng=hw") {
		t.Errorf("the nodes that are not there are not marked: %v", missing)
	}
}

func TestPageOfNothing(t *testing.T) {
	t.Parallel()
	page := render(t, "html", Options{}, &analyzer.Result{Ties: ties()[1:], Summary: analyzer.Summary{Files: 1, Resources: 1, Units: 1}})
	if err := validHTML(page); err != nil {
		t.Error(err)
	}
	text := textIn(elements(t, page, func(n *html.Node) bool { return n.Data == "body" })[0])
	for _, want := range []string{"kubeknot no problems in 1 object of 1 file, judged in 1 unit", "No problems.", "1 unit without findings calm"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
	if forms := elements(t, page, func(n *html.Node) bool { return n.Data == "form" }); len(forms) != 0 {
		t.Error("there is nothing to filter")
	}
}

func TestOfTooManyObjectsThoseNearAFindingAreDrawn(t *testing.T) {
	t.Parallel()
	u := analyzer.UnitTies{}
	for i := range maxBoxes {
		u.Objects = append(u.Objects,
			analyzer.TiedObject{Role: analyzer.Selects, Kind: "Service", Name: fmt.Sprint(i)},
			analyzer.TiedObject{Role: analyzer.Pods, Kind: "Pod", Name: fmt.Sprint(i)})
		u.Ties = append(u.Ties, analyzer.Tie{From: 2 * i, To: 2*i + 1})
	}
	last := len(u.Objects) - 1
	u.Objects[last].Findings = []int{0}
	p := draw(u, []analyzer.Finding{{Severity: analyzer.Error, Message: "m"}})
	if len(p.Boxes) != maxBoxes || p.Left != maxBoxes || len(p.Lines) != maxBoxes/2 {
		t.Fatalf("%d boxes, %d lines, %d left", len(p.Boxes), len(p.Lines), p.Left)
	}
	end := p.Boxes[len(p.Boxes)-1]
	if end.Name != fmt.Sprint(maxBoxes-1) || end.Y != headHeight {
		t.Errorf("the object at fault is not on top: %+v", end)
	}
}
