package services

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/hosts"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// ServiceHostUnresolved reports hosts and ports in the configuration of programs
// that a Service of the unit explains but does not serve.
var ServiceHostUnresolved = &analyzer.Rule{
	ID:    "service-host-unresolved",
	Title: "The configuration of a program misses the name or port of a Service",
	Claim: analyzer.Suspect,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob", "ConfigMap"},
	Why: `Programs find Services by DNS: NAME in their own namespace, NAME.NAMESPACE or NAME.NAMESPACE.svc.cluster.local in any. The names stand as text in environment variables, arguments and ConfigMaps, so nothing checks them, and kustomize's namePrefix, nameSuffix and namespace do not change them. A name that does not resolve fails with "no such host"; a port that the Service does not define is not answered, even if the pods listen on it: clients use ports[].port, not targetPort.

URLs and host:port are read, and whole values of variables such as DB_HOST. A host is reported only if a Service among the manifests explains it: kustomize renames it, it is one slip off, it is in another namespace, or it lacks the port. Ports of headless and ExternalName Services, which are not translated, are left alone.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: catalog
spec:
  selector: {app: catalog}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: front
data:
  CATALOG_URL: http://catalog:8080/api
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: catalog
spec:
  selector: {app: catalog}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: front
data:
  CATALOG_URL: http://catalog:80/api
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/",
		"https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service",
		"https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/nameprefix/",
	},
	Run: func(p *analyzer.Pass) error {
		for _, h := range hosts.All(p.Graph) {
			if p.Unit.Rewrites(kustomize.Relations) {
				p.Skip(h.From, "hosts: kustomize still renames their Services")
				continue
			}
			if f := judgeHost(p, h); f != nil {
				f.Location, f.Path, f.Resource = h.From.EntryLocation(h.Path...), h.Path, h.From
				p.Report(*f)
			}
		}
		return nil
	},
}

// judgeHost returns the finding about a host, without its place; nil if it resolves
// or if no Service explains it.
func judgeHost(p *analyzer.Pass, h hosts.Host) *analyzer.Finding {
	if resolved := hosts.Services(p.Graph, h); len(resolved) > 0 {
		return portMissing(h, resolved)
	}
	if madeElsewhere(p, h) {
		return nil
	}
	for _, explain := range []func(*analyzer.Pass, hosts.Host, *graph.Service) *analyzer.Finding{hostRenamed, hostElsewhere, hostMisspelt} {
		for _, s := range p.Graph.Services {
			if f := explain(p, h, s); f != nil {
				f.Consequence = fmt.Sprintf("the name %s does not resolve in the cluster, and connections fail: no such host", h.Text)
				f.Related = []analyzer.Related{{Location: s.NameLocation(), Message: fmt.Sprintf("%s is in %s", s, namespaceOr(p.Graph.Namespace(s.Resource)))}}
				return f
			}
		}
	}
	return nil
}

func namespaceOr(namespace string) string {
	if namespace == "" {
		return "the namespace of the manifests"
	}
	return "namespace " + namespace
}

// madeElsewhere reports whether a host may be something else than a Service of the
// unit: one beside it, or a host that the pods define themselves.
func madeElsewhere(p *analyzer.Pass, h hosts.Host) bool {
	if h.Name == "localhost" || p.Unit.MayHold(h.Name) || len(p.Graph.SiblingObjects().Named(graph.Target{Kind: "Service", Name: h.Name})) > 0 || manifest.IsPlaceholder(h.Text) {
		return true
	}
	w := h.Workload
	if w == nil {
		return false
	}
	if w.PodField("spec", "dnsConfig", "searches") != nil || manifest.String(w.PodField("spec", "hostname")) == h.Name {
		return true
	}
	return slices.ContainsFunc(manifest.Items(w.PodField("spec", "hostAliases")), func(n *manifest.Node) bool {
		return slices.ContainsFunc(manifest.Items(manifest.Get(n, "hostnames")), func(n *manifest.Node) bool { return manifest.String(n) == h.Text })
	})
}

// definesPort reports whether a Service can be reached by the port of a host.
func definesPort(s *graph.Service, h hosts.Host) bool {
	untranslated := s.Type() == "ExternalName" || manifest.String(s.Node, "spec", "clusterIP") == "None"
	return h.Port == 0 || untranslated || len(s.Ports()) == 0 || slices.ContainsFunc(s.Ports(), func(port graph.ServicePort) bool {
		return port.Number == h.Port || port.Number == 0
	})
}

// portMissing: none of the Services of this name defines the port.
func portMissing(h hosts.Host, services []*graph.Service) *analyzer.Finding {
	if slices.ContainsFunc(services, func(s *graph.Service) bool { return definesPort(s, h) }) {
		return nil
	}
	s := services[0]
	list := text.ServicePortList(s.Ports())
	f := &analyzer.Finding{
		Message:     fmt.Sprintf("%s uses %s:%d, and %s does not define port %d", h.From, h.Text, h.Port, s, h.Port),
		Label:       "not a port of the Service",
		Consequence: fmt.Sprintf("connections to %s:%d fail: the Service forwards only its own ports", h.Text, h.Port),
		Help:        fmt.Sprintf("use a port of the Service: %s", list),
		Related:     []analyzer.Related{{Location: s.KeyLocation("spec", "ports"), Message: "its ports are " + list}},
	}
	for _, port := range s.Ports() {
		if port.TargetNumber == h.Port {
			f.Label = "the port of the pods, not of the Service"
			f.Help = fmt.Sprintf("use the Service's port: %s:%d", h.Text, port.Number)
		}
	}
	return f
}

// hostRenamed: kustomize has given the Service another name and left the text
// alone.
func hostRenamed(p *analyzer.Pass, h hosts.Host, s *graph.Service) *analyzer.Finding {
	if s.WrittenName() != h.Name || s.Name == h.Name || !unit.SameNamespace(h.Namespace, p.Graph.Namespace(s.Resource)) {
		return nil
	}
	return &analyzer.Finding{
		Message: fmt.Sprintf("%s uses host %s, but kustomize renames Service %s to %s", h.From, h.Text, h.Name, s.Name),
		Label:   "kustomize does not change names in text",
		Help:    fmt.Sprintf("use %s in the overlay, or fill the value in by a replacement from the Service's name", s.Name),
	}
}

// hostElsewhere: the Service is in another namespace than the one that is asked.
func hostElsewhere(p *analyzer.Pass, h hosts.Host, s *graph.Service) *analyzer.Finding {
	namespace := p.Graph.Namespace(s.Resource)
	if s.Name != h.Name || h.Namespace == "" || namespace == "" || !definesPort(s, h) {
		return nil
	}
	f := &analyzer.Finding{
		Label: "another namespace",
		Help:  fmt.Sprintf("use %s.%s", h.Name, namespace),
	}
	switch {
	case h.Own:
		f.Message = fmt.Sprintf("%s in namespace %s uses host %s, but %s is in namespace %s", h.From, h.Namespace, h.Text, s, namespace)
	case nearmiss.IsSlip(h.Namespace, namespace), h.Namespace == "default":
		f.Message = fmt.Sprintf("%s uses host %s, but %s is in namespace %s", h.From, h.Text, s, namespace)
	default:
		return nil // a Service of others that has the same name
	}
	return f
}

// hostMisspelt: the name is one slip off that of a Service where it is looked for,
// which defines the port.
func hostMisspelt(p *analyzer.Pass, h hosts.Host, s *graph.Service) *analyzer.Finding {
	likeness := nearmiss.Compare(h.Name, s.Name)
	alike := likeness == nearmiss.Slip || likeness == nearmiss.Changed && len(h.Name) > 5
	sure := h.URL || h.Port != 0 || h.Full
	known := h.Own || h.Full || h.Namespace == p.Graph.Namespace(s.Resource)
	if !alike || !sure || !known || !unit.SameNamespace(h.Namespace, p.Graph.Namespace(s.Resource)) || !definesPort(s, h) || len(p.Graph.Called(h.Name)) > 0 {
		return nil
	}
	return &analyzer.Finding{
		Evidence: analyzer.NearMiss,
		Message:  fmt.Sprintf("%s uses host %s, and there is no Service %s", h.From, h.Text, h.Name),
		Label:    "no Service has this name",
		Notes:    nearmiss.Notes(h.Name, s.Name),
		Help:     fmt.Sprintf("use %s", s.Name),
	}
}
