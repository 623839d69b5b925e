package kustomize

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
)

// KustomizeBuildFails reports kustomizations that kustomize refuses to build.
var KustomizeBuildFails = &analyzer.Rule{
	ID:    "kustomize-build-fails",
	Title: "A kustomization cannot be built",
	Claim: analyzer.Rejected,
	Why: `"kubectl apply -k" and the GitOps controllers build a kustomization before they send anything, so one that cannot be built changes nothing in the cluster: the whole of it stays as it was.
kubeknot builds every kustomization that no other one uses with kustomize's own library, and repeats what it says. The files of one that fails are judged as they are written.

Nothing is fetched and no plugin is run. A kustomization that lists something remote, needs a plugin or renders Helm charts is not reported; the run says that it was not built.`,
	Bad: `-- kustomization.yaml --
resources:
- deployment.yaml
-- deploy.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
`,
	Good: `-- kustomization.yaml --
resources:
- deploy.yaml
-- deploy.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
`,
	References: []string{
		"https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/",
		"sigs.k8s.io/kustomize/api/krusty: Kustomizer.Run",
	},
	Run: func(p *analyzer.Pass) error {
		b := p.Unit.Build
		if b == nil || b.Failure == nil {
			return nil
		}
		if d := p.Unit.Delivery; d != nil && d.Generated && b.Failure.In == b.Kustomization {
			return nil // it has no file; delivery-build-fails reports it
		}
		at := b.Failure.Location()
		p.Report(analyzer.Finding{
			Message:     "the kustomization of " + path.Dir(at.File.Path) + " cannot be built: " + b.Failure.Text,
			Consequence: "kustomize build fails, so none of its objects are applied",
			Help:        cmp.Or(b.Failure.Help, fmt.Sprintf("run kubectl kustomize %s/ to try a change", strings.TrimSuffix(p.Unit.Name, "/"))),
			Location:    at,
			Path:        b.Failure.Field,
		})
		return nil
	},
}
