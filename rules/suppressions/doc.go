// Package suppressions holds the rules that review the suppressions of findings.
package suppressions
