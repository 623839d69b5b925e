// Package rules lists the native rules. They live in the packages below it,
// one for each family (services, scaling, storage and so on), and one file for
// each rule: documentation, examples and code together. A family imports the
// contract (analyzer), what that is built on, and what several families share
// (rules/internal); never another family, the driver, the configuration or a
// report.
//
// To add a rule, run "make rule NAME=<rule-id> FAMILY=<family>", fill in what
// it writes, and run "go generate ./...".
package rules

//go:generate go run generate.go
