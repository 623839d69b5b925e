// Package delivery holds the rules about what GitOps tools apply, and how.
package delivery
