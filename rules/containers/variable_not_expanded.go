package containers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// VariableNotExpanded reports $(NAME) where Kubernetes leaves it as it is.
var VariableNotExpanded = &analyzer.Rule{
	ID:    "variable-not-expanded",
	Title: "$(NAME) refers to a variable that is not defined there",
	Claim: analyzer.Broken,
	Kinds: podKinds,
	Why: `Kubernetes replaces $(NAME) in the values of env, in command and in args. In env, NAME must be defined by envFrom or by an earlier entry of the list: one that follows comes too late, and what the image defines is not known. Otherwise $(NAME) stays as it is, without an error.

A name that nothing defines is reported only if it is one slip from one that is defined: others may be of a Service, or of a tool that fills in the manifest.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      env:
        - {name: URL, value: "http://$(HOST):8080"}
        - {name: HOST, value: db}
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      env:
        - {name: HOST, value: db}
        - {name: URL, value: "http://$(HOST):8080"}
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/",
		"k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go: makeEnvironmentVariables",
		"k8s.io/kubernetes/third_party/forked/golang/expansion/expand.go: Expand",
	},
	Run: func(p *analyzer.Pass) error {
		eachContainer(p, func(w *graph.Workload, c graph.Container) {
			if len(manifest.Items(manifest.Get(c.Node, "envFrom"))) > 0 {
				return // more variables than those of env
			}
			vars := variables(c)
			for i, v := range vars {
				for _, name := range namesIn(v.value) {
					unexpanded(p, w, use{c, fmt.Sprintf("variable %s of container %s", v.name, c.Name), word{v.value, append(slices.Clone(v.path), "value")}, name}, vars, i)
				}
			}
			for _, run := range programs(c)[:min(1, len(programs(c)))] {
				if run.name != "command" {
					continue
				}
				for _, word := range run.words {
					for _, name := range namesIn(word.text) {
						unexpanded(p, w, use{c, "the command of container " + c.Name, word, name}, vars, len(vars))
					}
				}
			}
		})
		return nil
	},
}

// use is a place that refers to a variable.
type use struct {
	container graph.Container
	by        string
	word      word
	name      string
}

// ofKubernetes finds variables in the form that Kubernetes replaces. $$(NAME)
// is an escape.
var ofKubernetes = regexp.MustCompile(`\$+\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)`)

// namesIn returns the variables that a text refers to, each once.
func namesIn(text string) []string {
	var names []string
	for _, m := range ofKubernetes.FindAllStringSubmatch(text, -1) {
		dollars := strings.Index(m[0], "(")
		if dollars%2 == 1 && !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// lists are the variables that an image defines and people extend.
var lists = []string{"PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "CLASSPATH", "NODE_PATH", "GOPATH", "JAVA_OPTS", "JAVA_TOOL_OPTIONS"}

// unexpanded reports a use if nothing of the first defined variables has its
// name.
func unexpanded(p *analyzer.Pass, w *graph.Workload, u use, vars []variable, defined int) {
	at := indexOf(vars, u.name)
	f := analyzer.Finding{
		Location:    w.EntryLocation(u.word.path...),
		Path:        u.word.path,
		Resource:    w.Resource,
		Label:       fmt.Sprintf("$(%s) stays as it is", u.name),
		Consequence: fmt.Sprintf("the program sees the text $(%s), not a value", u.name),
	}
	switch {
	case at >= 0 && at < defined:
		return
	case at >= 0 && at == defined:
		if !slices.Contains(lists, u.name) {
			return // a tool fills it in
		}
		f.Message = fmt.Sprintf("%s: %s refers to itself, but the value that the image gives %s is not known to Kubernetes", w, u.by, u.name)
		f.Help = fmt.Sprintf("write the image's value of %s out, or set the variable in a shell script", u.name)
	case at > defined:
		if vars[at].value == "$("+u.name+")" {
			return // a tool fills it in
		}
		f.Message = fmt.Sprintf("%s: %s refers to $(%s), which is defined only after it", w, u.by, u.name)
		f.Help = fmt.Sprintf("move the entry %s before %s in env", u.name, vars[defined].name)
		f.Related = []analyzer.Related{{Location: w.EntryLocation(append(slices.Clone(vars[at].path), "name")...), Message: "defined here, too late"}}
	default:
		meant := misspelt(vars[:defined], u.name)
		if meant < 0 {
			return
		}
		f.Evidence = analyzer.NearMiss
		f.Message = fmt.Sprintf("%s: %s refers to $(%s), which is not defined", w, u.by, u.name)
		f.Help = fmt.Sprintf("use $(%s)", vars[meant].name)
		f.Related = []analyzer.Related{{Location: w.EntryLocation(append(slices.Clone(vars[meant].path), "name")...), Message: vars[meant].name + " is defined here"}}
	}
	p.Report(f)
}

// misspelt returns the variable whose name is a slip away, -1 if there is none
// or more than one. A name in lower case may be a command of a shell.
func misspelt(vars []variable, name string) int {
	found := -1
	for i, v := range vars {
		if nearmiss.IsSlip(v.name, name) || strings.EqualFold(v.name, name) && len(name) > 2 && strings.ToUpper(name) == v.name && strings.Contains(name, "_") {
			if found >= 0 {
				return -1
			}
			found = i
		}
	}
	return found
}
