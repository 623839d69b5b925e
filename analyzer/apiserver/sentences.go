package apiserver

import (
	"regexp"
	"strings"
)

// Cause says what a refusal or a warning of the API server is about. Rules
// compare causes and never the server's English.
type Cause string

// The causes. A refusal that none of these describes has the cause that is
// called like its Family.
const (
	// About the selector of a controller.
	SelectorMismatch  Cause = "selector-mismatch"
	SelectorRequired  Cause = "selector-required"
	SelectorEmpty     Cause = "selector-empty"
	SelectorInvalid   Cause = "selector-invalid"
	SelectorNotWanted Cause = "selector-not-wanted"
	SelectorNull      Cause = "selector-null"
	OperatorUnknown   Cause = "operator-unknown"
	ValuesMissing     Cause = "values-missing"
	ValuesNotWanted   Cause = "values-not-wanted"
	// About references.
	TargetWithoutGroup Cause = "target-without-group"
	IngressEmpty       Cause = "ingress-empty"
	PathTypeMissing    Cause = "path-type-missing"
	PortMissing        Cause = "port-missing"
	HandlerMissing     Cause = "handler-missing"
	// About one value.
	OneOf        Cause = "one-of"       // Args are the values that the field may have
	TooLow       Cause = "too-low"      // Args[0] is the bound: a number or a field
	TooHigh      Cause = "too-high"     // likewise
	OverLimit    Cause = "over-limit"   // Args[0] is the resource whose request exceeds its limit
	TooLong      Cause = "too-long"     // Args[0] is the number of characters that are allowed
	NotAbsolute  Cause = "not-absolute" // a path
	NotRelative  Cause = "not-relative" // a path
	NotAName     Cause = "not-a-name"   // RFC 1123
	NotAQuantity Cause = "not-a-quantity"
	Mistyped     Cause = "mistyped" // read as JSON, a value of another type
	NotBase64    Cause = "not-base64"
	// FractionalBytes: a quantity of memory or storage that is no whole number of bytes.
	FractionalBytes Cause = "fractional-bytes"
	NoLetter        Cause = "no-letter"
	Blank           Cause = "blank-around"
	// About several fields or entries.
	NotUnique     Cause = "not-unique"
	Exclusive     Cause = "exclusive"
	SingleStack   Cause = "single-stack"
	HiddenEarlier Cause = "hidden-earlier"
	PortNameTwice Cause = "port-name-twice"
	// About changes.
	MayNotChange Cause = "may-not-change"
	// About what is out of date.
	IngressClassAnnotation Cause = "ingress-class-annotation"
	UnknownFormat          Cause = "unknown-format"
	NonFunctional          Cause = "non-functional"
	Deprecated             Cause = "deprecated"
)

// Sentence is a text of the server by which a cause is recognized.
type Sentence struct {
	Cause Cause
	// Field is the server's path of the field that the text must be about, ""
	// for any.
	Field string
	// Says matches the message. Its groups become the Args.
	Says *regexp.Regexp
	// Source is where the server's code has the text.
	Source string
}

func says(cause Cause, pattern, source string) Sentence {
	return Sentence{Cause: cause, Says: regexp.MustCompile(pattern), Source: source}
}

