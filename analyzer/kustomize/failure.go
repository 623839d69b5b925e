package kustomize

import (
	"regexp"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// steps are how kustomize's errors say where they happened, outermost first.
var steps = regexp.MustCompile(`(?s)^.*recursed (?:accumulation of|merging from) path '([^']*)': `)

// asFile is how kustomize says what is wrong with a file, and then that it is
// no directory either.
var asFile = regexp.MustCompile(`(?s)accumulation err='(.*)': (?:must build at directory|new root|invalid file reference|evalsymlink)`)

// noise is what kustomize puts before the cause, addresses in memory among it.
var noise = regexp.MustCompile(`(?:accumulating|merging) (?:resources|components)(?: from '[^']*')?: |merging from generator &\{[^}]*\}: `)

// beyond are the causes that are no fault of the author but lie beyond what is
// run here.
var beyond = []struct{ says, reason string }{
	{"external plugins disabled", "it needs a plugin, and none is run"},
	{"unable to load builtin", "it needs a plugin, and none is run"},
	{"plugin ", "it needs a plugin, and none is run"},
	{"outside the tree", "it reads what is outside the tree"},
	{"must specify --enable-helm", needsHelm},
}

// explain sorts an error of kustomize and shortens it to its cause.
func (t *Tree) explain(b *Build, err error) {
	text, in := err.Error(), b.Kustomization
	if m := steps.FindStringSubmatchIndex(text); m != nil {
		if k := t.at(text[m[2]:m[3]]); k != nil {
			in = k
		}
		text = text[m[1]:]
	}
	for _, c := range beyond {
		if strings.Contains(text, c.says) {
			b.Unbuilt = &Reason{c.reason, in, nil}
			return
		}
	}
	if m := asFile.FindStringSubmatch(text); m != nil {
		text = m[1]
	}
	text = noise.ReplaceAllString(text, "")
	text = strings.ReplaceAll(text, t.Root+"/", "")
	text = strings.Join(strings.Fields(text), " ")
	if strings.Contains(text, "invalid utf8 bytes") { // which are shown
		text = "a line of a list of variables is not valid UTF-8"
	}
	b.Failure = &Reason{strings.TrimRight(source.Without(b.secrets(), text), "'. "), in, nil}
}
