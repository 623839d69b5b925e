package rules

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/analyzertest"
	"github.com/kubeknot/kubeknot/analyzer/driver"
)

// One slip is one finding: what a rule explains better than the API server is
// said by that rule alone, and what no such rule says is not lost.
func TestOneSlipIsOneFinding(t *testing.T) {
	t.Parallel()
	const template = "template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: b}]}}"
	deployment := func(spec string) string {
		return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 1, " + spec + template + "}}"
	}
	tests := []struct {
		name, manifest string
		want           []string // rules with errors
	}{
		{"selector left out", deployment(""), []string{"selector-missing"}},
		{"selector without matchLabels", deployment("selector: {app: a}, "), []string{"selector-missing"}},
		{"selector of other labels", deployment("selector: {matchLabels: {app: b}}, "), []string{"selector-template-mismatch"}},
		{"value that is no label", deployment("selector: {matchLabels: {app: a/b}}, "), []string{"invalid-value"}},
		{"operator misspelt", deployment("selector: {matchExpressions: [{key: app, operator: Is, values: [a]}]}, "), []string{"invalid-value"}},
		{"Job with manualSelector and no selector", "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {manualSelector: true, template: {metadata: {labels: {app: a}}, spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}", []string{"field-missing"}},
		{"ReplicationController without labels", "{apiVersion: v1, kind: ReplicationController, metadata: {name: a}, spec: {replicas: 1, template: {spec: {containers: [{name: a, image: b}]}}}}", []string{"field-missing"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(tt.manifest), 0o600); err != nil {
				t.Fatal(err)
			}
			result, err := analyzertest.Lint(t, dir, driver.Options{Rules: All()})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range result.Findings {
				if f.Severity == analyzer.Error {
					got = append(got, f.Rule)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("errors of %v, want %v", got, tt.want)
			}
		})
	}
}
