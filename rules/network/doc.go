// Package network holds the rules about traffic beside Services: Ingresses and
// NetworkPolicies.
package network
