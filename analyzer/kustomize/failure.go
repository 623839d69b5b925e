package kustomize

import (
	"regexp"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/secret"
)

// steps are how kustomize's errors say where they happened, outermost first.
var steps = regexp.MustCompile(`(?s)^.*(?:recursed (?:accumulation of|merging from)|couldn't make target for) path '([^']*)': `)

// asFile is how kustomize says what is wrong with a file, and then that it is
// no directory either.
var asFile = regexp.MustCompile(`(?s)accumulation err='(.*)': (?:must build at directory|new root|invalid file reference|evalsymlink)`)

// noise is what kustomize puts before the cause, addresses in memory among it.
var noise = regexp.MustCompile(`(?:accumulating|merging) (?:resources|components)(?: from '[^']*')?: |merging from generator &\{[^}]*\}: `)

// beyond are the causes that are no fault of the author but lie beyond what is
// run here.
var beyond = []struct{ says, reason string }{
	{"external plugins disabled", "it needs a plugin that is not built into kustomize, and kubeknot runs none"},
	{"outside the tree", "it reads what is outside the tree"},
	{"must specify --enable-helm", needsHelm},
}

// unknownField is how kustomize refuses a field of a kustomization.
var unknownField = regexp.MustCompile(`unknown field "([^"]+)"`)

// explain sorts an error of kustomize, shortens it to its cause and finds the
// entry at fault.
func (t *Tree) explain(b *Build, err error) {
	text, in := t.cause(b, err)
	for _, c := range beyond {
		if strings.Contains(text, c.says) {
			b.Unbuilt = &Reason{Text: c.reason, In: in, Field: t.blame(b, in, text)}
			return
		}
	}
	b.Failure = &Reason{Text: text, In: in, Field: t.blame(b, in, text)}
	if m := unknownField.FindStringSubmatch(text); m != nil {
		if near := nearField(m[1]); near != "" {
			b.Failure.Help = "rename the field to " + near
		}
	}
}

// cause shortens an error of kustomize to its cause, and says in which
// kustomization it arose.
func (t *Tree) cause(b *Build, err error) (text string, in *Kustomization) {
	text, in = err.Error(), b.Kustomization
	if m := steps.FindStringSubmatchIndex(text); m != nil {
		if k := t.at(text[m[2]:m[3]]); k != nil {
			in = k
		}
		text = text[m[1]:]
	}
	if m := asFile.FindStringSubmatch(text); m != nil {
		text = m[1]
	}
	text = noise.ReplaceAllString(text, "")
	text = strings.ReplaceAll(text, t.Root+"/", "")
	text = strings.Join(strings.Fields(text), " ")
	if strings.Contains(text, "cycle detected: candidate root") {
		text = "it leads back to itself"
	}
	if strings.Contains(text, "invalid utf8 bytes") { // which are shown
		text = "a line of a list of variables is not valid UTF-8"
	}
	return strings.TrimRight(secret.Without(b.secrets(), text), "'. "), in
}
