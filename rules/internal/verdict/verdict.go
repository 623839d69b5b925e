package verdict

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// Verdict is what the API server says to one resource of a unit.
type Verdict struct {
	Resource *manifest.Resource
	// definition is the CustomResourceDefinition of the resource's kind, nil if
	// it is a kind of the server itself.
	definition *manifest.Resource
	apiserver.Verdict
}

// verdictKey is the key of the verdicts of a graph.
var verdictKey = memo.Key[[]Verdict]{Name: "verdict of the API server"} // it takes most of the time of many runs

// All asks the API server about every resource of the unit, once for all
// rules that speak for it.
func All(g *graph.Graph) []Verdict {
	return verdictKey.Of(g, func() []Verdict {
		var all []Verdict
		if g.Unit.Kind == unit.Dump { // the server has accepted it
			return all
		}
		s := newServer(g.Unit)
		for _, r := range g.Unit.Resources {
			if v, ok := s.ask(r); ok {
				if b := g.Unit.Build; b != nil && b.UnknownContent(r) {
					v.forgetContent()
				}
				all = append(all, v)
			}
		}
		return all
	})
}

// forgetContent drops what the server says of the values of a ConfigMap or
// Secret: all that is not about its metadata or type. The warnings about
// certificates name no field (pkg/registry/core/secret warningsForSecret).
func (v *Verdict) forgetContent() {
	ofContent := func(path []string) bool {
		return len(path) == 0 || !slices.Contains([]string{"apiVersion", "kind", "metadata", "type", "immutable"}, path[0])
	}
	v.Refusals = slices.DeleteFunc(slices.Clone(v.Refusals), func(r apiserver.Refusal) bool { return ofContent(r.Path) })
	v.Warnings = slices.DeleteFunc(slices.Clone(v.Warnings), func(w apiserver.Warning) bool { return ofContent(w.Path) })
}

// Builtin returns a resource as kubectl would send it; ok is false if the
// server is not asked about its kind.
func Builtin(r *manifest.Resource) (o apiserver.Object, ok bool) {
	if !apiserver.Known(r.APIVersion, r.Kind) {
		return o, false
	}
	return apiserver.Object{APIVersion: r.APIVersion, Kind: r.Kind, Source: applied{r}}, true
}

// applied is a resource as the API server reads it.
type applied struct{ *manifest.Resource }

func (a applied) Decode(into any) bool { return manifest.Decode(a.Node, into) }

func (a applied) JSON() ([]byte, bool) { return manifest.AppendJSON(nil, a.Node) }

// Object returns a resource of whatever kind as kubectl would send it; ok is
// false if it is cut short.
func Object(r *manifest.Resource) (o apiserver.Object, ok bool) {
	data, ok := manifest.AppendJSON(nil, r.Node)
	return apiserver.Object{APIVersion: r.APIVersion, Kind: r.Kind, JSON: data}, ok
}

// Refusals reports what the server refuses of one family, in the words of
// explain. It leaves out what a richer rule says, values that are still to be
// filled in, and everything that kustomize or a webhook may still mend.
func Refusals(p *analyzer.Pass, family apiserver.Family, explain func(*manifest.Resource, apiserver.Refusal) analyzer.Finding) {
	for _, v := range All(p.Graph) {
		if v.Unread && family == apiserver.WrongType { // said once
			p.Skip(v.Resource, "objects: too large to ask the API server")
		}
		for _, r := range v.Refusals {
			r.Path = fieldAtFault(v.Resource, r)
			switch {
			case r.Family != family, mountsDeclared(v.Resource, r):
			case v.Moved() && r.Cause == apiserver.SelectorMismatch: // of two places, which selector-template-mismatch compares
			case r.Expression: // < and > are operators in it
				p.Report(v.trace(explain(v.Resource, r)))
			case unfinishedSelector(v.Resource, r), Undecided(v.Resource, r):
				p.Skip(v.Resource, OpenValue)
			case p.Unit.Rewrites(kustomize.AspectOf(r.Path)) && family != apiserver.UnknownField && family != apiserver.WrongType:
				p.Skip(v.Resource, "objects: what they lack may come from kustomize")
			case v.definition != nil && family != apiserver.UnknownField && family != apiserver.NotServed && mayBeMended(p.Unit, v.Resource.Group):
				p.Skip(v.Resource, "custom resources: a webhook may change them before they are validated")
			default:
				p.Report(v.trace(explain(v.Resource, r)))
			}
		}
	}
}

// Causes are those of the API server that a rule supersedes.
func Causes(all ...apiserver.Cause) []analyzer.Cause {
	named := make([]analyzer.Cause, len(all))
	for i, c := range all {
		named[i] = analyzer.Cause(c)
	}
	return named
}

// Generic returns the cause of refusals of a family that no sentence describes.
func Generic(f apiserver.Family) apiserver.Cause { return apiserver.Cause(f) }

// trace names the definition that a finding about a custom resource follows.
func (v Verdict) trace(f analyzer.Finding) analyzer.Finding {
	if v.definition != nil {
		f.Related = append(f.Related, analyzer.Related{Location: v.definition.NameLocation(), Message: "defined by this CustomResourceDefinition"})
	}
	return f
}

