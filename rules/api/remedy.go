package api

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// helps are what to do about sentences of the server that do not say it.
var helps = []struct{ said, help string }{
	{"`selector` not auto-generated", "leave the selector out: the server makes one that finds this Job's pods alone"},
	{"must contain at least one letter", "write a number without quotes, or a name that has a letter"},
	{"hides previous definition", "remove one of the two: the last one counts, but once it is changed, kubectl apply may leave the earlier value in force"},
	{"must not have leading or trailing whitespace", "remove the space"},
	{"duplicate port name", "give each port of the pod a name of its own"},
	{"unrecognized format", "remove the format, or say by a pattern what is allowed: nothing checks it"},
	{"kubernetes.io/ingress.class", "write spec.ingressClassName, and remove the annotation"},
	{"must be unique", "give each a value of its own, or remove one of the two"},
	{"when multiple", "set ipFamilyPolicy: PreferDualStack, or keep one of the two"},
	{"be both set", "keep one of the two"},
	{"set both", "keep one of the two"},
	{"may not be set when", "keep one of the two"},
	{"either `defaultBackend` or `rules`", "add rules, or a defaultBackend"},
	{"must specify a handler type", "add httpGet, tcpSocket, grpc or exec"},
	{"port name or number is required", "add service.port.number, or service.port.name"},
	{"non-functional in", "remove it: it does nothing any more, and of volumes it leaves pods without theirs"},
}

// inOtherCase returns the edit of a value that differs from one which the server
// takes in the case of its letters alone.
func inOtherCase(r *manifest.Resource, f apiserver.Refusal) []analyzer.Edit {
	value := manifest.String(r.Node, f.Path...)
	for _, v := range verdict.Supported(f.Message) {
		if strings.EqualFold(v, value) && !verdict.IsSecret(r, f.Path) {
			return rewrite(r.Location(f.Path...), value, v)
		}
	}
	return nil
}

// remedy returns what to do about a refusal, and what is related to that.
func remedy(r *manifest.Resource, f apiserver.Refusal) (help string, related []analyzer.Related) {
	n := r.Get(f.Path...)
	value := manifest.String(r.Node, f.Path...)
	if verdict.IsSecret(r, f.Path) {
		value = ""
	}
	if help := helpFor(f.Message); help != "" {
		return help, nil
	}
	if values := verdict.Supported(f.Message); len(values) > 0 {
		return "write " + nearestOf(value, values), nil
	}
	kind, detail, _ := strings.Cut(f.Message, ": ")
	if bound := bounded.FindStringSubmatch(detail); bound != nil && len(f.Path) > 0 {
		return within(f.Path[len(f.Path)-1], bound[1], bound[2]), nil
	}
	switch {
	case kind == "Not found" && isMount(f.Path):
		return volumeMeant(r, f.Path)
	case kind == "Duplicate value":
		return "give each a value of its own, or remove one of the two", nil
	case f.Family == apiserver.Required && n != nil:
		return "complete " + verdict.FieldOf(f), nil
	case n == nil || value == "":
	case strings.Contains(detail, "must be an absolute path"):
		return "write /" + value, nil
	case strings.Contains(detail, "must be a relative path"):
		return "write " + strings.TrimLeft(value, "/"), nil
	case tooLong.MatchString(detail):
		return fmt.Sprintf("write a shorter one: these are %d characters", len(value)), nil
	case strings.Contains(detail, "RFC 1123"):
		if name := asName(value); name != "" {
			return "write " + name, nil
		}
	}
	return "correct " + verdict.FieldOf(f), nil
}

// bounded finds the bound that a number goes beyond.
var bounded = regexp.MustCompile(`(?:must|should) be (greater|less) than (?:or equal to )?(.+)$`)

// within says how to get a value within a bound, which is a number or another
// field.
func within(key, direction, bound string) string {
	change, other := "raise ", "lower "
	if direction == "less" {
		change, other = other, change
	}
	bound = strings.Trim(bound, "`")
	if strings.ContainsAny(bound, " 0123456789") || bound == "zero" {
		return change + key
	}
	return change + key + ", or " + other + bound
}

// tooLong recognizes that a value has too many characters.
var tooLong = regexp.MustCompile(`must be no more than \d+ (characters|bytes)`)

// helpFor returns what to do about a sentence of the server, "" if it is
// nothing special.
func helpFor(message string) string {
	for _, h := range helps {
		if strings.Contains(message, h.said) {
			return h.help
		}
	}
	return ""
}

// nearestOf returns the value that was probably meant, or else says which there
// are.
func nearestOf(value string, values []string) string {
	same := func(v string) bool { return strings.EqualFold(v, value) }
	if i := slices.IndexFunc(values, same); i >= 0 {
		return values[i]
	}
	if near := analyzer.Closest(value, values); near != "" {
		return near
	}
	return oneOf(values)
}

// oneOf lists values.
func oneOf(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	return "one of " + strings.Join(values, ", ")
}

// nearlyName is what people write where a name is wanted; other texts, such as
// URLs with their passwords, are none.
var nearlyName = regexp.MustCompile(`^[A-Za-z0-9._ -]+$`)

// asName returns a value as a name that the server takes, "" if there is none
// like it.
func asName(value string) string {
	name := strings.Trim(strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(value)), "-.")
	if !nearlyName.MatchString(value) || len(validation.IsDNS1123Subdomain(name)) > 0 {
		return ""
	}
	return name
}

// isMount reports whether a path leads to the name of a volume in a mount.
func isMount(path []string) bool {
	n := len(path) - mountDepth
	return n >= 0 && (path[n+2] == "volumeMounts" || path[n+2] == "volumeDevices")
}

// mountDepth is the length of containers, 0, volumeMounts, 0, name.
const mountDepth = 5

// volumeMeant says which volume a mount that names none may have meant; path
// leads to that name.
func volumeMeant(r *manifest.Resource, path []string) (help string, related []analyzer.Related) {
	spec := path[:len(path)-mountDepth]
	wanted := manifest.String(r.Node, path...)
	var names []string
	for _, v := range manifest.Items(r.Get(append(slices.Clone(spec), "volumes")...)) {
		names = append(names, manifest.String(v, "name"))
	}
	at := append(slices.Clone(spec), "volumes")
	if len(names) > 0 {
		related = []analyzer.Related{{Location: r.KeyLocation(at...), Message: "the volumes of the pod: " + strings.Join(names, ", ")}}
	}
	if near := analyzer.Closest(wanted, names); near != "" {
		return "write name: " + near, related
	}
	return fmt.Sprintf("add volume %s to %s", wanted, manifest.FieldPath(at)), related
}
