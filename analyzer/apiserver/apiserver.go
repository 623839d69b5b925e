// Package apiserver answers what the Kubernetes API server says to an object:
// it decodes it strictly, fills in defaults, and runs the very strategies that
// the server runs before it stores one. Nothing of the server's validation is
// written again here. It imports nothing of kubeknot.
package apiserver

import (
	"slices"
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/capabilities"
)

// KubernetesVersion is the version whose verdict this is.
const KubernetesVersion = "v1.36.3"

// Family sorts what the server refuses.
type Family string

const (
	// UnknownField: the type has no such field. Only strict decoding, kubectl's
	// default, refuses it; otherwise the field is dropped.
	UnknownField Family = "unknown-field"
	// WrongType: the value cannot be read as what the field holds.
	WrongType Family = "wrong-type"
	// Invalid: the server's validation refuses the value.
	Invalid Family = "invalid"
	// Required: the server's validation misses a value.
	Required Family = "required"
	// Immutable: the value may not change, and the earlier version had another.
	Immutable Family = "immutable"
	// NotServed: the server does not serve the kind in that version.
	NotServed Family = "not-served"
)

// Refusal is one reason for which the server refuses an object.
type Refusal struct {
	Family Family
	// Cause says what it is about: one of the Sentences, or the Family.
	Cause Cause
	// Args are what the sentence of the Cause names: values, a bound; nil if it
	// names nothing.
	Args []string
	// Path leads to the value at fault, or to where it is missing; keys and
	// decimal indices. It is empty for the object as a whole.
	Path []string
	// Message is what the server says of it, without the path.
	Message string
	// Field is the server's spelling of the path, "" for the whole.
	Field string
	// Wants is what a value of a WrongType should be: string, number, bool,
	// object or array; "" if it is something else.
	Wants string
	// Near is the name of a field that was probably meant, "" if unknown.
	Near string
	// Home is where an unknown field belongs, nil if nowhere near. A step that is
	// AnyEntry stands for one of the entries of a list.
	Home []string
	// Unwrap reports that what the field holds belongs where the field itself
	// stands.
	Unwrap bool
	// Expression reports that the value is an expression of CEL that does not
	// compile.
	Expression bool
	// Of is the apiVersion of the kind, an older or a newer one, that has the
	// unknown field at this place; "" if there is none.
	Of string
}

// Warning is what the server says about an object that it accepts.
type Warning struct {
	Path    []string
	Message string
	// Cause says what it is about, "" if no Sentence describes it.
	Cause Cause
}

// Verdict is what the server says to an object.
type Verdict struct {
	// Refusals is empty if the server accepts the object.
	Refusals []Refusal
	// Folded are refusals of a selector as a whole: one of the Refusals says the
	// same of the part that is at fault.
	Folded   []Refusal
	Warnings []Warning
	// Defines is the kind that an accepted CustomResourceDefinition defines, nil
	// for every other object.
	Defines *Definition
	// PodsJudged reports that what the server says of an accepted workload holds
	// of its pods too. Of all other objects it is false.
	PodsJudged bool

	// Unread reports that the object is too large to be judged.
	Unread bool

	moved []moved
	// dropped are the paths of values that could not be read: what the server
	// misses there has been said.
	dropped [][]string
}

// Object is an object as kubectl would send it.
type Object struct {
	APIVersion, Kind string
	// JSON is the whole object. It may be nil if there is a Source.
	JSON []byte
	// Source, if it is not nil, saves most objects the way through text.
	Source Source
}

// text is the whole object; nil if it is too large for one.
func (o Object) text() []byte {
	if o.JSON == nil && o.Source != nil {
		if data, ok := o.Source.JSON(); ok {
			return data
		}
	}
	return o.JSON
}

// Source is where an object comes from.
type Source interface {
	// Decode reads the object into a new value of its type, as strict decoding
	// reads its JSON. If it is false, strict decoding of the JSON decides.
	Decode(into any) bool
	// JSON returns the whole object. ok is false if it is too large for one.
	JSON() (data []byte, ok bool)
}