// mountsDeclared reports whether a mount is said to find no volume although the
// pod has it: the server leaves out volumes that it refuses
// (pkg/apis/core/validation ValidateVolumes), and the mount is right.
func mountsDeclared(r *manifest.Resource, f apiserver.Refusal) bool {
	n := len(f.Path) - 5 // containers, 0, volumeMounts, 0, name
	if n < 0 || !strings.HasPrefix(f.Message, SaidNotFound) || f.Path[n+4] != "name" {
		return false
	}
	volumes := manifest.Items(r.Get(append(slices.Clone(f.Path[:n]), "volumes")...))
	return slices.ContainsFunc(volumes, func(v *manifest.Node) bool { return manifest.String(v, "name") == manifest.String(r.Node, f.Path...) })
}

// unfinishedSelector reports whether a selector that does not match its template,
// or the labels of that, hold a placeholder.
func unfinishedSelector(r *manifest.Resource, f apiserver.Refusal) bool {
	return f.Cause == apiserver.SelectorMismatch &&
		(manifest.HoldsPlaceholder(r.Get("spec", "selector")) || manifest.HoldsPlaceholder(r.Get("spec", "template", "metadata", "labels")))
}

// Refused fills in what all findings about a refusal share.
func Refused(r *manifest.Resource, f apiserver.Refusal) analyzer.Finding {
	return analyzer.Finding{
		Cause:       analyzer.Cause(f.Cause),
		Consequence: "the API server refuses it: " + Said(r, f.Field, f.Message),
		Location:    wholeOf(r, f.Path),
		Path:        f.Path,
		Resource:    r,
	}
}

// fieldAtFault returns the path to what the author has to change where the
// server names another field, or more than that.
func fieldAtFault(r *manifest.Resource, f apiserver.Refusal) []string {
	switch {
	case len(f.Path) == 0:
		return f.Path
	case f.Field == "spec.clusterIPs[0]" && r.Get("spec", "clusterIPs") == nil: // the server copies it
		return []string{"spec", "clusterIP"}
	case f.Cause == apiserver.SelectorMismatch:
		return []string{"spec", "selector"} // it names the labels of the template
	case f.Cause == apiserver.TargetWithoutGroup:
		return f.Path[:len(f.Path)-1] // which lacks apiVersion
	case f.Cause == apiserver.OverLimit && f.Path[len(f.Path)-1] == "requests":
		if one := append(slices.Clone(f.Path), f.Args[0]); r.Get(one...) != nil {
			return one
		}
	}
	return entryAtFault(r, inMetadata(r, f.Path), f)
}

// inMetadata completes a path to labels or annotations of a pod template, of
// which the server leaves out a step (pkg/apis/core/validation
// ValidatePodTemplateSpec).
func inMetadata(r *manifest.Resource, path []string) []string {
	at := slices.IndexFunc(path, func(step string) bool { return step == "labels" || step == "annotations" })
	if at < 1 || path[at-1] != "template" || r.Get(path...) != nil {
		return path
	}
	return slices.Insert(slices.Clone(path), at, "metadata")
}

// entryAtFault completes a path to a map, such as labels, or to a list by the
// step to the entry whose key or value the server quotes.
func entryAtFault(r *manifest.Resource, path []string, f apiserver.Refusal) []string {
	n := r.Get(path...)
	if n == nil || n.Kind == manifest.ScalarNode {
		return path
	}
	_, detail, _ := strings.Cut(f.Message, ": ")
	var quoted string
	if json.NewDecoder(strings.NewReader(detail)).Decode(&quoted) != nil {
		return path
	}
	for i, item := range manifest.Items(n) {
		if item != nil && item.Kind == manifest.ScalarNode && item.Value == quoted {
			return append(slices.Clone(path), strconv.Itoa(i))
		}
	}
	for key, e := range manifest.Fields(n) {
		if key == quoted || e.Value != nil && e.Value.Kind == manifest.ScalarNode && e.Value.Value == quoted {
			return append(slices.Clone(path), key)
		}
	}
	return path
}

// wholeOf returns the place of a value: of an object or a list the key, because
// its first line alone is not what is at fault.
func wholeOf(r *manifest.Resource, path []string) source.Location {
	if n := r.Get(path...); n != nil && n.Kind != manifest.ScalarNode && n.Style&manifest.FlowStyle == 0 {
		return r.KeyLocation(path...)
	}
	return r.Location(path...)
}

// Said is the server's own sentence, without objects and differences that it
// quotes. Of a Secret only the field is repeated, because the sentence may quote
// a value.
func Said(r *manifest.Resource, field, message string) string {
	message, _, _ = strings.Cut(message, "\n")
	if kind, detail, ok := strings.Cut(message, ": {"); ok {
		if _, rest, quoted := cutValue("{" + detail); quoted {
			message = kind + ": " + rest
		}
	}
	message = r.Mask(message)
	switch {
	case r.IsSecret() && !strings.HasPrefix(field, "metadata"):
		return field
	case field == "" || strings.Contains(message, field):
		return message
	}
	return field + ": " + message
}

