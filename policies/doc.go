// Package policies holds the rules that are written in Rego, one .rego file
// per rule, and the loader that turns such files into rules. It imports
// analyzer and what that imports.
//
// # A policy
//
// The file replicas-default.rego is the rule replicas-default, of the package
// kubeknot.rules.replicas_default, in Rego v1. The METADATA block above its
// package says what the fields of analyzer.Rule say: title, description (Why),
// related_resources (References), and below custom: claim, kinds, bad and
// good; supersedes lists causes of the API server (analyzer.Cause) that the rule
// explains better.
// All but kinds are required of the embedded policies, none of those that
// Loader.Files reads.
//
// Its rule "findings contains f if {...}" yields one object per finding:
//
//	resource     the ref of the resource at fault; required, one of the unit's own
//	msg          the fact, "Kind name" first; required
//	path         where: keys and, in sequences, indices; the object as a whole if left out
//	label        what stands under the marked text
//	consequence  what Kubernetes will do
//	notes        further facts, an array of sentences
//	help         what to change
//	claim        if it differs from the policy's
//	evidence     certain (if left out), near-miss, absent or open
//	related      the other ends: an array of {"resource", "path", "msg"}
//
// Anything else in it is an error of the policy. No built-in function is added,
// so "opa test", "opa check --strict" and "opa fmt" work on the files as they
// are; some are taken away, see denied.
//
// # The input
//
// A policy is evaluated once per unit, with this input, which Schema describes
// to the compiler:
//
//	unit
//	  name, kind  what people call it, and why it belongs together: unit.Unit
//	  namespace   what objects without a namespace get, "" if unknown
//	  complete    whether the absence of something is evidence
//	  rewritten   whether kustomize changes the objects before they are applied
//	resources     by kind, an array of:
//	  ref         the number that a finding's "resource" says
//	  own         whether it is the unit's own; else it is of an ancestor directory
//	  superseded  whether the unit defines the same object again, later
//	  replaces    whether it defines an object of an ancestor directory anew
//	  controlled  whether an owner reference names a controller
//	  scaledBy    the autoscaler of a workload as {"kind", "name"}, or null
//	  group, version, kind, name
//	              "" where they are not set; the group of core is ""
//	  namespace   its namespace or else the unit's, "" if unknown
//	  object      the whole object
//
// A policy sees the resources of the kinds that its METADATA names, or all if
// it names none, so what it finds never depends on which others are loaded. A
// unit that has none of those kinds of its own is not evaluated. Resources
// stand in the order in which they are applied, the unit's own first.
//
// Objects are as kubectl reads them: aliases and merge keys are resolved, of a
// key that stands twice the last one counts, and a null stays null. The values
// of Secrets are not passed on, so that no policy can print them: each of them
// reads "(hidden)". All other values are true, and what is secret among them is
// masked in what a policy says.
package policies
