package missing

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/near"
)

// Explanation is a way to explain that the object of a reference is not there;
// nil if it does not apply.
type Explanation func(p *analyzer.Pass, ref *graph.Reference) *near.Miss

// Judged reports whether a rule about references has to look at one: it is the
// unit's own and its object has to be there.
func Judged(p *analyzer.Pass, ref *graph.Reference) bool {
	switch w := ref.Workload; {
	case !ref.Own, ref.Optional:
		return false
	case w != nil:
		return !w.Superseded && !w.Controlled()
	}
	return !p.Graph.Superseded(ref.From)
}

// isOpenName reports whether the name of an object is still to be filled in.
// Names have no capitals, so words in capitals stand for something.
func isOpenName(name string) bool {
	return manifest.IsPlaceholder(name) || strings.ToLower(name) != name && manifest.IsStandIn(name)
}

// Find returns a finding about a reference to an object that is not
// there, without its consequence; nil if it is there or if its absence proves
// nothing.
func Find(p *analyzer.Pass, ref *graph.Reference, explanations ...Explanation) *analyzer.Finding {
	kind := ref.Target.Kind
	if isOpenName(ref.Target.Name) {
		p.Skip(ref.From, fmt.Sprintf("resources: the names of their %ss are still to be filled in", kind))
		return nil
	}
	if len(p.Graph.Resolve(ref)) > 0 || p.Graph.Produced(ref) {
		return nil
	}
	if p.Unit.MayHold(ref.Target.Name) {
		p.Skip(ref.From, fmt.Sprintf("resources: their %ss may stand in a document that cannot be read", kind))
		return nil
	}
	if p.Unit.Kind == unit.Dump && !p.Unit.HoldsKind(ref.Target.Group, kind) {
		p.Skip(ref.From, fmt.Sprintf("resources: the dump holds no %ss", kind))
		return nil
	}
	f := &analyzer.Finding{
		Message:  fmt.Sprintf("%s refers to %s %s, which is not there", ref.From, kind, ref.Target.Name),
		Label:    fmt.Sprintf("no %s of this name is there", kind),
		Location: ref.From.EntryLocation(ref.Path...),
		Path:     ref.Path,
		Resource: ref.From,
	}
	beside := p.Graph.ResolveBeside(ref)
	for _, explain := range append([]Explanation{Renamed}, explanations...) {
		if miss := explain(p, ref); miss != nil {
			f.Evidence, f.Help = analyzer.NearMiss, miss.Help
			if miss.Label != "" {
				f.Label = miss.Label
			}
			if miss.At.IsZero() {
				f.Notes = append(f.Notes, miss.What)
			} else {
				f.Related = []analyzer.Related{{Location: miss.At, Message: miss.What}}
			}
			if len(beside) > 0 {
				f.Notes = append(f.Notes, fmt.Sprintf("%s in %s is not applied together with this", beside[0], near.RelativeDir(p.Unit, beside[0])))
			}
			return f
		}
	}
	switch {
	case len(beside) > 0:
		p.Skip(ref.From, fmt.Sprintf("resources: their %ss are only in a directory beside", kind))
		return nil
	case !p.Unit.Complete() || p.Unit.Rewritten:
		p.Skip(ref.From, fmt.Sprintf("resources: their %ss may live elsewhere", kind))
		return nil
	}
	f.Evidence = analyzer.Absent
	f.Help = fmt.Sprintf("check the name, or ignore this if the %s is made elsewhere", kind)
	if other := precedent(p.Graph, ref); other != nil {
		f.Severity = analyzer.Warning
		f.Related = []analyzer.Related{{
			Location: other.From.EntryLocation(other.Path...),
			Message:  fmt.Sprintf("%s %s, for %s, is there", kind, other.Target.Name, other.From),
		}}
	}
	return f
}

// precedentsKey is the key of the precedents among the views of a graph.
type precedentsKey struct{}

// pattern is a kind, and a name in which the words of the workload that refers
// to it are left out.
type pattern struct{ kind, name string }

