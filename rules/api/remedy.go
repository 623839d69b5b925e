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
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// helps are what to do about causes of which the server does not say it.
var helps = map[apiserver.Cause]string{
	apiserver.SelectorNotWanted:      "leave the selector out: the server makes one that finds this Job's pods alone",
	apiserver.NoLetter:               "use a number without quotes, or a name that has a letter",
	apiserver.HiddenEarlier:          "remove one of the two: the last one counts, but once it is changed, kubectl apply may leave the earlier value in force",
	apiserver.Blank:                  "remove the space",
	apiserver.PortNameTwice:          "give each port of the pod a name of its own",
	apiserver.UnknownFormat:          "remove the format, or say by a pattern what is allowed: nothing checks it",
	apiserver.IngressClassAnnotation: "set spec.ingressClassName, and remove the annotation",
	apiserver.NotUnique:              "give each a value of its own, or remove one of the two",
	apiserver.SingleStack:            "set ipFamilyPolicy: PreferDualStack, or keep one of the two",
	apiserver.Exclusive:              "keep one of the two",
	apiserver.IngressEmpty:           "add rules, or a defaultBackend",
	apiserver.HandlerMissing:         "add httpGet, tcpSocket, grpc or exec",
	apiserver.PortMissing:            "add service.port.number, or service.port.name",
	apiserver.NonFunctional:          "remove it: it does nothing any more, and of volumes it leaves pods without theirs",
	apiserver.ValuesMissing:          "add values: In and NotIn compare with them",
	apiserver.ValuesNotWanted:        "remove the values: Exists and DoesNotExist compare with none",
	apiserver.PathTypeMissing:        "set pathType to Prefix, Exact or ImplementationSpecific",
	apiserver.TargetWithoutGroup:     "set apiVersion: apps/v1, or the apiVersion of the target",
}

// inOtherCase returns the edit of a value that differs from one which the server
// takes in the case of its letters alone.
func inOtherCase(r *manifest.Resource, f apiserver.Refusal) []analyzer.Edit {
	value := manifest.String(r.Node, f.Path...)
	if f.Cause != apiserver.OneOf {
		return nil
	}
	for _, v := range f.Args {
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
	if help := helps[f.Cause]; help != "" {
		return help, nil
	}
	kind, _, _ := strings.Cut(f.Message, ": ")
	switch {
	case f.Cause == apiserver.OperatorUnknown:
		return "use " + nearestOf(value, []string{"In", "NotIn", "Exists", "DoesNotExist"}), nil
	case f.Cause == apiserver.OneOf:
		return "use " + nearestOf(value, f.Args), nil
	case f.Cause == apiserver.OverLimit && len(f.Path) > 0:
		return fmt.Sprintf("lower the request of %s, or raise its limit", f.Args[0]), nil
	case f.Cause == apiserver.TooLow && len(f.Path) > 0:
		return within(f.Path[len(f.Path)-1], "raise ", "lower ", f.Args[0]), nil
	case f.Cause == apiserver.TooHigh && len(f.Path) > 0:
		return within(f.Path[len(f.Path)-1], "lower ", "raise ", f.Args[0]), nil
	case kind == verdict.SaidNotFound && isMount(f.Path):
		return volumeMeant(r, f.Path)
	case kind == verdict.SaidDuplicate:
		return "give each a value of its own, or remove one of the two", nil
	case f.Family == apiserver.Required && n != nil:
		return "complete " + verdict.FieldOf(f), nil
	case n == nil || value == "":
	case f.Cause == apiserver.NotAbsolute:
		return "use /" + value, nil
	case f.Cause == apiserver.NotRelative:
		return "use " + strings.TrimLeft(value, "/"), nil
	case f.Cause == apiserver.TooLong:
		return fmt.Sprintf("use at most %s characters: these are %d", f.Args[0], len(value)), nil
	case f.Cause == apiserver.NotAName:
		if name := asName(value); name != "" {
			return "use " + name, nil
		}
	}
	return "correct " + verdict.FieldOf(f), nil
}

// within says how to get a value within a bound, which is a number or another
// field.
func within(key, change, other, bound string) string {
	if strings.ContainsAny(bound, " 0123456789") || bound == "zero" {
		return change + key
	}
	return change + key + ", or " + other + bound
}

// nearestOf returns the value that was probably meant, or else says which there
// are.
func nearestOf(value string, values []string) string {
	same := func(v string) bool { return strings.EqualFold(v, value) }
	if i := slices.IndexFunc(values, same); i >= 0 {
		return values[i]
	}
	if near := nearmiss.Closest(value, values); near != "" {
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
	if near := nearmiss.Closest(wanted, names); near != "" {
		return "set name: " + near, related
	}
	return fmt.Sprintf("add volume %s to %s", wanted, manifest.FieldPath(at)), related
}
