package analyzer

import "github.com/kubeknot/kubeknot/analyzer/source"

// Edit puts another text in the place of one.
type Edit struct {
	Location source.Location
	// Text is what then stands there; "" removes it.
	Text string
}
