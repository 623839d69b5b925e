package storage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/workload"
)

// HostPathReplicated reports workloads of several pods that write into a
// directory of their node.
var HostPathReplicated = &analyzer.Rule{
	ID:    "hostpath-replicated",
	Title: "Several pods write into a directory of their node",
	Claim: analyzer.Advice,
	Kinds: []string{"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"},
	Why: `A hostPath volume is a directory of the node on which the pod happens to run. Of several replicas, those on one node share it and those on others have another; a pod that is made again elsewhere finds it empty. What is written there is neither shared nor private, and nothing says so.

Volumes that are only read, sockets and devices, and what belongs to the system (below /dev, /etc, /proc, /run, /sys, /usr, /lib, /var/log, /var/run and /var/lib/kubelet, docker or containerd) are left out, and so are pods that are bound to one node.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: cache
spec:
  replicas: 3
  selector:
    matchLabels: {app: cache}
  template:
    metadata:
      labels: {app: cache}
    spec:
      containers:
        - name: cache
          image: example/cache
          volumeMounts: [{name: data, mountPath: /data}]
      volumes:
        - name: data
          hostPath: {path: /volumes/cache, type: DirectoryOrCreate}
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: cache
spec:
  replicas: 3
  selector:
    matchLabels: {app: cache}
  template:
    metadata:
      labels: {app: cache}
    spec:
      containers:
        - name: cache
          image: example/cache
          volumeMounts: [{name: data, mountPath: /data}]
      volumes:
        - name: data
          emptyDir: {}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/storage/volumes/#hostpath",
		"k8s.io/kubernetes/pkg/volume/hostpath/host_path.go",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			n, ok := p.Graph.LeastPods(w)
			if !w.Own || w.Superseded || w.Controlled() || !ok || n < 2 || p.Unit.Rewrites(kustomize.Fields|kustomize.Replicas) || boundToNode(p.Graph, w) {
				continue
			}
			for i, v := range manifest.Items(w.PodField("spec", "volumes")) {
				if name := manifest.String(v, "name"); isState(v) && writes(w, name) {
					p.Report(sharedByChance(p.Graph, w, n, manifest.String(v, "hostPath", "path"), w.At("spec", "volumes", strconv.Itoa(i), "hostPath", "path")))
				}
			}
		}
		return nil
	},
}

// boundToNode reports whether all pods of a workload go to one node.
func boundToNode(g *graph.Graph, w *graph.Workload) bool {
	place := g.Placement(w)
	return place == nil || place.NodeName != "" || place.NodeSelector["kubernetes.io/hostname"] != "" || place.Required
}

// system are the directories in which pods meet what the node itself put there.
var system = []string{
	"/dev", "/etc", "/proc", "/run", "/sys", "/usr", "/lib", "/var/log", "/var/run",
	"/var/lib/kubelet", "/var/lib/docker", "/var/lib/containerd", "/var/lib/containers",
}

// isState reports whether a volume is a directory of the node that is not the
// system's.
func isState(volume *manifest.Node) bool {
	path := manifest.String(volume, "hostPath", "path")
	switch manifest.String(volume, "hostPath", "type") {
	case "", "Directory", "DirectoryOrCreate":
	default:
		return false
	}
	return path != "" && path != "/" && !manifest.IsPlaceholder(path) && !slices.ContainsFunc(system, func(dir string) bool {
		return path == dir || strings.HasPrefix(path, dir+"/")
	})
}

// writes reports whether a container that keeps running may write to a volume.
func writes(w *graph.Workload, volume string) bool {
	return slices.ContainsFunc(w.Containers(), func(c graph.Container) bool {
		return slices.ContainsFunc(manifest.Items(manifest.Get(c.Node, "volumeMounts")), func(m *manifest.Node) bool {
			return manifest.String(m, "name") == volume && !manifest.Bool(m, "readOnly")
		})
	})
}

func sharedByChance(g *graph.Graph, w *graph.Workload, n int, dir string, path []string) analyzer.Finding {
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s has %d pods that write into %s of their nodes", w, n, dir),
		Label:       "a directory of whatever node the pod runs on",
		Consequence: "pods on one node share it, pods on others have their own, and a pod that moves leaves it behind",
		Help:        "use emptyDir for what may be lost, a PersistentVolumeClaim for what may not, or readOnly: true",
		Location:    w.EntryLocation(path...),
		Path:        path,
		Resource:    w.Resource,
		Related:     workload.ReplicasOf(g, w, n),
	}
}
