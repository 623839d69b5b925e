package api

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// LastAppliedTooLarge reports objects that "kubectl apply" cannot apply.
var LastAppliedTooLarge = &analyzer.Rule{
	ID:    "last-applied-too-large",
	Title: "An object is too large for client-side kubectl apply",
	Claim: analyzer.Suspect,
	Why: `"kubectl apply" keeps the whole object, as JSON, in the annotation kubectl.kubernetes.io/last-applied-configuration. The annotations of an object may have 262144 bytes together, so the API server refuses an object that is larger than that: "metadata.annotations: Too long: may not be more than 262144 bytes". Large CustomResourceDefinitions and ConfigMaps with dashboards are such objects.

"kubectl apply --server-side" writes no such annotation, nor do "kubectl create", Helm and Flux. An object with the sync option ServerSideApply=true of Argo CD is not reported.`,
	Bad: `apiVersion: example.com/v1
kind: Dashboard
metadata:
  name: overview
spec:
  panel: &p "panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix panel of 16 pix "
  panels: [*p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p, *p]
`,
	Good: `apiVersion: example.com/v1
kind: Dashboard
metadata:
  name: overview
spec:
  panel: &p "panel of 16 pix"
  panels: [*p, *p]
`,
	References: []string{
		"https://kubernetes.io/docs/reference/using-api/server-side-apply/#comparison-with-client-side-apply",
		"k8s.io/kubectl/pkg/util/apply.go: GetModifiedConfiguration",
		"k8s.io/apimachinery/pkg/api/validation/objectmeta.go: ValidateAnnotations, TotalAnnotationSizeLimitB",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Rewrites(kustomize.Everything) || p.Unit.Kind == unit.Chart || p.Unit.Kind == unit.FluxKustomization || p.Unit.Kind == unit.Dump {
			return nil
		}
		for _, r := range p.Unit.Resources {
			if serverSide(r) || !large(r.Node) {
				continue
			}
			if size := annotations(r); size > maxAnnotations {
				reportLarge(p, r, size)
			}
		}
		return nil
	},
}

// maxAnnotations is how many bytes the annotations of an object may have
// (k8s.io/apimachinery/pkg/api/validation TotalAnnotationSizeLimitB).
const maxAnnotations = 256 << 10

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// serverSide reports whether Argo CD applies the object on the server's side
// (https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#server-side-apply).
func serverSide(r *manifest.Resource) bool {
	options := manifest.String(r.Node, "metadata", "annotations", "argocd.argoproj.io/sync-options")
	return strings.Contains(options, "ServerSideApply=true") || strings.Contains(options, "Replace=true")
}

// large reports whether the texts of an object are so long that it may reach the
// limit: escapes and quotes make JSON longer.
func large(n *manifest.Node) bool {
	left := maxAnnotations / 4
	var walk func(n *manifest.Node) bool
	walk = func(n *manifest.Node) bool {
		n = manifest.Resolve(n)
		left -= len(n.Value) + 4
		if left < 0 {
			return true
		}
		for _, child := range n.Children() {
			if walk(child) {
				return true
			}
		}
		return false
	}
	return n != nil && walk(n)
}

// annotations returns how many bytes the annotations of an object have once kubectl
// has added its own, 0 if that cannot be said.
func annotations(r *manifest.Resource) int {
	value, ok := manifest.Value(r.Node)
	if !ok {
		return 0
	}
	data, err := json.Marshal(value)
	if err != nil {
		return 0
	}
	size := len(lastApplied) + len(data) + 1 // it ends in a newline
	for key, text := range manifest.StringMap(r.Get("metadata", "annotations")) {
		size += len(key) + len(text)
	}
	return size
}

func reportLarge(p *analyzer.Pass, r *manifest.Resource, size int) {
	p.Report(analyzer.Finding{
		Message:     fmt.Sprintf("%s is too large for kubectl apply: its annotations would have %d bytes, and 262144 are allowed", r, size),
		Label:       "kubectl apply copies it into an annotation",
		Consequence: "kubectl apply fails: metadata.annotations: Too long: may not be more than 262144 bytes",
		Help:        "use kubectl apply --server-side, or kubectl create",
		Location:    r.NameLocation(), Path: []string{"metadata", "name"}, Resource: r,
	})
}
