package containers

import (
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// podKinds are the kinds whose containers the rules judge.
var podKinds = []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"}

// eachWorkload calls visit with the workloads of the unit whose pods kubelet
// will run as they are written. What a kustomization that cannot be built would
// change is not judged.
func eachWorkload(p *analyzer.Pass, visit func(w *graph.Workload)) {
	if p.Unit.Rewrites(kustomize.Fields | kustomize.Images) {
		return
	}
	for _, w := range p.Graph.Workloads {
		if w.Own && !w.Superseded && !w.Custom && !w.Controlled() {
			visit(w)
		}
	}
}

// eachContainer calls visit with the containers of these workloads, init
// containers included.
func eachContainer(p *analyzer.Pass, visit func(w *graph.Workload, c graph.Container)) {
	eachWorkload(p, func(w *graph.Workload) {
		for _, c := range slices.Concat(w.InitContainers(), w.Containers()) {
			visit(w, c)
		}
	})
}

// variable is an entry of a container's env.
type variable struct {
	name, value string
	// path leads to the entry in its resource.
	path []string
}

// variables returns the entries of a container's env in their order. Those of
// envFrom are not among them.
func variables(c graph.Container) []variable {
	var found []variable
	for i, n := range manifest.Items(manifest.Get(c.Node, "env")) {
		found = append(found, variable{
			name:  manifest.String(n, "name"),
			value: manifest.String(n, "value"),
			path:  slices.Concat(c.Path, []string{"env", strconv.Itoa(i)}),
		})
	}
	return found
}

// indexOf returns the place of the variable of that name, -1 if there is none.
func indexOf(vars []variable, name string) int {
	return slices.IndexFunc(vars, func(v variable) bool { return v.name == name })
}

// shown quotes a text of a manifest for a message, on one line and not at length.
func shown(s string) string {
	const long = 60
	if r := []rune(s); len(r) > long {
		s = string(r[:long]) + "..."
	}
	return strconv.Quote(s)
}
