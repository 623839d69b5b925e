package api

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
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
				if len(v.Refusals) > 0 || verdict.Unfinished(v.Resource, w.Path) {
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
		Claim:       claimOf(w.Message),
		Message:     fmt.Sprintf("%s: %s", r, w.Message),
		Consequence: "the API server accepts it with this warning",
		Help:        helpFor(w.Message),
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
	default:
		f.Help = "change or remove it"
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
func claimOf(warning string) analyzer.Claim {
	outdated := strings.Contains(warning, "deprecated") || strings.Contains(warning, "recommended") || strings.HasPrefix(warning, "use ")
	if outdated && !strings.Contains(warning, "non-functional") {
		return analyzer.Advice
	}
	return analyzer.Suspect
}
