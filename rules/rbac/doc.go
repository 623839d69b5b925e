// Package rbac holds the rules about roles and their bindings.
package rbac
