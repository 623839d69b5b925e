package manifest

import (
	"bytes"
	"regexp"
	"strings"

	edlib "github.com/hbollon/go-edlib"

	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/secret"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// hideSecrets marks the values of a Secret, wherever it carries them: all but
// what says which object it is. Entries are taken as they stand, repeated keys
// included.
func hideSecrets(r *Resource) {
	if !r.IsSecret() {
		return
	}
	hide := r.Document.hide
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
	return isSecretKind(r.Kind) || Field(r.Node, "stringData").Key != nil
}

// isSecretKind reports whether a kind is that of Secrets, or is meant to be.
func isSecretKind(kind string) bool {
	const want, slips = "secret", 2
	return len(kind) <= len(want)+slips && edlib.OSADamerauLevenshteinDistance(strings.ToLower(kind), want) <= slips
}

// Mask masks in a text that others have made of the object, as the API server
// and policies do, what is secret in it: the values of a Secret, and elsewhere
// what stands behind the key, variable or flag of a secret and may be one, or
// looks like one.
func (r *Resource) Mask(text string) string {
	if text == "" {
		return ""
	}
	return maskKey.Of(r, func() *secret.Values { return secret.NewValues(r.Secrets()) }).Mask(text)
}

// Secrets returns the values that Mask masks. What the object says in the open
// too, as a key or a name, is none of them: to mask it would hide plain words.
func (r *Resource) Secrets() []string {
	return secretsKey.Of(r, func() []string {
		s := search{whole: r.IsSecret()}
		for key, e := range Fields(r.Node) {
			s.whole = r.IsSecret() && holdsValues(key, e.Raw)
			s.node(e.Raw, key, s.whole)
		}
		s.open(r.Kind, r.Name, r.Namespace)
		return s.values()
	})
}

// secretsKey is the key of the secret values of a resource.
var secretsKey memo.Key[[]string]

// maskKey is the key of their forms.
var maskKey memo.Key[*secret.Values]

// Secrets returns the secret values below a node: what stands behind the key,
// variable or flag of a secret, or everything.
func Secrets(n *Node, everything bool) []string {
	s := search{whole: everything}
	s.node(n, "", everything)
	return s.values()
}

// HideSecrets marks the secrets below a node, so that they are not shown where
// they stand: what stands behind the key, variable or flag of a secret, or
// everything.
func (d *Document) HideSecrets(n *Node, everything bool) {
	s := search{whole: everything, skipText: true}
	s.node(n, "", everything)
	for _, n := range s.found {
		d.hide(n)
	}
}

// hide marks a node, and what it is an alias of.
func (d *Document) hide(n *Node) {
	d.File.Hide(d.SpanOf(n))
	if target := Resolve(n); target != nil {
		d.File.Hide(d.SpanOf(target))
	}
}

// DefinesSecret reports whether a text defines a Secret, or how to make one.
func DefinesSecret(text []byte) bool { return secretKind.Match(text) }

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