// Sentences is every English text of the server that kubeknot recognizes. The
// first that matches counts. Their samples (testdata/sentences) are put before
// the linked code by the tests and before a real server by "make conformance",
// so that a changed text is noticed.
var Sentences = []Sentence{
	says(SelectorMismatch, "`selector` does not match template `labels`", "pkg/apis/apps/validation: ValidatePodTemplateSpecForReplicaSet"),
	{SelectorRequired, "spec.selector", regexp.MustCompile("^Required value"), "pkg/apis/apps/validation: ValidateDeploymentSpec; pkg/apis/core/validation: ValidateNonEmptySelector"},
	says(SelectorEmpty, "empty selector is invalid for", "pkg/apis/apps/validation: ValidateDeploymentSpec"),
	says(SelectorInvalid, "invalid label selector", "pkg/apis/apps/validation: ValidateDeploymentSpec"),
	says(SelectorNotWanted, "`selector` not auto-generated", "pkg/apis/batch/validation: validateGeneratedSelector"),
	says(SelectorNull, "a null labelSelector results in matching no pod", "pkg/api/pod/warnings.go: warningsForPodSpecAndMeta"),
	says(OperatorUnknown, "not a valid selector operator", "k8s.io/apimachinery/pkg/apis/meta/v1/validation: ValidateLabelSelectorRequirement"),
	says(ValuesMissing, "must be specified when `operator` is 'In' or 'NotIn'", "k8s.io/apimachinery/pkg/apis/meta/v1/validation: ValidateLabelSelectorRequirement"),
	says(ValuesNotWanted, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'", "k8s.io/apimachinery/pkg/apis/meta/v1/validation: ValidateLabelSelectorRequirement"),
	says(TargetWithoutGroup, "apiVersion must specify API group", "pkg/apis/autoscaling/validation: ValidateAPIVersion"),
	says(IngressEmpty, "either `defaultBackend` or `rules` must be specified", "pkg/apis/networking/validation: ValidateIngressSpec"),
	says(PathTypeMissing, "pathType must be specified", "pkg/apis/networking/validation: validateHTTPIngressPath"),
	says(PortMissing, "port name or number is required", "pkg/apis/networking/validation: validateIngressBackend"),
	says(HandlerMissing, "must specify a handler type", "pkg/apis/core/validation: validateHandler"),
	says(NoLetter, "must contain at least one letter", "k8s.io/apimachinery/pkg/util/validation: IsValidPortName"),
	says(HiddenEarlier, "hides previous definition", "pkg/api/pod/warnings.go: warningsForPodSpecAndMeta"),
	says(FractionalBytes, "fractional byte value", "pkg/api/pod/warnings.go: warningsForPodSpecAndMeta"),
	says(Blank, "must not have leading or trailing whitespace", "pkg/apis/core/validation: ValidateContainers"),
	says(PortNameTwice, "duplicate port name", "pkg/api/pod/warnings.go: warningsForPodSpecAndMeta"),
	says(UnknownFormat, "unrecognized format", "k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition: WarningsOnCreate"),
	says(IngressClassAnnotation, `kubernetes\.io/ingress\.class`, "pkg/registry/networking/ingress: WarningsOnCreate"),
	says(NonFunctional, "non-functional in", "pkg/api/persistentvolume/util.go: warningsForPersistentVolumeSpecAndMeta"),
	says(NotUnique, "must be unique", "pkg/apis/core/validation: ValidateVolumeMounts"),
	says(SingleStack, "when multiple", "pkg/registry/core/service/storage/alloc.go: initIPFamilyFields"),
	says(MayNotChange, "immutable", "k8s.io/apimachinery/pkg/api/validation: FieldImmutableErrorMsg"),
	says(MayNotChange, "may not change", "pkg/apis/core/validation: ValidatePodUpdate"),
	says(MayNotChange, "updates to statefulset spec", "pkg/apis/apps/validation: ValidateStatefulSetUpdate"),
	says(MayNotChange, "cannot change", "pkg/apis/rbac/validation: ValidateRoleBindingUpdate"),
	says(MayNotChange, "may not be changed", "pkg/apis/scheduling/validation: ValidatePriorityClassUpdate"),
	says(Exclusive, "be both set", "pkg/apis/policy/validation: ValidatePodDisruptionBudgetSpec"),
	says(Exclusive, "set both", "pkg/apis/networking/validation: validateIngressBackend"),
	says(Exclusive, "may not be set when", "pkg/apis/apps/validation: ValidateRollingUpdateDaemonSet"),
	says(OneOf, `(?:supported values|valid values|must be one of|only)(?: are)?:? ((?:"[^"]*"(?:, | or )?)+)`, "k8s.io/apimachinery/pkg/util/validation/field: NotSupported"),
	says(OverLimit, `must be (?:less than or )?equal to (\S+) limit`, "pkg/apis/core/validation: validateContainerResourceRequirements"),
	says(TooLow, `(?:must|should) be greater than (?:or equal to )?(.+)$`, "pkg/apis/core/validation: ValidateNonnegativeField"),
	says(TooHigh, `(?:must|should) be less than (?:or equal to )?(.+)$`, "pkg/apis/core/validation"),
	says(NotAbsolute, "must be an absolute path", "pkg/apis/core/validation: validateContainers (workingDir), validateHostPathVolumeSource"),
	says(NotRelative, "must be a relative path", "pkg/apis/core/validation: validateLocalDescendingPath"),
	says(TooLong, `must be no more than (\d+) (?:characters|bytes)`, "k8s.io/apimachinery/pkg/util/validation: MaxLenError"),
	says(NotAName, "RFC 1123", "k8s.io/apimachinery/pkg/util/validation: IsDNS1123Label"),
	says(NotAQuantity, `^quantities must match the regular expression`, "k8s.io/apimachinery/pkg/api/resource: ErrFormatWrong"),
	says(Deprecated, "deprecated|recommended|^use ", "pkg/api/pod/warnings.go"),
}

// quotedValue finds each of the values that the server lists.
var quotedValue = regexp.MustCompile(`"([^"]*)"`)

// classify returns the cause of a message about a field, and what the message
// says of it beyond that; the cause is "" if no Sentence matches.
func classify(field, message string) (cause Cause, args []string) {
	for _, s := range Sentences {
		m := s.Says.FindStringSubmatch(message)
		if m == nil || s.Field != "" && s.Field != field {
			continue
		}
		args = m[1:]
		switch s.Cause {
		case OneOf:
			args = nil
			for _, v := range quotedValue.FindAllStringSubmatch(m[1], -1) {
				args = append(args, v[1])
			}
		case TooLow, TooHigh:
			args[0] = strings.Trim(args[0], "`")
		}
		return s.Cause, args
	}
	return "", nil
}
