package network

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/hosts"
)

// HostNetworkDNS reports pods on the network of their node that use the names of
// Services and ask the DNS of the node.
var HostNetworkDNS = &analyzer.Rule{
	ID:    "host-network-dns",
	Title: "Pods with hostNetwork use names of Services without the cluster's DNS",
	Claim: analyzer.Suspect,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why:   `With hostNetwork: true, dnsPolicy ClusterFirst, which is also the default, falls back to Default: the pods use the node's resolv.conf, which does not know the names of Services. ClusterFirstWithHostNet asks the DNS of the cluster. Pods are reported whose environment, arguments or ConfigMaps name a Service among the manifests.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: etcd
spec:
  type: ExternalName
  externalName: etcd.example.com
---
apiVersion: v1
kind: Pod
metadata:
  name: agent
spec:
  hostNetwork: true
  containers:
    - name: agent
      image: example/agent:1
      args: ["--server=http://etcd:2379"]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: etcd
spec:
  type: ExternalName
  externalName: etcd.example.com
---
apiVersion: v1
kind: Pod
metadata:
  name: agent
spec:
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  containers:
    - name: agent
      image: example/agent:1
      args: ["--server=http://etcd:2379"]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy",
		"k8s.io/kubernetes/pkg/kubelet/network/dns/dns.go: getPodDNSType",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			policy := manifest.String(w.PodField("spec", "dnsPolicy"))
			if !w.Own || w.Superseded || w.Controlled() || !manifest.Bool(w.PodField("spec", "hostNetwork")) || policy != "" && policy != "ClusterFirst" || w.PodField("spec", "dnsConfig", "nameservers") != nil {
				continue
			}
			used := hosts.UsedBy(p.Graph, w)
			for _, s := range p.Graph.Services {
				if h, uses := used[s]; uses {
					p.Report(nodeResolver(w, s, h))
					break
				}
			}
		}
		return nil
	},
}

func nodeResolver(w *graph.Workload, s *graph.Service, h hosts.Host) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s has hostNetwork: true and uses host %s of %s, with dnsPolicy ClusterFirst", w, h.Text, s),
		Label:       "ClusterFirst means the node's DNS here",
		Consequence: fmt.Sprintf("the pods use the node's resolver, which does not know %s: no such host", h.Text),
		Help:        "set dnsPolicy: ClusterFirstWithHostNet",
		Path:        w.At("spec", "hostNetwork"),
		Resource:    w.Resource,
		Related:     []analyzer.Related{{Location: h.From.EntryLocation(slices.Clone(h.Path)...), Message: fmt.Sprintf("uses host %s", h.Text)}},
	}
	f.Location = w.EntryLocation(f.Path...)
	return f
}
