package manifest

import (
	"bytes"
	"regexp"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// hideSecrets marks the values of a Secret, wherever it carries them: all but
// what says which object it is. Entries are taken as they stand, repeated keys
// included.
func hideSecrets(r *Resource) {
	if !strings.EqualFold(r.Kind, "Secret") {
		return
	}
	hide := func(n *yaml.Node) {
		r.File().Hide(r.Document.SpanOf(n))
		if target := Resolve(n); target != nil {
			r.File().Hide(r.Document.SpanOf(target))
		}
	}
	for i := 0; i+1 < len(r.Node.Content); i += 2 {
		key, value := r.Node.Content[i], r.Node.Content[i+1]
		switch key.Value {
		case "apiVersion", "kind":
		case "type", "immutable":
			if target := Resolve(value); target != nil && (target.Kind != yaml.ScalarNode || key.Value == "immutable" && target.ShortTag() != yaml.NodeTagBool) {
				hide(value)
			}
		case "metadata":
			if e := Field(Field(value, "annotations").Value, "kubectl.kubernetes.io/last-applied-configuration"); e.Key != nil {
				hide(e.Raw)
			}
		default:
			if value.Kind != yaml.MappingNode {
				hide(value)
				continue
			}
			for j := 1; j < len(value.Content); j += 2 {
				hide(value.Content[j])
			}
		}
	}
}

var secretKind = regexp.MustCompile(`(?i)kind["']?\s*:\s*["']?secret`)

// hideIfSecret hides what follows the first colon of every line if the text
// defines a Secret: of one that is no plain object nobody knows which lines
// hold the values.
func (d *Document) hideIfSecret(text []byte) {
	if !secretKind.Match(text) {
		return
	}
	for pos := d.text.Start; pos < d.text.End; {
		end := lineEnd(d.File.Data, pos)
		from := pos
		if i := bytes.IndexByte(d.File.Data[pos:end], ':'); i >= 0 {
			from = pos + i + 1
		}
		d.File.Hide(source.Span{Start: from, End: len(bytes.TrimRight(d.File.Data[:end], "\r\n"))})
		pos = end
	}
}
