// Package verdict asks the API server about the resources of a unit, once for
// all rules, and puts what it refuses into words.
package verdict
