package graph

import (
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// Target is what a reference names: an object of a kind by its name. The
// version is no part of it.
type Target struct{ Group, Kind, Name string }

// TargetOf returns what references to a resource name.
func TargetOf(r *manifest.Resource) Target { return Target{r.Group, r.Kind, r.Name} }

// Use is how a reference is used, which decides what its absence does.
type Use string

// The uses of references.
const (
	Env          Use = "env"            // an environment variable, or all of them
	Volume       Use = "volume"         // the files of a volume
	Claim        Use = "claim"          // a PersistentVolumeClaim
	Account      Use = "account"        // the ServiceAccount of pods
	Governing    Use = "governing"      // the Service of a StatefulSet
	Backend      Use = "backend"        // the Service behind an Ingress
	Certificate  Use = "certificate"    // the TLS Secret of an Ingress
	GrantedRole  Use = "role"           // the roleRef of a binding
	GrantedTo    Use = "subject"        // a ServiceAccount of a binding
	PullSecret   Use = "pull secret"    // the credentials for images
	AccountToken Use = "account secret" // a Secret of a ServiceAccount
	Points       Use = "reference"      // what a route, a webhook or a custom resource names
	ScaleTarget  Use = "scale target"   // what an autoscaler scales; not among All
	Class        Use = "class"          // a PriorityClass, RuntimeClass, StorageClass, IngressClass or GatewayClass

	RouteParent         Use = "parent"               // the Gateway, ListenerSet or Service of a route
	RouteBackend        Use = "route backend"        // the Service behind a route of the Gateway API
	ListenerCertificate Use = "listener certificate" // the TLS Secret of a listener
	CACertificate       Use = "CA certificate"       // the ConfigMap of a BackendTLSPolicy
	PolicyTarget        Use = "policy target"        // the Service of a BackendTLSPolicy
)

// Reference is a name by which one object refers to another.
type Reference struct {
	// From is the object that refers.
	From *manifest.Resource
	// Own tells the unit's references from those of its context.
	Own bool
	// Workload is set if the reference stands in the template of its pods.
	Workload *Workload
	Use      Use
	Target   Target
	// Namespace is where the object is looked for; "" may be any.
	Namespace string
	// Path leads to the name in From.
	Path []string
	// Key is the entry of the object's data that is asked for, "" for all.
	Key string
	// KeyPath leads to the key.
	KeyPath []string
	// Loose reports that such objects mostly live elsewhere: nothing but a name that
	// is misspelled, or one that a build changes, is a fault.
	Loose bool
	// Optional reports that it does no harm if the object or key is missing.
	Optional bool
	// Container is the name of the container that needs it, "" if it is needed
	// by the pod as a whole.
	Container string
}

// References are the references of a unit and its context.
type References struct {
	// All are in the order of the resources, the unit's own first.
	All []*Reference

	byTarget map[Target][]*Reference
}

// To returns the references to a resource.
func (r *References) To(g *Graph, to *manifest.Resource) []*Reference {
	var found []*Reference
	for _, ref := range r.byTarget[TargetOf(to)] {
		if g.Finds(ref, to) {
			found = append(found, ref)
		}
	}
	return found
}

// Naming returns the references to objects of a name in all namespaces.
func (r *References) Naming(t Target) []*Reference { return r.byTarget[t] }

// Finds reports whether a resource is the one that the reference names.
func (g *Graph) Finds(ref *Reference, r *manifest.Resource) bool {
	return ref.Target == TargetOf(r) && g.InNamespaceOf(ref, r)
}

// InNamespaceOf reports whether a resource can be where a reference looks.
func (g *Graph) InNamespaceOf(ref *Reference, r *manifest.Resource) bool {
	return isClusterWide(r.Group, r.Kind) || unit.SameNamespace(ref.Namespace, g.Namespace(r))
}

// isClusterWide reports whether objects of a kind that references name have no
// namespace.
func isClusterWide(group, kind string) bool {
	return group == rbacGroup && kind == "ClusterRole" || classKinds[Target{Group: group, Kind: kind}]
}

const rbacGroup = "rbac.authorization.k8s.io"

var referencesKey memo.Key[*References]

// References returns the references of the unit and its context.
func (g *Graph) References() *References {
	return referencesKey.Of(g, func() *References {
		r := &reader{graph: g, References: &References{byTarget: map[Target][]*Reference{}}}
		for _, w := range g.Workloads {
			r.workload(w)
		}
		r.own = true
		for _, from := range g.Unit.Resources {
			r.resource(from)
		}
		r.own = false
		for _, from := range g.Unit.Context {
			r.resource(from)
		}
		return r.References
	})
}

// reader collects references.
type reader struct {
	*References
	graph *Graph
	own   bool
}

func (r *reader) add(ref Reference) {
	if ref.Target.Name == "" {
		return
	}
	if ref.Workload != nil {
		ref.From, ref.Own = ref.Workload.Resource, ref.Workload.Own
	} else {
		ref.Own = r.own
	}
	if ref.Namespace == "" && !isClusterWide(ref.Target.Group, ref.Target.Kind) {
		ref.Namespace = r.graph.Namespace(ref.From)
	}
	r.All = append(r.All, &ref)
	r.byTarget[ref.Target] = append(r.byTarget[ref.Target], &ref)
}

// workload reads what the pods of a workload refer to.
func (r *reader) workload(w *Workload) {
	for _, field := range []string{"initContainers", "containers", "ephemeralContainers"} {
		for i, c := range manifest.Items(w.PodField("spec", field)) {
			r.container(w, c, func(steps ...string) []string {
				return w.At(slices.Concat([]string{"spec", field, strconv.Itoa(i)}, steps)...)
			})
		}
	}
	mounted, replaced := mounts(w), templatedVolumes(w)
	for i, v := range manifest.Items(w.PodField("spec", "volumes")) {
		name := manifest.String(v, "name")
		if replaced[name] {
			continue
		}
		if mounted[name] {
			r.volume(w, v, i)
		}
		if claim := manifest.String(v, "persistentVolumeClaim", "claimName"); claim != "" {
			r.add(Reference{Workload: w, Use: Claim, Target: Target{Kind: "PersistentVolumeClaim", Name: claim},
				Path: w.At("spec", "volumes", strconv.Itoa(i), "persistentVolumeClaim", "claimName")})
		}
	}
	for i, s := range manifest.Items(w.PodField("spec", "imagePullSecrets")) {
		r.add(Reference{Workload: w, Use: PullSecret, Target: Target{Kind: "Secret", Name: manifest.String(s, "name")},
			Path: w.At("spec", "imagePullSecrets", strconv.Itoa(i), "name"), Optional: true})
	}
	account := "serviceAccountName"
	if w.PodField("spec", account) == nil {
		account = "serviceAccount" // its name in the first versions, still read
	}
	if name := manifest.String(w.PodField("spec", account)); name != "" {
		r.add(Reference{Workload: w, Use: Account, Target: Target{Kind: "ServiceAccount", Name: name}, Path: w.At("spec", account)})
	}
	r.podClasses(w)
}

// mounts returns the names of the volumes that a container mounts: the kubelet
// sets up no others.
func mounts(w *Workload) map[string]bool {
	names := map[string]bool{}
	for _, field := range []string{"initContainers", "containers"} {
		for _, c := range manifest.Items(w.PodField("spec", field)) {
			for _, m := range manifest.Items(manifest.Get(c, "volumeMounts")) {
				names[manifest.String(m, "name")] = true
			}
		}
	}
	return names
}

// templatedVolumes returns the names of the volumes that a StatefulSet makes
// from its claim templates, in place of those of its pod template
// (pkg/controller/statefulset/stateful_set_utils.go updateStorage).
func templatedVolumes(w *Workload) map[string]bool {
	names := map[string]bool{}
	if w.Kind == "StatefulSet" {
		for _, t := range manifest.Items(w.Get("spec", "volumeClaimTemplates")) {
			names[manifest.String(t, "metadata", "name")] = true
		}
	}
	return names
}

// container reads the environment of a container. path returns the path of
// something in it: most of what is there refers to nothing.
func (r *reader) container(w *Workload, c *manifest.Node, path func(steps ...string) []string) {
	name := manifest.String(c, "name")
	for i, e := range manifest.Items(manifest.Get(c, "env")) {
		for _, source := range [...]struct{ field, kind string }{{"configMapKeyRef", "ConfigMap"}, {"secretKeyRef", "Secret"}} {
			if ref := manifest.Get(e, "valueFrom", source.field); ref != nil {
				from := path("env", strconv.Itoa(i), "valueFrom", source.field)
				r.add(Reference{Workload: w, Use: Env, Container: name, Target: Target{Kind: source.kind, Name: manifest.String(ref, "name")},
					Path: at(from, "name"), Key: manifest.String(ref, "key"), KeyPath: at(from, "key"), Optional: manifest.Bool(ref, "optional")})
			}
		}
	}
	for i, e := range manifest.Items(manifest.Get(c, "envFrom")) {
		for _, source := range [...]struct{ field, kind string }{{"configMapRef", "ConfigMap"}, {"secretRef", "Secret"}} {
			if ref := manifest.Get(e, source.field); ref != nil {
				r.add(Reference{Workload: w, Use: Env, Container: name, Target: Target{Kind: source.kind, Name: manifest.String(ref, "name")},
					Path: path("envFrom", strconv.Itoa(i), source.field, "name"), Optional: manifest.Bool(ref, "optional")})
			}
		}
	}
}

// volume reads the ConfigMaps and Secrets of a volume, projected ones included.
func (r *reader) volume(w *Workload, v *manifest.Node, i int) {
	path := []string{"spec", "volumes", strconv.Itoa(i)}
	r.files(w, "ConfigMap", "name", manifest.Get(v, "configMap"), path, "configMap")
	r.files(w, "Secret", "secretName", manifest.Get(v, "secret"), path, "secret")
	for i, s := range manifest.Items(manifest.Get(v, "projected", "sources")) {
		source := at(path, "projected", "sources", strconv.Itoa(i))
		r.files(w, "ConfigMap", "name", manifest.Get(s, "configMap"), source, "configMap")
		r.files(w, "Secret", "name", manifest.Get(s, "secret"), source, "secret")
	}
}

// files reads a source of files, which stands in a field at a path in the pod
// template, if it does: the object as a whole, or some of its keys.
func (r *reader) files(w *Workload, kind, name string, source *manifest.Node, in []string, field string) {
	if source == nil {
		return
	}
	path := w.At(at(in, field)...)
	whole := Reference{Workload: w, Use: Volume, Target: Target{Kind: kind, Name: manifest.String(source, name)},
		Path: at(path, name), Optional: manifest.Bool(source, "optional")}
	items := manifest.Items(manifest.Get(source, "items"))
	if len(items) == 0 {
		r.add(whole)
	}
	for i, item := range items {
		ref := whole
		ref.Key, ref.KeyPath = manifest.String(item, "key"), at(path, "items", strconv.Itoa(i), "key")
		r.add(ref)
	}
}

// resource reads what an object other than the template of a workload refers
// to.
func (r *reader) resource(from *manifest.Resource) {
	r.classes(from)
	r.pointers(from)
	switch {
	case from.Kind == "StatefulSet" && from.Group == "apps":
		r.add(Reference{From: from, Use: Governing, Target: Target{Kind: "Service", Name: manifest.String(from.Node, "spec", "serviceName")},
			Path: []string{"spec", "serviceName"}})
	case from.Kind == "Ingress" && (from.Group == "networking.k8s.io" || from.Group == "extensions"):
		r.ingress(from)
	case from.Group == GatewayGroup:
		r.gatewayAPI(from)
	case from.Group == rbacGroup && (from.Kind == "RoleBinding" || from.Kind == "ClusterRoleBinding"):
		r.binding(from)
	case from.Kind == "ServiceAccount" && from.Group == "":
		for _, field := range []string{"secrets", "imagePullSecrets"} {
			for i, s := range manifest.Items(from.Get(field)) {
				r.add(Reference{From: from, Use: AccountToken, Target: Target{Kind: "Secret", Name: manifest.String(s, "name")},
					Path: []string{field, strconv.Itoa(i), "name"}, Optional: true})
			}
		}
	}
}

// ingress reads the certificates and the Services of an Ingress. KeyPath of a
// Service leads to the port, Key is its name or number.
func (r *reader) ingress(from *manifest.Resource) {
	for i, t := range manifest.Items(from.Get("spec", "tls")) {
		r.add(Reference{From: from, Use: Certificate, Target: Target{Kind: "Secret", Name: manifest.String(t, "secretName")},
			Path: []string{"spec", "tls", strconv.Itoa(i), "secretName"}, Optional: true})
	}
	r.backend(from, "spec", "defaultBackend")
	r.backend(from, "spec", "backend") // its name before networking.k8s.io/v1
	for i, rule := range manifest.Items(from.Get("spec", "rules")) {
		for j := range manifest.Items(manifest.Get(rule, "http", "paths")) {
			r.backend(from, "spec", "rules", strconv.Itoa(i), "http", "paths", strconv.Itoa(j), "backend")
		}
	}
}

// backend reads the Service of an Ingress in the form of networking.k8s.io/v1,
// or in that of the versions before.
func (r *reader) backend(from *manifest.Resource, path ...string) {
	ref := Reference{From: from, Use: Backend, Path: at(path, "service", "name"), KeyPath: at(path, "service", "port", "number")}
	if from.Get(ref.KeyPath...) == nil {
		ref.KeyPath = at(path, "service", "port", "name")
	}
	if from.Get(at(path, "serviceName")...) != nil {
		ref.Path, ref.KeyPath = at(path, "serviceName"), at(path, "servicePort")
	}
	ref.Key = manifest.String(from.Node, ref.KeyPath...)
	ref.Target = Target{Kind: "Service", Name: manifest.String(from.Node, ref.Path...)}
	r.add(ref)
}

// binding reads the role and the ServiceAccounts of a binding.
func (r *reader) binding(from *manifest.Resource) {
	r.add(Reference{From: from, Use: GrantedRole, Path: []string{"roleRef", "name"}, Target: Target{
		Group: rbacGroup, Kind: manifest.String(from.Node, "roleRef", "kind"), Name: manifest.String(from.Node, "roleRef", "name")}})
	for i, s := range manifest.Items(from.Get("subjects")) {
		if manifest.String(s, "kind") == "ServiceAccount" {
			r.add(Reference{From: from, Use: GrantedTo, Path: []string{"subjects", strconv.Itoa(i), "name"},
				Target: Target{Kind: "ServiceAccount", Name: manifest.String(s, "name")}, Namespace: manifest.String(s, "namespace")})
		}
	}
}

func at(path []string, steps ...string) []string { return slices.Concat(path, steps) }
