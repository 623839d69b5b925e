// Package analyzertest is the harness for rules, native and Rego alike: it
// lints small trees and compares what is found with what the trees themselves
// expect. It imports the driver and what that imports.
//
// # A fixture
//
// A fixture is a directory, testdata/<rule-id>/<case>/. It is linted as a tree
// of its own: what lies beside or above it is out of sight. The name of a case
// says its idea and starts with "bad-" if something is found in it, or with
// "ok-" if nothing is.
//
// What is found is expected where it is found, by a comment at the end of the
// line on which the finding starts:
//
//	app: webb # want "^error rejected certain: Deployment web: "
//
// Each quoted text is a regular expression for one finding, matched against
// "<severity> <claim> <evidence>: <message>". A finding that nothing expects
// fails the test, and so does an expectation that nothing meets. Two more
// comments look closer, where a fixture is about that; they may follow on the
// same line:
//
//	app: webb # want "asks for app=webb" # marks "^app: webb$"
//	app: web # related "the pods of Deployment web have app=web"
//
// "marks" is met by the very text that a finding of the line marks, "related"
// by a related place of any finding that starts on the line. Marked texts and
// related places that nobody asks for are not compared.
//
// Four files stand beside the manifests where they are needed:
//
//	WANT       expectations for files without comments, one per line:
//	             app.json:7 "regexp" "regexp"
//	             related app.json:3 "regexp"
//	             marks app.json:7 "regexp"
//	           and of what the run says that it did not judge:
//	             note "regexp"
//	NODES      the Node objects that --nodes would name
//	NAMESPACE  the namespace that --namespace would name
package analyzertest
