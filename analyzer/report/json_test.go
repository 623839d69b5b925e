package report

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	f := numbers(t)
	got := render(t, "json", Options{Color: true}, &analyzer.Result{
		Findings:  []analyzer.Finding{f},
		NotJudged: []analyzer.NotJudged{{File: "c.yaml", Reason: "holds <X> & {{ y }}"}},
		Summary:   analyzer.Summary{Files: 2, Resources: 3, Units: 1, Errors: 4, Warnings: 5, Infos: 6, Elapsed: time.Second},
	})
	want := `{
  "version": 1,
  "findings": [
    {
      "rule": "service-selects-nothing",
      "claim": "broken",
      "severity": "error",
      "evidence": "near-miss",
      "message": "Service numbers-api matches no pods",
      "consequence": "kubectl accepts it; the Service will have no endpoints",
      "notes": [
        "only DaemonSet numbers-api in ../solution carries app=numbers-api"
      ],
      "help": "add app: numbers-api to the Pod's labels",
      "file": "lab/numbers/api-service.yaml",
      "line": 11,
      "column": 5,
      "endLine": 11,
      "endColumn": 21,
      "resource": {
        "apiVersion": "v1",
        "kind": "Service",
        "namespace": "",
        "name": "numbers-api"
      },
      "unit": "lab/numbers",
      "builds": [],
      "related": [
        {
          "file": "lab/numbers/api.yaml",
          "line": 4,
          "column": 9,
          "endLine": 4,
          "endColumn": 20,
          "message": "Pod numbers-api has the name, but only the label kiamol=ch06-lab"
        }
      ],
      "fingerprint": "` + f.Fingerprint() + `"
    }
  ],
  "notJudged": [
    {
      "file": "c.yaml",
      "reason": "holds <X> & {{ y }}"
    }
  ],
  "summary": {
    "files": 2,
    "resources": 3,
    "units": 1,
    "errors": 4,
    "warnings": 5,
    "infos": 6,
    "suppressed": 0,
    "known": 0,
    "stale": 0
  }
}
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestJSONOfNothingHasNoNullArrays(t *testing.T) {
	t.Parallel()
	want := `{
  "version": 1,
  "findings": [],
  "notJudged": [],
  "summary": {
    "files": 0,
    "resources": 0,
    "units": 0,
    "errors": 0,
    "warnings": 0,
    "infos": 0,
    "suppressed": 0,
    "known": 0,
    "stale": 0
  }
}
`
	if diff := cmp.Diff(want, render(t, "json", Options{}, &analyzer.Result{})); diff != "" {
		t.Error(diff)
	}
}

func TestJSONOfABareFinding(t *testing.T) {
	t.Parallel()
	f := analyzer.Finding{Rule: "r", Claim: analyzer.Suspect, Evidence: analyzer.Certain, Message: "bad \xff\x1b", Related: []analyzer.Related{{Message: "n"}}}
	got := render(t, "json", Options{}, &analyzer.Result{Findings: []analyzer.Finding{f}})
	var doc struct{ Findings []map[string]any }
	if err := json.Unmarshal([]byte(got), &doc); err != nil {
		t.Fatalf("%v in\n%s", err, got)
	}
	want := []map[string]any{{
		"rule": "r", "claim": "suspect", "severity": "warning", "evidence": "certain",
		"message": "bad \ufffd\x1b", "consequence": "", "notes": []any{}, "help": "",
		"file": "", "line": 0.0, "column": 0.0, "endLine": 0.0, "endColumn": 0.0,
		"resource": nil, "unit": "", "builds": []any{}, "fingerprint": f.Fingerprint(),
		"related": []any{map[string]any{
			"file": "", "line": 0.0, "column": 0.0, "endLine": 0.0, "endColumn": 0.0, "message": "n",
		}},
	}}
	if diff := cmp.Diff(want, doc.Findings); diff != "" {
		t.Error(diff)
	}
}
