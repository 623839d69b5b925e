package main

import (
	"regexp"
	"slices"
	"strings"
)

// explanation is why the two sides differ, and may.
type explanation struct {
	title, why string
	matches    func(*trial) bool
}

// fieldsOnly are the kinds for which kubeknot does not ask the server's
// validation. Controllers and administrators write most of them.
var fieldsOnly = []string{
	"CSINode", "CSIStorageCapacity", "DeviceClass", "Event", "ResourceClaim", "ResourceClaimTemplate", "ServiceCIDR", "VolumeAttachment",
}

var explanations = []*explanation{
	{
		title: "Kinds of which kubeknot knows only the fields",
		why:   "Values of " + strings.Join(fieldsOnly, ", ") + " are not validated; only unknown fields and wrong types are found.",
		matches: func(t *trial) bool {
			return slices.Contains(fieldsOnly, t.kind) && (t.there.stage == validation || t.difference == otherWarnings) && !t.here.refused()
		},
	},
	{
		title: "NaN and infinity",
		why:   "kubectl cannot write such numbers as JSON and stops before it sends anything. kubeknot reads them as text, which most fields refuse.",
		matches: func(t *trial) bool {
			return t.there.stage == unsent && strings.Contains(t.there.String(), "unsupported value")
		},
	},
	{
		title: "Namespaces that cannot stand in a URL",
		why:   "kubectl stops before it sends anything. kubeknot says what the server would say of such a name.",
		matches: func(t *trial) bool {
			return t.difference == otherStage && t.there.stage == unsent && strings.Contains(t.there.String(), "invalid namespace")
		},
	},
	{
		title: "Addresses and ports of a Service",
		why:   "The server allocates them before it validates, and then says nothing of the rest. Which of them are in its ranges and free is the cluster's to know; two equal node ports are reported by node-port-conflict.",
		matches: func(t *trial) bool {
			return t.kind == "Service" && t.there.stage == validation && !slices.ContainsFunc(t.there.causes, func(c cause) bool { return !isAllocated(c) })
		},
	},
	{
		title: "The account of a Pod",
		why:   "Every usual server gives a Pod without an account the one called default; the server of this test runs without that admission plugin, because it wants the account to be there.",
		matches: func(t *trial) bool {
			return t.kind == "Pod" && strings.Contains(t.there.String(), "must not be specified when serviceAccountName is not set")
		},
	},
	{
		title: "Generated names",
		why:   "The end of the name is made up, so it differs wherever it is quoted.",
		matches: func(t *trial) bool {
			return t.difference == otherWords && strings.Contains(t.there.String(), "metadata.generateName")
		},
	},
	{
		title: "Integers of more than 64 bits",
		why:   "kubectl carries them as floating point numbers, so the server quotes a value that is rounded.",
		matches: func(t *trial) bool {
			return t.difference == otherWords && longInteger.Match(t.text)
		},
	},
	{
		title: "What follows from what is missing",
		why:   "Of a field that is refused as missing, the server also says that its empty value is not valid; and of a definition without a version to store, that its status lacks one. kubeknot says the first alone.",
		matches: func(t *trial) bool {
			return t.there.stage == validation && len(without(t.here.causes, t.there.causes)) == 0 &&
				!slices.ContainsFunc(without(t.there.causes, t.here.causes), func(c cause) bool { return !follows(c, t.there.causes) })
		},
	},
	{
		title: "Expressions that do not compile",
		why:   "The server adds the expression, a mark below it and the faults that follow. kubeknot says the first fault and where it is: the expression is shown where it stands.",
		matches: func(t *trial) bool {
			compiled := func(c cause, said string) bool { return strings.Contains(c.message, said) }
			here, there := without(t.here.causes, t.there.causes), without(t.there.causes, t.here.causes)
			return len(here) > 0 && slices.EqualFunc(here, there, func(a, b cause) bool {
				return a.field == b.field && compiled(a, "it does not compile at") && compiled(b, "compilation failed")
			})
		},
	},
	{
		title: "The server fails",
		why:   "Its code panics on the object, and kubectl gets no answer. kubeknot asks the same code and says that it fails.",
		matches: func(t *trial) bool {
			return t.difference == otherStage && t.there.stage == other && t.there.causes[0].message == panics
		},
	},
}

var longInteger = regexp.MustCompile(`\b[0-9]{19,}\b`)

// isAllocated reports whether a cause comes from the server's allocators
// (k8s.io/kubernetes pkg/registry/core/service/storage/alloc.go).
func isAllocated(c cause) bool {
	return slices.ContainsFunc([]string{"spec.clusterIP", "spec.ipFamil", "spec.healthCheckNodePort"}, func(field string) bool {
		return strings.HasPrefix(c.field, field)
	}) || strings.HasSuffix(c.field, ".nodePort")
}

// without returns the causes that are not among others.
func without(causes, others []cause) []cause {
	return slices.DeleteFunc(slices.Clone(causes), func(c cause) bool { return slices.Contains(others, c) })
}

// follows reports whether a cause says nothing that others do not say: that an
// empty value is not valid of a field that is missing, and that a definition
// without a version to store has stored none.
func follows(c cause, others []cause) bool {
	return slices.ContainsFunc(others, func(o cause) bool {
		return o.field == c.field && strings.HasPrefix(o.message, "Required value") ||
			c.field == "status.storedVersions" && o.field == "spec.versions"
	})
}

// explain returns the first explanation that fits a difference, nil if none
// does.
func explain(t *trial) *explanation {
	for _, e := range explanations {
		if e.matches(t) {
			return e
		}
	}
	return nil
}
