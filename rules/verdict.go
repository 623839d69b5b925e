package rules

import (
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// verdict is what the API server says to one resource of a unit.
type verdict struct {
	resource *manifest.Resource
	apiserver.Verdict
}

// verdictKey is the key of the verdicts among the views of a graph.
type verdictKey struct{}

// verdicts asks the API server about every resource of the unit, once for all
// rules that speak for it.
func verdicts(g *graph.Graph) []verdict {
	return g.View(verdictKey{}, func() any {
		var all []verdict
		for _, r := range g.Unit.Resources {
			if o, ok := apiObject(r); ok {
				if v := apiserver.Create(o); len(v.Refusals)+len(v.Warnings) > 0 {
					all = append(all, verdict{r, v})
				}
			}
		}
		return all
	}).([]verdict)
}

// apiObject returns a resource as kubectl would send it; ok is false if the
// server is not asked about its kind.
func apiObject(r *manifest.Resource) (o apiserver.Object, ok bool) {
	if !apiserver.Known(r.APIVersion, r.Kind) {
		return o, false
	}
	return apiserver.Object{APIVersion: r.APIVersion, Kind: r.Kind, Source: applied{r}}, true
}

// applied is a resource as the API server reads it.
type applied struct{ *manifest.Resource }

func (a applied) Decode(into any) bool { return manifest.Decode(a.Node, into) }

func (a applied) JSON() ([]byte, bool) { return manifest.AppendJSON(nil, a.Node) }

// refusals calls report for what the server refuses of one family, leaving out
// what a richer rule says, values that are still to be filled in, and, of what
// kustomize still changes, everything that it may mend.
func refusals(p *analyzer.Pass, family apiserver.Family, report func(*manifest.Resource, apiserver.Refusal)) {
	for _, v := range verdicts(p.Graph) {
		for _, r := range v.Refusals {
			switch {
			case r.Family != family, spokenFor(v.resource, r):
			case unfinishedValue(v.resource, r.Path), manifest.IsPlaceholder(r.Message):
				p.Skip(v.resource, "objects: a value is still to be filled in")
			case p.Unit.Rewritten && family != apiserver.UnknownField && family != apiserver.WrongType:
				p.Skip(v.resource, "objects: what they lack may come from kustomize")
			default:
				report(v.resource, r)
			}
		}
	}
}

// spokenFor reports whether a rule of its own explains the refusal better.
func spokenFor(r *manifest.Resource, f apiserver.Refusal) bool {
	switch r.Kind {
	case "HorizontalPodAutoscaler":
		return strings.Contains(f.Message, "apiVersion must specify API group") // hpa-target-missing
	case "Deployment", "ReplicaSet", "StatefulSet", "ReplicationController", "Job", "DaemonSet":
	default:
		return false
	}
	switch {
	case f.Field == "spec.replicas" && r.Kind == "DaemonSet" && f.Family == apiserver.UnknownField:
		return true // daemonset-replicas
	case isMismatch(f):
		return true // selector-template-mismatch
	case f.Family == apiserver.UnknownField:
		return len(f.Path) == 3 && strings.HasPrefix(f.Field, "spec.selector.") && f.Near == "" // selector-missing
	}
	return strings.HasPrefix(f.Field, "spec.selector") // selector-missing, selector-template-mismatch
}

// isMismatch reports whether the server says that a selector does not match
// its template (pkg/apis/apps/validation).
func isMismatch(f apiserver.Refusal) bool {
	return strings.Contains(f.Message, "`selector` does not match template `labels`")
}

// unfinishedValue reports whether the value holds a placeholder.
func unfinishedValue(r *manifest.Resource, path []string) bool {
	n := r.Get(path...)
	switch {
	case n == nil:
		return false
	case len(n.Content) == 0:
		return manifest.IsPlaceholder(n.Value)
	}
	// {NAME} is read as a mapping with a null.
	return len(n.Content) == 2 && n.Style&yaml.FlowStyle != 0 && manifest.IsNull(n.Content[1]) && strings.ToUpper(n.Content[0].Value) == n.Content[0].Value
}

// refused fills in what all findings about a refusal share.
func refused(r *manifest.Resource, f apiserver.Refusal) analyzer.Finding {
	return analyzer.Finding{
		Consequence: "the API server refuses it: " + said(r, f.Field, f.Message),
		Location:    r.Location(f.Path...),
		Path:        f.Path,
		Resource:    r,
	}
}

// said is the server's own sentence. Of a Secret only the field is repeated,
// because the sentence may quote a value.
func said(r *manifest.Resource, field, message string) string {
	switch {
	case strings.EqualFold(r.Kind, "Secret") && !strings.HasPrefix(field, "metadata"):
		return field
	case field == "" || strings.Contains(message, field):
		return message
	}
	return field + ": " + message
}

// parentOf names what holds the last step of a path: "spec.template", or the
// object itself.
func parentOf(path []string) string {
	if len(path) < 2 {
		return "the object"
	}
	return manifest.FieldPath(path[:len(path)-1])
}

// fieldOf names a field for a message.
func fieldOf(f apiserver.Refusal) string {
	if len(f.Path) == 0 {
		return "the object"
	}
	return manifest.FieldPath(f.Path)
}

// inWords turns the server's terse causes (k8s.io/apimachinery
// pkg/util/validation/field) into a sentence about a field.
func inWords(r *manifest.Resource, f apiserver.Refusal) string {
	secret := strings.EqualFold(r.Kind, "Secret") && !slices.Contains(f.Path[:min(1, len(f.Path))], "metadata")
	kind, detail, _ := strings.Cut(f.Message, ": ")
	if secret {
		detail = ""
	}
	detail, _, _ = strings.Cut(detail, " (e.g. ") // examples and regular expressions
	value, rest, quoted := cutValue(detail)
	switch {
	case kind == "Required value" && detail != "":
		return fmt.Sprintf("%s is required: %s", fieldOf(f), detail)
	case kind == "Required value":
		return fieldOf(f) + " is required"
	case kind == "Forbidden":
		return strings.TrimSuffix(fmt.Sprintf("%s is not allowed: %s", fieldOf(f), detail), ": ")
	case kind == "Duplicate value":
		return fmt.Sprintf("%s repeats %s", fieldOf(f), detail)
	case kind == "Not found":
		return fmt.Sprintf("%s names %s, which is not there", fieldOf(f), detail)
	case kind == "Unsupported value" && quoted && value != "":
		return fmt.Sprintf("%s cannot be %s: %s", fieldOf(f), value, rest)
	case kind == "Too long" || kind == "Too many" || kind == "Too few":
		return fmt.Sprintf("%s is %s: %s", fieldOf(f), strings.ToLower(kind), detail)
	case kind == "Invalid value" && quoted && value == "":
		return fmt.Sprintf("%s is refused: %s", fieldOf(f), rest)
	case kind == "Invalid value" && quoted:
		return fmt.Sprintf("%s cannot be %s: %s", fieldOf(f), value, rest)
	case kind == "Invalid value" && secret:
		return fieldOf(f) + " is not valid"
	case secret:
		return fieldOf(f) + " is refused"
	}
	return fmt.Sprintf("%s is refused: %s", fieldOf(f), f.Message)
}

// maxQuoted is the length from which a value is not repeated in a message.
const maxQuoted = 60

// cutValue splits the value that the server quotes from what it says of it. A
// value that is long, or a whole object, is left out.
func cutValue(detail string) (value, rest string, ok bool) {
	value, rest, ok = strings.Cut(detail, ": ")
	if len(value) > maxQuoted || strings.HasPrefix(value, "{") || value == "null" {
		value = ""
	}
	return value, rest, ok
}