// ParentOf names what holds the last step of a path: "spec.template", or the
// object itself.
func ParentOf(path []string) string {
	return FieldAt(path[:max(0, len(path)-1)])
}

// FieldOf names a field for a message.
func FieldOf(f apiserver.Refusal) string { return FieldAt(f.Path) }

// FieldAt names the field at a path for a message.
func FieldAt(path []string) string {
	if len(path) == 0 {
		return "the object"
	}
	return manifest.FieldPath(path)
}

// IsSecret reports whether a value must not be shown.
func IsSecret(r *manifest.Resource, path []string) bool {
	return r.IsSecret() && !slices.Contains(path[:min(1, len(path))], "metadata")
}

// The words with which the server begins a refusal, by its type.
var (
	saidRequired     = field.ErrorTypeRequired.String()
	saidForbidden    = field.ErrorTypeForbidden.String()
	SaidDuplicate    = field.ErrorTypeDuplicate.String()
	SaidNotFound     = field.ErrorTypeNotFound.String()
	saidNotSupported = field.ErrorTypeNotSupported.String()
	saidTooLong      = field.ErrorTypeTooLong.String()
	saidTooMany      = field.ErrorTypeTooMany.String()
	saidTooFew       = field.ErrorTypeTooFew.String()
	saidInvalid      = field.ErrorTypeInvalid.String()
)

// InWords turns the server's terse causes (k8s.io/apimachinery
// pkg/util/validation/field) into a sentence about a field.
func InWords(r *manifest.Resource, f apiserver.Refusal) string {
	secret := IsSecret(r, f.Path)
	sentence, _, _ := strings.Cut(f.Message, "\n") // differences follow
	kind, detail, _ := strings.Cut(r.Mask(sentence), ": ")
	if secret {
		detail = ""
	}
	detail, _, _ = strings.Cut(detail, " (e.g. ") // examples and regular expressions
	value, rest, quoted := cutValue(detail)
	written := manifest.String(r.Node, f.Path...)
	switch {
	case kind == saidRequired && f.Cause == apiserver.OneOf && written != "":
		return fmt.Sprintf("%s cannot be %q: %s", FieldOf(f), written, detail)
	case kind == saidRequired && detail != "" && r.Get(f.Path...) != nil:
		return fmt.Sprintf("%s lacks a part: %s", FieldOf(f), detail)
	case kind == saidRequired && detail != "":
		return fmt.Sprintf("%s is required: %s", FieldOf(f), detail)
	case kind == saidRequired:
		return FieldOf(f) + " is required"
	case kind == saidForbidden:
		return strings.TrimSuffix(fmt.Sprintf("%s is not allowed: %s", FieldOf(f), detail), ": ")
	case kind == SaidDuplicate:
		return fmt.Sprintf("%s repeats %s", FieldOf(f), detail)
	case kind == SaidNotFound && quoted && value != "" && rest != "":
		return fmt.Sprintf("%s names %s, which is not there: %s", FieldOf(f), value, rest)
	case kind == SaidNotFound:
		return fmt.Sprintf("%s names %s, which is not there", FieldOf(f), detail)
	case kind == saidNotSupported && quoted && value != "":
		return fmt.Sprintf("%s cannot be %s: %s", FieldOf(f), value, rest)
	case kind == saidTooLong || kind == saidTooMany || kind == saidTooFew:
		return fmt.Sprintf("%s is %s: %s", FieldOf(f), strings.ToLower(kind), detail)
	case kind == saidInvalid && quoted && value == "":
		return fmt.Sprintf("%s is refused: %s", FieldOf(f), rest)
	case kind == saidInvalid && quoted:
		return fmt.Sprintf("%s cannot be %s: %s", FieldOf(f), value, rest)
	case kind == saidInvalid && secret:
		return FieldOf(f) + " is not valid"
	case secret:
		return FieldOf(f) + " is refused"
	}
	return fmt.Sprintf("%s is refused: %s", FieldOf(f), r.Mask(sentence))
}

// isValue tells a value that the server quotes from the beginning of a sentence.
var isValue = regexp.MustCompile(`^(["{\[<]|-?[0-9]|(true|false|null)$)`)

// MaxQuoted is the length from which a value is not repeated in a message.
const MaxQuoted = 60

// cutValue splits the value that the server quotes from what it says of it. A
// value that is long, or a whole object, is left out.
func cutValue(detail string) (value, rest string, ok bool) {
	value, rest, ok = strings.Cut(detail, ": ")
	if whole := json.NewDecoder(strings.NewReader(detail)); whole.Decode(new(json.RawMessage)) == nil { // which may hold a colon
		end := int(whole.InputOffset())
		if after, found := strings.CutPrefix(detail[end:], ": "); found {
			value, rest = detail[:end], after
		}
	}
	if !isValue.MatchString(value) {
		return "", detail, true // a rule of a CustomResourceDefinition quotes none
	}
	if len(value) > MaxQuoted || strings.HasPrefix(value, "{") || value == "null" || value == `""` {
		value = ""
	}
	return value, rest, ok
}
