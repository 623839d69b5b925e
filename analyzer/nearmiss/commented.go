package nearmiss

import (
	"fmt"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// kindAndName is an object that stands in a comment.
type kindAndName struct{ kind, name string }

var commentsKey memo.Key[map[kindAndName]source.Location]

// commentedOut: the object is defined in the file, in a comment.
func (d dangling) commentedOut([]candidate) *Explanation {
	file := d.ref.From.File()
	found := commentsKey.For(d.Graph, file, func() map[kindAndName]source.Location { return commentedObjects(file) })
	at, ok := found[kindAndName{d.ref.Target.Kind, d.ref.Target.Name}]
	if !ok || d.ref.Use == graph.ScaleTarget && d.Unit.Rewrites(kustomize.Relations) {
		return nil
	}
	return &Explanation{
		At:   at,
		What: fmt.Sprintf("%s %s is commented out", d.ref.Target.Kind, d.ref.Target.Name),
		Help: fmt.Sprintf("uncomment the %s, or remove what references it", d.ref.Target.Kind),
	}
}

// commentedObjects returns the objects that stand in comments of a file, with the
// places of their names: a kind, and the first name behind it in the same comment.
func commentedObjects(file *source.File) map[kindAndName]source.Location {
	found := map[kindAndName]source.Location{}
	kind := ""
	for n := 1; n <= file.Lines(); n++ {
		span := file.Line(n)
		text, comment := strings.CutPrefix(strings.TrimSpace(string(file.Data[span.Start:span.End])), "#")
		if !comment {
			kind = ""
			continue
		}
		text = strings.TrimLeft(text, "# ")
		if value, ok := strings.CutPrefix(text, "kind: "); ok {
			kind = strings.TrimSpace(value)
		}
		if at := strings.Index(text, "name: "); kind != "" && at >= 0 && (at == 0 || strings.Contains(text, "metadata: {")) {
			name := strings.FieldsFunc(text[at+len("name: "):], notInName)
			if len(name) > 0 {
				found[kindAndName{kind, name[0]}] = source.Location{File: file, Span: span}
			}
			kind = ""
		}
	}
	return found
}