// precedent returns a reference of other pods to an object that is there, and
// that makes it likely that the object of ref was forgotten, nil if there is
// none: such as web-tls for web, where api-tls for api is missing. Of claims
// any will do, because kubectl has no command that makes one.
func precedent(g *graph.Graph, ref *graph.Reference) *graph.Reference {
	if ref.Workload == nil {
		return nil
	}
	refs := g.References().All
	alike := g.View(precedentsKey{}, func() any {
		byPattern := map[pattern][]*graph.Reference{}
		for _, r := range refs {
			if r.Workload != nil && r.Own && !r.Optional {
				byPattern[patternOf(r)] = append(byPattern[patternOf(r)], r)
			}
		}
		return byPattern
	}).(map[pattern][]*graph.Reference)
	p := patternOf(ref)
	if ref.Use != graph.Claim && !strings.Contains(p.name, "*") {
		return nil
	}
	for _, other := range alike[p][:min(len(alike[p]), graph.MaxTries)] {
		if len(g.Resolve(other)) > 0 || g.Produced(other) {
			return other
		}
	}
	return nil
}

// patternOf returns what a reference has in common with those of other
// workloads.
func patternOf(ref *graph.Reference) pattern {
	if ref.Use == graph.Claim {
		return pattern{kind: ref.Target.Kind}
	}
	own := strings.Split(ref.Workload.Name, "-")
	words := strings.Split(ref.Target.Name, "-")
	for i, word := range words {
		if slices.Contains(own, word) {
			words[i] = "*"
		}
	}
	return pattern{ref.Target.Kind, strings.Join(words, "-")}
}

// Unwanted reports whether nothing refers to an object: then it may be the one
// that was meant. A ServiceAccount is used by pods and given roles by bindings,
// and one without the other may be what a reference of that use has missed.
func Unwanted(p *analyzer.Pass, ref *graph.Reference, r *manifest.Resource) bool {
	return !slices.ContainsFunc(p.Graph.References().To(p.Graph, r), func(other *graph.Reference) bool {
		return r.Kind != "ServiceAccount" || other.Use == ref.Use
	})
}

// NameOff: there is an object of the kind whose name is a slip of the
// pen, or the same written in another way; best one that nothing refers to. Of
// two names of one length that are both used, like "east" and "west", neither
// is a slip.
func NameOff(p *analyzer.Pass, ref *graph.Reference) *near.Miss {
	var wanted *manifest.Resource
	for _, r := range p.Graph.Objects().Alike(ref.Target) {
		switch {
		case !Misspelled(r.WrittenName(), ref.Target.Name) || !p.Graph.InNamespaceOf(ref, r):
		case Unwanted(p, ref, r):
			return Suggest(ref, r)
		case wanted == nil && len(r.WrittenName()) != len(ref.Target.Name):
			wanted = r
		}
	}
	if wanted != nil {
		return Suggest(ref, wanted)
	}
	for _, g := range p.Unit.Generated {
		if g.Kind == ref.Target.Kind && near.Slip(g.Name, ref.Target.Name) {
			return &near.Miss{What: fmt.Sprintf("kustomize makes %s %s", g.Kind, g.Name), Help: "write " + g.Name}
		}
	}
	return nil
}

// NamePart: the name is a part of that of an object that nothing refers
// to, which stands in the same file or has what is asked for; or the names
// differ in words for the kind of object alone.
func NamePart(p *analyzer.Pass, ref *graph.Reference) *near.Miss {
	for _, r := range p.Graph.Objects().Alike(ref.Target) {
		related := r.File() == ref.From.File() || ref.Key != "" && HasKey(r, ref.Key)
		named := related && near.Contains(r.Name, ref.Target.Name) || SameButForKind(r.WrittenName(), ref.Target.Name)
		if named && p.Graph.InNamespaceOf(ref, r) && Unwanted(p, ref, r) {
			return Suggest(ref, r)
		}
	}
	return nil
}

// kindWords are the words by which names say of what kind an object is.
var kindWords = sets.New(
	"deploy", "deployment", "statefulset", "sts",
	"svc", "service",
	"cm", "config", "configmap", "conf", "cfg",
	"secret", "secrets", "creds", "credentials",
	"pvc", "pv", "claim", "volume", "vol",
	"sa", "account", "serviceaccount", "role", "clusterrole",
)