// Known reports whether something is known of a kind in that version: the
// verdict of the server, or, of rare kinds, at least the fields. An API that is
// no longer served is judged by the server's code for its successor, after the
// defaults and conversions that it still has.
func Known(apiVersion, kind string) bool { return find(apiVersion, kind) != nil }

// setUp lets containers be privileged, as kubeadm and all managed clusters do
// (the server's own default is not to), and keeps the server's log to itself.
var setUp = sync.OnceFunc(func() {
	capabilities.Setup(true, 0)
	klog.SetLogger(logr.Discard())
})

// Create returns what the server says when the object is created. Of what is
// not Known it says nothing.
func Create(o Object) Verdict {
	k := find(o.APIVersion, o.Kind)
	if k == nil {
		return Verdict{}
	}
	setUp()
	var v Verdict
	typed := k.decode(o, &v)
	if typed == nil || !k.judged() {
		return v
	}
	internal, err := k.internal(typed)
	if err != nil {
		v.refuse(Refusal{Family: Invalid, Message: err.Error()})
		return v
	}
	crd, defines := internal.(*apiextensions.CustomResourceDefinition)
	if defines {
		v.unhoist(crd)
	}
	k.create(internal, &v)
	if k.removed {
		v.Warnings = nil // are of objects that are accepted
	}
	if defines && len(v.Warnings) > 0 {
		v.placeFormats(o.text())
	}
	if defines && len(v.Refusals) == 0 {
		v.Defines = newDefinition(crd)
	}
	v.PodsJudged = len(v.Refusals) == 0 && judgedWithTemplate(internal)
	return v
}

// Update returns what the server says when the object is applied over an
// earlier version that it has accepted. Only what the change breaks is
// returned; of objects that are refused by themselves it says nothing, nor of
// CustomResourceDefinitions: what may not change in them depends on what the
// cluster stores. kubectl apply leaves alone what neither version says, so that
// defaults of the earlier one and what the server has chosen for it stay.
func Update(before, o Object) Verdict {
	k, earlier := find(o.APIVersion, o.Kind), find(before.APIVersion, before.Kind)
	if k == nil || earlier == nil || k.scheme == extensions || k.group() != earlier.group() || !k.served() || !earlier.served() {
		return Verdict{}
	}
	setUp()
	if len(Create(before).Refusals) > 0 || len(Create(o).Refusals) > 0 {
		return Verdict{}
	}
	var v Verdict
	old, err := earlier.stored(before)
	if err != nil {
		return v
	}
	merged, err := k.applied(before, o, old)
	if err != nil {
		return v // kubectl cannot merge them
	}
	typed := k.decode(Object{JSON: merged}, &v)
	if typed == nil || len(v.Refusals) > 0 {
		return Verdict{}
	}
	new, err := k.internal(typed)
	if err != nil {
		return v
	}
	k.update(old, new, &v)
	if len(v.Refusals) > 0 && len(Create(o).Refusals) > 0 {
		return Verdict{}
	}
	return v
}

// moved is a field that was judged at another place than it stands.
type moved struct{ from, home []string }

// Written returns the path at which the author has written a value that was
// judged at a path.
func (v *Verdict) Written(path []string) []string {
	for i := len(v.moved) - 1; i >= 0; i-- {
		m := v.moved[i]
		if len(path) >= len(m.home) && slices.Equal(path[:len(m.home)], m.home) {
			return slices.Concat(m.from, path[len(m.home):])
		}
	}
	return path
}

// Moved reports whether a part of the object was judged at another place than
// it stands, because it is misplaced or misspelt there.
func (v *Verdict) Moved() bool { return len(v.moved) > 0 }

func (v *Verdict) refuse(r Refusal) {
	if r.Cause == "" {
		r.Cause, r.Args = classify(r.Field, r.Message)
	}
	if r.Cause == "" {
		r.Cause = Cause(r.Family)
	}
	v.Refusals = append(v.Refusals, r)
}
