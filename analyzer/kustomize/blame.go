package kustomize

import (
	"reflect"
	"slices"
	"strings"

	edlib "github.com/hbollon/go-edlib"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// maxTrials bounds the builds that look for one entry at fault.
const maxTrials = 48

// blame finds the entry that a build fails by: the one without which kustomize
// builds, or else says something different. It returns nil if there is none.
func (t *Tree) blame(b *Build, in *Kustomization, text string) []string {
	trials := 0
	without := func(at ...string) (builds, differs bool) {
		if trials++; trials > maxTrials {
			return false, false
		}
		trial := *b
		trial.Looked = map[string]string{}
		_, err := t.runWithout(&trial, in, at)
		if err == nil {
			return true, true
		}
		other, _ := t.cause(&trial, err)
		return false, other != text
	}
	field := pick(fieldsOf(in, text), func(f string) (bool, bool) { return without(f) })
	if field == "" {
		return nil
	}
	n := manifest.Get(in.Document.Root, field)
	if n == nil || n.Kind != manifest.SequenceNode {
		return []string{field}
	}
	var items []string
	for i := range n.Content {
		items = append(items, index(i))
	}
	slices.Reverse(items) // of two that conflict the later one is the addition
	if item := pick(items, func(i string) (bool, bool) { return without(field, i) }); item != "" {
		return []string{field, item}
	}
	return []string{field}
}

// pick returns the first candidate without which kustomize builds, else the
// first that makes a difference; "" if none does.
func pick(candidates []string, without func(string) (builds, differs bool)) string {
	best := ""
	for _, c := range candidates {
		switch builds, differs := without(c); {
		case builds:
			return c
		case differs && best == "":
			best = c
		}
	}
	return best
}

// early are the fields that kustomize reads first (api/internal/target
// accumulateTarget): what a later one fails by is mostly no fault of theirs.
var early = []string{"resources", "bases", "crds", "configurations", "openapi", "configMapGenerator", "secretGenerator", "generators", "components"}

// fieldsOf returns the fields of a kustomization, those first that the error
// names, and the ones that kustomize reads first last.
func fieldsOf(k *Kustomization, text string) []string {
	var fields []string
	for key := range manifest.Fields(k.Document.Root) {
		if key != "apiVersion" && key != "kind" && key != "metadata" {
			fields = append(fields, key)
		}
	}
	rank := func(f string) int {
		switch i := slices.Index(early, f); {
		case strings.Contains(text, `"`+f+`"`):
			return -1
		case i >= 0:
			return len(early) - i
		}
		return 0
	}
	slices.SortStableFunc(fields, func(a, b string) int { return rank(a) - rank(b) })
	return fields
}

// withoutEntry returns a kustomization without a field, or an item of one.
func withoutEntry(data []byte, at []string) []byte {
	n, err := yaml.Parse(string(data))
	if err != nil || n.YNode().Kind != yaml.MappingNode {
		return data
	}
	dropComments(n.YNode())
	if len(at) == 1 {
		err = n.PipeE(yaml.Clear(at[0]))
	} else if list := n.Field(at[0]); list != nil && list.Value.YNode().Kind == yaml.SequenceNode {
		items := list.Value.YNode()
		for i := range items.Content {
			if index(i) == at[1] {
				items.Content = slices.Delete(items.Content, i, i+1)
				break
			}
		}
	}
	text, bad := n.String()
	if err != nil || bad != nil {
		return data
	}
	return []byte(text)
}

// dropComments removes the comments of a node, after which an empty list would
// be written so that it cannot be read.
func dropComments(n *yaml.Node) {
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	for _, c := range n.Content {
		dropComments(c)
	}
}

// nearField returns the field of a kustomization that a misspelled one meant;
// "" if none is near.
func nearField(name string) string {
	best, distance := "", 3
	kind := reflect.TypeFor[types.Kustomization]()
	for i := range kind.NumField() {
		field, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
		if d := edlib.OSADamerauLevenshteinDistance(strings.ToLower(name), strings.ToLower(field)); field != "" && d < distance {
			best, distance = field, d
		}
	}
	return best
}
