package manifest

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	edlib "github.com/hbollon/go-edlib"

	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// hideSecrets marks the values of a Secret, wherever it carries them: all but
// what says which object it is. Entries are taken as they stand, repeated keys
// included.
func hideSecrets(r *Resource) {
	if !r.IsSecret() {
		return
	}
	hide := func(n *Node) {
		r.File().Hide(r.Document.SpanOf(n))
		if target := Resolve(n); target != nil {
			r.File().Hide(r.Document.SpanOf(target))
		}
	}
	for i := 0; i+1 < len(r.Node.Content); i += 2 {
		key, value := &r.Node.Content[i], &r.Node.Content[i+1]
		switch {
		case key.Value == "metadata":
			if e := Field(Field(value, "annotations").Value, "kubectl.kubernetes.io/last-applied-configuration"); e.Key != nil {
				hide(e.Raw)
			}
		case holdsValues(key.Value, value):
			if value.Kind != MappingNode {
				hide(value)
				continue
			}
			for j := 1; j < len(value.Content); j += 2 {
				hide(&value.Content[j])
			}
		}
	}
}

// holdsValues reports whether a field of a Secret is none of those that say what
// it is, or is no such thing.
func holdsValues(key string, value *Node) bool {
	value = Resolve(value)
	switch key {
	case "apiVersion", "kind", "metadata":
		return false
	case "type":
		return value != nil && value.Kind != ScalarNode
	case "immutable":
		return value != nil && value.Tag != BoolTag
	}
	return true
}

// IsSecret reports whether the object is a Secret, or is meant to be one: also
// where its kind is written in another case or misspelt.
func (r *Resource) IsSecret() bool {
	const kind, slips = "secret", 2
	return len(r.Kind) <= len(kind)+slips && edlib.OSADamerauLevenshteinDistance(strings.ToLower(r.Kind), kind) <= slips ||
		Field(r.Node, "stringData").Key != nil
}

// Mask masks in a text that others have made of the object, as the API server
// and policies do, what is secret in it: the values of a Secret, and elsewhere
// what stands behind the key, variable or flag of a credential and may be one:
// GOOGLE_APPLICATION_CREDENTIALS holds a path.
func (r *Resource) Mask(text string) string {
	if text == "" {
		return ""
	}
	return source.Without(r.Secrets(), text)
}

// Secrets returns the values that Mask masks.
func (r *Resource) Secrets() []string {
	return secretsKey.Of(r, func() []string {
		var all []string
		for key, e := range Fields(r.Node) {
			all = append(all, Secrets(e.Raw, r.IsSecret() && holdsValues(key, e.Raw))...)
		}
		return all
	})
}

// secretsKey is the key of the secret values of a resource.
var secretsKey memo.Key[[]string]

// Secrets returns the secret values below a node: what stands behind the key,
// variable or flag of a credential, or everything.
func Secrets(n *Node, everything bool) []string {
	c := credentials{everything: everything}
	c.collect(n, everything)
	return c.values
}

// DefinesSecret reports whether a text defines a Secret, or how to make one.
func DefinesSecret(text []byte) bool { return secretKind.Match(text) }

// credentials collects secret values.
type credentials struct {
	values     []string
	everything bool // whatever the values look like
	steps      int
}

// maxCredentialSteps bounds a walk that aliases make long.
const maxCredentialSteps = 1 << 17

func (c *credentials) collect(n *Node, secret bool) {
	n = Resolve(n)
	if c.steps++; n == nil || c.steps > maxCredentialSteps {
		return
	}
	switch n.Kind {
	case ScalarNode:
		switch {
		case IsNull(n):
		case secret && (c.everything || source.MayBeSecret(n.Value)):
			value, _ := Value(n)
			c.values = append(c.values, n.Value, fmt.Sprint(value)) // 1e3 is 1000 in JSON
		default:
			c.values = append(c.values, source.Credentials(n.Value)...)
		}
	case SequenceNode:
		for i, item := range n.Children() {
			behindFlag := i > 0 && source.IsCredentialFlag(n.Content[i-1].Value)
			c.collect(item, secret || behindFlag)
		}
	case MappingNode:
		variable := source.IsCredentialVariable(String(n, "name"))
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			held := variable && key != "name" && key != "valueFrom"
			c.collect(&n.Content[i+1], secret || held || source.IsCredential(key))
		}
	}
}

var secretKind = regexp.MustCompile(`(?i)(kind["']?\s*:\s*["']?secret|stringData|secretGenerator)`)

// hideIfSecret hides what follows the first colon of every line if the text
// defines a Secret, or how to make one: of one that is no plain object nobody
// knows which lines hold the values.
func (d *Document) hideIfSecret(text []byte) {
	if !DefinesSecret(text) {
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
