// Package api holds the rules that speak for the API server: what it refuses,
// what it warns of, and what it no longer serves.
package api
