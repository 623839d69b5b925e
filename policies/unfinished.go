package policies

import (
	"errors"
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/watchdog"
)

// unfinished are the constraints of a unit that have exceeded their limits. Their
// findings are not known; those of the others are.
type unfinished map[*constraint]bool

// add reports a constraint whose limits are exceeded, and returns whether that is
// what the error says.
func (u unfinished) add(p *analyzer.Pass, c *constraint, err error) bool {
	var exceeded *watchdog.Exceeded
	if !errors.As(err, &exceeded) {
		return false
	}
	u[c] = true
	p.Report(analyzer.Finding{
		Severity:    analyzer.Error,
		Message:     fmt.Sprintf("%s is not evaluated: %s", c.resource, exceeded.Reason),
		Resource:    c.resource,
		Consequence: "what the constraint would refuse is not known",
		Help:        "look for a loop over pairs of large collections in the template",
		Location:    c.resource.NameLocation(),
		Related:     []analyzer.Related{{Location: c.template.resource.KeyLocation(c.template.path...), Message: "its template"}},
	})
	return true
}
