package driver

import (
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// withoutSuperseded drops the findings that repeat what the API server says
// where another rule explains it better (analyzer.Rule.Supersedes). What no such
// rule reports stays, so that nothing is lost between two rules.
func withoutSuperseded(passes []*analyzer.Pass) []*analyzer.Pass {
	better := map[*manifest.Resource][]explained{}
	for _, p := range passes {
		if len(p.Rule.Supersedes) == 0 {
			continue
		}
		for i := range p.Findings {
			f := &p.Findings[i]
			better[f.Resource] = append(better[f.Resource], explained{p.Rule, f.Path})
		}
	}
	if len(better) == 0 {
		return passes
	}
	for _, p := range passes {
		p.Findings = slices.DeleteFunc(p.Findings, func(f analyzer.Finding) bool {
			return f.Cause != "" && slices.ContainsFunc(better[f.Resource], func(e explained) bool { return e.supersedes(p.Rule, &f) })
		})
	}
	return slices.DeleteFunc(passes, func(p *analyzer.Pass) bool { return len(p.Findings)+len(p.Skipped) == 0 })
}

// explained is a path that a rule has reported.
type explained struct {
	rule *analyzer.Rule
	path []string
}

func (e explained) supersedes(rule *analyzer.Rule, f *analyzer.Finding) bool {
	n := min(len(e.path), len(f.Path))
	return e.rule != rule && slices.Contains(e.rule.Supersedes, f.Cause) && slices.Equal(e.path[:n], f.Path[:n])
}
