package api

import (
	"fmt"
	"regexp"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// APIWarning reports what the API server warns of.
var APIWarning = &analyzer.Rule{
	ID:    "api-warning",
	Title: "The API server accepts it with a warning",
	Claim: analyzer.Suspect,
	Why: `For what it has to accept and what is hardly ever meant, the API server sends a warning that kubectl prints: fields without effect, names that break DNS, an environment variable that stands twice. In a pipeline nobody reads it.

kubeknot asks the server's own code and repeats what it says. What is merely deprecated and still works is info.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: nginx
      env:
        - {name: MODE, value: a}
        - {name: MODE, value: b}
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: nginx
      env:
        - {name: MODE, value: b}
`,
	References: []string{
		"https://kubernetes.io/blog/2020/09/03/warnings/",
		"k8s.io/kubernetes/pkg/registry: WarningsOnCreate of each kind; pkg/api/pod/warnings.go",
	},
	Run: func(p *analyzer.Pass) error {
		for _, v := range verdict.All(p.Graph) {
			for _, w := range v.Warnings {
				if len(v.Refusals) > 0 || manifest.HoldsPlaceholder(v.Resource.Get(w.Path...)) {
					continue
				}
				p.Report(warned(v.Resource, w))
			}
		}
		return nil
	},
}

func warned(r *manifest.Resource, w apiserver.Warning) analyzer.Finding {
	f := analyzer.Finding{
		Cause:       analyzer.Cause(w.Cause),
		Claim:       claimOf(w.Cause),
		Message:     fmt.Sprintf("%s: %s", r, w.Message),
		Consequence: "the API server accepts it with this warning",
		Help:        helps[w.Cause],
		Path:        w.Path,
		Resource:    r,
	}
	if len(w.Path) > 0 {
		f.Message = fmt.Sprintf("%s: %s: %s", r, manifest.FieldPath(w.Path), w.Message)
	} else if m := annotation.FindStringSubmatch(w.Message); m != nil {
		f.Path = []string{"metadata", "annotations", m[1]}
	} else {
		f.Path = r.Mentioned(w.Message)
	}
	switch m := instead.FindStringSubmatch(w.Message); {
	case f.Help != "":
	case m != nil:
		f.Help = "use " + m[1]
	case f.Claim == analyzer.Advice:
		f.Help = "write it as the warning recommends, or ignore this: it still works"
	case w.Cause == apiserver.SelectorNull:
		f.Help = "add labelSelector.matchLabels with the labels of the pods"
		if own := manifest.StringMap(r.Node, templateLabels(r)...); len(own) > 0 {
			f.Help = fmt.Sprintf("add labelSelector.matchLabels with labels of the pods: %s", graph.FormatLabels(own))
		}
	case len(w.Path) > 0:
		f.Help = "use another value for " + manifest.FieldPath(w.Path)
	default:
		f.Help = "use what the warning recommends"
	}
	f.Location = r.EntryLocation(f.Path...)
	return f
}

// annotation and instead find, in a warning that names no field, the annotation
// that it is about, and what the server recommends.
var (
	annotation = regexp.MustCompile(`^annotation "([^"]+)"`)
	instead    = regexp.MustCompile(`use (?:the )?"([^"]+)"`)
)

// claimOf tells what works, and should be written in another way, from what
// does not do what is written.
func claimOf(cause apiserver.Cause) analyzer.Claim {
	if cause == apiserver.Deprecated || cause == apiserver.IngressClassAnnotation {
		return analyzer.Advice
	}
	return analyzer.Suspect
}

// templateLabels is the path of the labels that the pods of a resource get.
func templateLabels(r *manifest.Resource) []string {
	switch r.Kind {
	case "Pod":
		return []string{"metadata", "labels"}
	case "CronJob":
		return []string{"spec", "jobTemplate", "spec", "template", "metadata", "labels"}
	}
	return []string{"spec", "template", "metadata", "labels"}
}
