package rules_test

import (
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/analyzertest"
	"github.com/kubeknot/kubeknot/policies"
	"github.com/kubeknot/kubeknot/rules"
)

func all(t *testing.T) []*analyzer.Rule {
	p, err := policies.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return append(rules.All(), p...)
}

func TestRules(t *testing.T)    { analyzertest.RunAll(t, "../testdata", all(t)) }
func TestExamples(t *testing.T) { analyzertest.Examples(t, all(t)) }
