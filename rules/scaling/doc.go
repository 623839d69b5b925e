// Package scaling holds the rules about autoscalers.
package scaling
