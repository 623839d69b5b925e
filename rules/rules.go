// Package rules holds the native rules, one file each: documentation, examples
// and code together. It imports the contract (analyzer) and what that gives,
// never the driver, the configuration or a report.
//
// To add a rule, write one file with a variable of type *analyzer.Rule, add
// testdata/<rule-id>/, and run "go generate ./...".
package rules

//go:generate go run generate.go
