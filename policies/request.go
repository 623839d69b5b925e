package policies

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// request is an object that Gatekeeper is asked about, and where it stands in
// what is written.
type request struct {
	object *manifest.Resource
	// of is the resource that is written: the object itself, or what it is made
	// of. at is where the object stands there.
	of *manifest.Resource
	at []string
	// workload is what creates the object, a pod; nil for others.
	workload *graph.Workload
	// expansion is what has made the object of a resource before that is
	// admitted; nil for others.
	expansion *expansion
}

// requests returns what Gatekeeper is asked about a resource: the resource, what
// the expansions make of it, and the pod that it creates as a workload.
func (c *cluster) requests(r *manifest.Resource) []request {
	all := []request{{object: r, of: r}}
	all = append(all, c.expanded(all[0], maxExpansions)...)
	if w := c.creates[r]; w != nil {
		if pod := c.pod(w); pod != nil {
			all = append(all, request{object: pod, of: r, at: w.TemplatePath, workload: w})
		}
	}
	return all
}

// creators returns the workloads of a unit that create pods of their own.
func creators(g *graph.Graph) map[*manifest.Resource]*graph.Workload {
	all := map[*manifest.Resource]*graph.Workload{}
	for _, w := range g.Workloads {
		n, counted := g.LeastPods(w)
		if w.Own && !w.Custom && !w.Superseded && !w.Controlled() && !w.IsPod() && !(counted && n == 0) {
			all[w.Resource] = w
		}
	}
	return all
}

// pod returns the pod of a workload as Gatekeeper's webhook sees it, nil if the
// API server refuses it before.
func (c *cluster) pod(w *graph.Workload) *manifest.Resource {
	pod, ok := c.graph.AdmittedPod(w)
	var object map[string]any
	if !ok || json.Unmarshal(pod.JSON, &object) != nil {
		return nil
	}
	delete(object, "status")
	return c.add(object, c.namespace(w.Resource))
}

// add makes a resource of an object that is in no file and adds it to those that
// can be asked about, nil if it cannot be read.
func (c *cluster) add(object map[string]any, namespace string) *manifest.Resource {
	metadata, _ := object["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		object["metadata"] = metadata
	}
	delete(metadata, "namespace")
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	data, err := json.Marshal(object)
	if err != nil {
		return nil
	}
	made := manifest.Parse(source.NewFile("", "", data)).Resources()
	if len(made) != 1 {
		return nil
	}
	conv := converters.Get().(*converter)
	defer conv.release()
	term, err := conv.object(made[0])
	if err != nil {
		return nil
	}
	c.objects[made[0]] = term
	return made[0]
}

// expansion is an ExpansionTemplate of Gatekeeper: it judges what a resource
// will make when the resource itself is admitted
// (github.com/open-policy-agent/gatekeeper pkg/expansion/system.go).
type expansion struct {
	resource         *manifest.Resource
	applyTo          []applyTo
	source           []string // the path of what is made
	action           string   // "" for that of the constraint
	apiVersion, kind string   // of what is made
}

// applyTo says which resources a template expands.
type applyTo struct{ groups, versions, kinds []string }

// maxExpansions bounds expansions of what expansions have made; Gatekeeper has
// such a bound too.
const maxExpansions = 5

func isExpansion(r *manifest.Resource) bool {
	return r.Group == "expansion.gatekeeper.sh" && r.Kind == "ExpansionTemplate"
}

func expansionOf(r *manifest.Resource) *expansion {
	e := &expansion{
		resource: r,
		source:   strings.Split(manifest.String(r.Node, "spec", "templateSource"), "."),
		action:   manifest.String(r.Node, "spec", "enforcementAction"),
		kind:     manifest.String(r.Node, "spec", "generatedGVK", "kind"),
	}
	e.apiVersion = strings.TrimPrefix(manifest.String(r.Node, "spec", "generatedGVK", "group")+"/"+manifest.String(r.Node, "spec", "generatedGVK", "version"), "/")
	for _, n := range manifest.Items(r.Get("spec", "applyTo")) {
		e.applyTo = append(e.applyTo, applyTo{texts(n, "groups"), texts(n, "versions"), texts(n, "kinds")})
	}
	return e
}

func texts(n *manifest.Node, key string) []string {
	var all []string
	for _, item := range manifest.Items(manifest.Get(n, key)) {
		all = append(all, item.Value)
	}
	return all
}

func (e *expansion) applies(r *manifest.Resource) bool {
	return slices.ContainsFunc(e.applyTo, func(a applyTo) bool {
		return slices.Contains(a.groups, r.Group) && slices.Contains(a.versions, r.Version) && slices.Contains(a.kinds, r.Kind)
	})
}

// expanded returns what the expansions make of the object of a request, and of
// what they make of it.
func (c *cluster) expanded(from request, left int) []request {
	if left == 0 {
		return nil
	}
	var all []request
	for _, e := range c.expansions {
		if !e.applies(from.object) {
			continue
		}
		value, ok := manifest.Value(from.object.Get(e.source...))
		object, isObject := value.(map[string]any)
		if !ok || !isObject {
			continue
		}
		object["apiVersion"], object["kind"] = e.apiVersion, e.kind
		metadata, _ := object["metadata"].(map[string]any)
		if metadata == nil {
			metadata = map[string]any{}
			object["metadata"] = metadata
		}
		metadata["name"] = from.object.Name + "-" + strings.ToLower(e.kind)
		made := c.add(object, c.namespace(from.object))
		if made == nil {
			continue
		}
		next := request{object: made, of: from.of, at: slices.Concat(from.at, e.source), expansion: e}
		all = append(append(all, next), c.expanded(next, left-1)...)
	}
	return all
}
