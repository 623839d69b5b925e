package verdict

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
)

// Target returns the version of Kubernetes that is judged against.
func Target(p *analyzer.Pass) apiserver.Version {
	if p.Kubernetes != "" {
		if v, err := apiserver.ParseVersion(p.Kubernetes); err == nil {
			return v
		}
	}
	return apiserver.Served
}
