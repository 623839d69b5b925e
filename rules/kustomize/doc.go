// Package kustomize holds the rules about kustomizations and what they build.
package kustomize
