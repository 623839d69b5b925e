package report

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// file returns a parsed file, so that what parsing hides is hidden.
func file(path, content string) *manifest.File {
	return manifest.Parse(source.NewFile(path, path, []byte(content)))
}

// at returns the place of the first needle in a file.
func at(t *testing.T, f *manifest.File, needle string) source.Location {
	t.Helper()
	i := strings.Index(string(f.Data), needle)
	if i < 0 {
		t.Fatalf("no %q in %s", needle, f.Path)
	}
	return source.Location{File: f.File, Span: source.Span{Start: i, End: i + len(needle)}}
}

// render writes findings in a format, without a summary's numbers.
func render(t *testing.T, format string, o Options, r *analyzer.Result) string {
	t.Helper()
	reporter, err := New(format, o)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := reporter.Report(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// numbers is the finding that the design shows.
func numbers(t *testing.T) analyzer.Finding {
	t.Helper()
	service := file("lab/numbers/api-service.yaml", `apiVersion: v1
kind: Service
metadata:
  name: numbers-api
  labels:
    kiamol: ch06-lab
spec:
  ports:
    - port: 80
  selector:
    app: numbers-api
`)
	pod := file("lab/numbers/api.yaml", `apiVersion: v1
kind: Pod
metadata:
  name: numbers-api
  labels:
    kiamol: ch06-lab
`)
	return analyzer.Finding{
		Rule:        "service-selects-nothing",
		Claim:       analyzer.Broken,
		Evidence:    analyzer.NearMiss,
		Severity:    analyzer.Error,
		Message:     "Service numbers-api matches no pods",
		Label:       "no pod of this unit carries this label",
		Consequence: "kubectl accepts it; the Service will have no endpoints",
		Notes:       []string{"only DaemonSet numbers-api in ../solution carries app=numbers-api"},
		Help:        "add app: numbers-api to the Pod's labels",
		Location:    at(t, service, "app: numbers-api"),
		Path:        []string{"spec", "selector", "app"},
		Resource:    service.Resources()[0],
		Unit:        "lab/numbers",
		Related: []analyzer.Related{{
			Location: pod.Resources()[0].NameLocation(),
			Message:  "Pod numbers-api has the name, but only the label kiamol=ch06-lab",
		}},
	}
}

func TestNewNamesTheFormats(t *testing.T) {
	t.Parallel()
	if _, err := New("xml", Options{}); err == nil || err.Error() != `no format "xml": use text, concise, json, json-lines, sarif, junit, github, gitlab, checkstyle, markdown or html` {
		t.Errorf("New(xml) = %v", err)
	}
	if diff := cmp.Diff([]string{"text", "concise", "json", "json-lines", "sarif", "junit", "github", "gitlab", "checkstyle", "markdown", "html"}, Formats()); diff != "" {
		t.Error(diff)
	}
	for _, format := range Formats() {
		if _, err := New(format, Options{}); err != nil {
			t.Error(err)
		}
	}
}

// full is a writer whose disk is full.
type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestReportReturnsTheErrorOfTheWriter(t *testing.T) {
	t.Parallel()
	for _, format := range Formats() {
		r, _ := New(format, Options{})
		if err := r.Report(full{}, &analyzer.Result{Findings: []analyzer.Finding{numbers(t)}}); !errors.Is(err, errFull) {
			t.Errorf("%s: %v, want %v", format, err, errFull)
		}
	}
}

func TestNoFormatShowsASecret(t *testing.T) {
	t.Parallel()
	const canary = "Y2FuYXJ5"
	f := file("secret.yaml", `apiVersion: v1
kind: Secret
metadata: {name: s}
data:
  token: `+canary+` # prod-7
  long: |
    `+canary+`
    `+canary+`
`)
	value := at(t, f, canary)
	block := f.Resources()[0].Location("data", "long")
	inside := source.Location{File: f.File, Span: source.Span{Start: value.Span.Start + 2, End: value.Span.Start + 4}}
	last := strings.LastIndex(string(f.Data), canary)
	next := source.Location{File: f.File, Span: source.Span{Start: last, End: last + len(canary)}}
	findings := []analyzer.Finding{{
		Rule: "r", Message: "m", Severity: analyzer.Error, Location: value,
		Related: []analyzer.Related{{Location: inside}, {Location: at(t, f, "prod-7")}, {Location: block}, {Location: next}, {Location: at(t, f, "token: Y2")}},
	}}
	for _, format := range Formats() {
		got := render(t, format, Options{}, &analyzer.Result{Findings: findings})
		if strings.Contains(got, "Y2") || strings.Contains(got, "prod-7") {
			t.Errorf("%s shows the secret:\n%s", format, got)
		}
	}
	// Whatever is marked of a secret, the mark says nothing of its length.
	want := `error[r]: m
 ┌─ secret.yaml:5:10
 │
5│   token: ********
 │          ^^^^^^^^
 ┌─ secret.yaml:5:12
 │
5│   token: ********
 │          --------
 ┌─ secret.yaml:5:21
 │
5│   token: ********
 │          --------
 ┌─ secret.yaml:6:9
 │
6│   long: ********
 │         --------
 ┌─ secret.yaml:8:5
 │
8│ ********
 │ --------
 ┌─ secret.yaml:5:3
 │
5│   token: ********
 │   ---------------

no problems in 0 objects of 0 files, judged in 0 units
`
	if diff := cmp.Diff(want, render(t, "text", Options{}, &analyzer.Result{Findings: findings})); diff != "" {
		t.Error(diff)
	}
}

func TestConcise(t *testing.T) {
	t.Parallel()
	f := file("a/b.yaml", "kind: X\nä: y\n")
	got := render(t, "concise", Options{Color: true}, &analyzer.Result{
		Findings: []analyzer.Finding{
			numbers(t),
			{Rule: "two-lines", Claim: analyzer.Suspect, Message: "first\n  second", Location: at(t, f, "y\n")},
			{Rule: "nowhere", Severity: analyzer.Info, Message: "\x1b[2Jm\u202e"},
			{Rule: "name", Severity: analyzer.Error, Message: "m", Location: at(t, file("a\x1b\n\u009b.yaml", "x"), "x")},
		},
		NotJudged: []analyzer.NotJudged{{File: "c.yaml", Reason: "template"}},
		Summary:   analyzer.Summary{Errors: 1},
	})
	want := `lab/numbers/api-service.yaml:11:5: error: Service numbers-api matches no pods [service-selects-nothing]
a/b.yaml:2:4: warning: first second [two-lines]
info: \x1b[2Jm\u202e [nowhere]
a\x1b\x0a\x9b.yaml:1:1: error: m [name]
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