// SameButForKind reports whether two names are the same but for words that say
// of what kind the object is: mysql-pvc and mysql-pv-claim.
func SameButForKind(a, b string) bool {
	bare := bareWords(a)
	return len(bare) > 0 && slices.Equal(bare, bareWords(b))
}

// bareWords returns the words of a name without those for its kind.
func bareWords(name string) []string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '.' })
	return slices.DeleteFunc(words, kindWords.Has)
}

// Suggest says that an object may have been meant.
func Suggest(ref *graph.Reference, r *manifest.Resource) *near.Miss {
	miss := &near.Miss{
		At:   r.NameLocation(),
		What: "there is " + r.String(),
		Help: fmt.Sprintf("write %s: %s", ref.Path[len(ref.Path)-1], r.WrittenName()),
	}
	if r.WrittenName() != r.Name {
		miss.What = fmt.Sprintf("there is %s %s, which kustomize makes %s", r.Kind, r.WrittenName(), r.Name)
	}
	return miss
}

// Renamed: kustomize has given the object another name and did not find
// the reference.
func Renamed(p *analyzer.Pass, ref *graph.Reference) *near.Miss {
	for _, r := range p.Graph.Objects().Alike(ref.Target) {
		if r.WrittenName() == ref.Target.Name && p.Graph.InNamespaceOf(ref, r) {
			return &near.Miss{
				Label: "kustomize did not change this name",
				At:    r.NameLocation(),
				What:  fmt.Sprintf("kustomize makes %s %s of it", r.Kind, r.Name),
				Help:  "tell kustomize of this field by a nameReference (configurations), or keep the name with disableNameSuffixHash or without prefix",
			}
		}
	}
	return nil
}

// Elsewhere: the object is in another namespace, where nothing refers to
// it.
func Elsewhere(p *analyzer.Pass, ref *graph.Reference) *near.Miss {
	for _, r := range p.Graph.Objects().Named(ref.Target) {
		if Unwanted(p, ref, r) && !p.Graph.InNamespaceOf(ref, r) {
			return &near.Miss{
				Label: "not in namespace " + ref.Namespace,
				At:    r.EntryLocation("metadata", "namespace"),
				What:  fmt.Sprintf("%s is in namespace %s", r, p.Graph.Namespace(r)),
				Help:  "put both into one namespace: objects of others are not found",
			}
		}
	}
	return nil
}

// Misspelled is slip for names of objects. Numbers that are written in another
// way count, too: pvc-001 and pvc-0001. Another short word does not: db-eu and
// db-us are two things.
func Misspelled(a, b string) bool {
	return a != b && (strings.EqualFold(a, b) || sameNumbers(a, b) || near.Slip(a, b) && !otherWord(a, b))
}

// otherWord reports whether two names differ in one word alone, and there by
// more than a slip or a letter that is missing.
func otherWord(a, b string) bool {
	as, bs := strings.Split(a, "-"), strings.Split(b, "-")
	if len(as) != len(bs) {
		return false
	}
	var differing [][2]string
	for i := range as {
		if as[i] != bs[i] {
			differing = append(differing, [2]string{as[i], bs[i]})
		}
	}
	if len(differing) != 1 {
		return false
	}
	one, other := differing[0][0], differing[0][1]
	return !near.Slip(one, other) && !strings.HasPrefix(one, other) && !strings.HasPrefix(other, one)
}

// sameNumbers reports whether two texts differ in the zeros before their
// numbers alone.
func sameNumbers(a, b string) bool {
	return strings.Map(near.NoDigits, a) != "" && trimZeros(a) == trimZeros(b)
}

// trimZeros removes the zeros that stand before other digits.
func trimZeros(s string) string {
	var b strings.Builder
	number := false
	for i, r := range s {
		digit := r >= '0' && r <= '9'
		next := i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9'
		if r == '0' && !number && next {
			continue
		}
		number = digit
		b.WriteRune(r)
	}
	return b.String()
}

// DataFields are the fields that hold the data of ConfigMaps and Secrets.
var DataFields = []string{"data", "binaryData", "stringData"}

// HasKey reports whether a ConfigMap or Secret has an entry.
func HasKey(r *manifest.Resource, key string) bool {
	return slices.ContainsFunc(DataFields, func(field string) bool { return manifest.Field(r.Get(field), key).Key != nil })
}
