package suppress_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/driver"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/suppress"
	"github.com/kubeknot/kubeknot/policies"
	"github.com/kubeknot/kubeknot/rules"
)

const twoPods = `apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x}
spec: {containers: [{name: a, image: example.com/a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: z}
spec: {containers: [{name: a, image: example.com/a}]}
`

// lint judges a stream and returns what is reported, one line for each.
func lint(t *testing.T, text string, o suppress.Options) (*analyzer.Result, string) {
	t.Helper()
	embedded, err := policies.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(rules.All(), policies.Constraints(), embedded)
	result, err := driver.Run(t.Context(), driver.Options{Paths: []string{"-"}, Stdin: strings.NewReader(text), Rules: all, Suppress: o})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, f := range result.Findings {
		said = append(said, f.Message)
	}
	return result, strings.Join(said, "; ")
}

func TestEntriesOfTheConfiguration(t *testing.T) {
	t.Parallel()
	pods := func(name string) func(suppress.End) bool {
		return func(e suppress.End) bool { return e.Resource != nil && e.Resource.Name == name }
	}
	config := source.NewFile("kubeknot.yaml", "kubeknot.yaml", []byte("ignore: []\n"))
	at := source.Location{File: config, Span: source.Span{End: 6}}
	const a, b = "Pod a has no controller", "Pod b has no controller"
	for name, test := range map[string]struct {
		entry suppress.Entry
		want  string
		count int
	}{
		"no such rule":       {suppress.Entry{Rule: "probe-less", Reason: "r", Covers: pods("a")}, "there is no rule", 0},
		"holds":              {suppress.Entry{Reason: "r", Covers: pods("a")}, b, 1},
		"no reason":          {suppress.Entry{Covers: pods("a")}, a + "; " + b + "; the suppression is not valid: bare-pod is suppressed without a reason", 0},
		"last day":           {suppress.Entry{Reason: "r", Expires: "2027-01-02", Covers: pods("a")}, b, 1},
		"expired":            {suppress.Entry{Reason: "r", Expires: "2027-01-01", Covers: pods("a")}, a + "; " + b + "; the suppression of bare-pod has expired: it held until 2027-01-01", 0},
		"of no use":          {suppress.Entry{Reason: "r", Judged: true, Covers: pods("c")}, a + "; " + b + "; the suppression of bare-pod silences nothing", 0},
		"perhaps elsewhere":  {suppress.Entry{Reason: "r", Covers: pods("c")}, a + "; " + b, 0},
		"covers more than 1": {suppress.Entry{Reason: "r", Covers: func(suppress.End) bool { return true }}, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := test.entry
			if e.Rule == "" {
				e.Rule = "bare-pod"
			}
			e.At = at
			result, got := lint(t, twoPods, suppress.Options{Entries: []suppress.Entry{e}, Today: time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)})
			if !strings.Contains(got, test.want) || test.want == "" && got != "" {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
			if result.Summary.Suppressed != test.count {
				t.Errorf("%d are suppressed, want %d", result.Summary.Suppressed, test.count)
			}
		})
	}
}

func TestReasonsCanBeOptional(t *testing.T) {
	t.Parallel()
	text := strings.Replace(twoPods, "kind: Pod", "kind: Pod # kubeknot:ignore bare-pod", 2)
	if result, got := lint(t, text, suppress.Options{ReasonOptional: true}); got != "" || result.Summary.Suppressed != 2 {
		t.Errorf("got %q, %d suppressed", got, result.Summary.Suppressed)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	for want, id := range map[string]analyzer.Identity{
		"r a.yaml Pod/web spec":              {Rule: "r", File: "a.yaml", Kind: "Pod", Name: "web", Field: "spec"},
		"r a.yaml x/Deployment.apps/web -":   {Rule: "r", File: "a.yaml", Group: "apps", Kind: "Deployment", Namespace: "x", Name: "web"},
		"r - - -":                            {Rule: "r"},
		`r "a b.yaml" "Pod/say \"hi\"" "\n"`: {Rule: "r", File: "a b.yaml", Kind: "Pod", Name: `say "hi"`, Field: "\n"},
	} {
		got := suppress.Line(id)
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		file := filepath.Join(t.TempDir(), "baseline")
		if err := os.WriteFile(file, []byte("# known\n\n"+got+"\r\n"+got+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		b, err := suppress.ReadBaseline(file)
		if diff := cmp.Diff(suppress.Baseline{want, want}, b); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	}
}

// What stands at an index is recognised by its name, so that a neighbour that
// is put before it changes nothing.
func TestNeighboursInAListChangeNothing(t *testing.T) {
	t.Parallel()
	const pod = `apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
    - {name: own, image: example.com/own, livenessProbe: {httpGet: {port: web}}}
`
	result, got := lint(t, pod, suppress.Options{})
	if !strings.Contains(got, "web") {
		t.Fatalf("the probe is not reported: %q", got)
	}
	moved := strings.Replace(pod, "    - {name: own", "    - {name: sidecar, image: example.com/s}\n    - {name: own", 1)
	result, got = lint(t, moved, suppress.Options{Baselines: []suppress.Baseline{suppress.NewBaseline(result.Findings)}})
	if got != "" || len(result.Known) == 0 || len(result.Stale) > 0 {
		t.Errorf("reported: %q; known: %d; stale: %q", got, len(result.Known), result.Stale)
	}
}
