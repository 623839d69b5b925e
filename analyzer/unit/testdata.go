package unit

import (
	"path"
	"strings"
)

const (
	goTestData PassedOver = "test data of Go tests, not applied"
	vendored   PassedOver = "vendored Go packages, not applied"
	chartTests PassedOver = "test data of the unit tests of a chart, not applied"
)

// testData knows the directories whose files nothing deploys.
type testData struct {
	reasons map[string]PassedOver
}

// newTestData finds those directories: testdata beside tests in Go, which the go
// command ignores ("go help packages"), vendored packages ("go help mod vendor"),
// and tests of a chart with suites of helm-unittest, which end in _test.yaml.
func newTestData(t Tree) *testData {
	d := &testData{reasons: map[string]PassedOver{}}
	for _, dir := range t.GoTests {
		d.reasons[path.Join(dir, "testdata")] = goTestData
	}
	for _, dir := range t.Vendored {
		d.reasons[dir] = vendored
	}
	charts := map[string]bool{}
	for _, dir := range t.Charts {
		charts[dir] = true
	}
	for _, f := range t.Files {
		dir := path.Dir(f)
		for dir != "." && path.Base(dir) != "tests" {
			dir = path.Dir(dir)
		}
		if dir != "." && charts[path.Dir(dir)] && strings.HasSuffix(f, "_test"+path.Ext(f)) {
			d.reasons[dir] = chartTests
		}
	}
	return d
}

// holding returns why nothing applies what lies below the closest such directory
// above the path; "" if there is none.
func (d *testData) holding(p string) PassedOver {
	for ; len(d.reasons) > 0; p = path.Dir(p) {
		if reason := d.reasons[p]; reason != "" || p == "." {
			return reason
		}
	}
	return ""
}
