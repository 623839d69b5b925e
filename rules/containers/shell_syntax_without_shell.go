package containers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
)

// ShellSyntaxWithoutShell reports operators and variables of the shell in the
// arguments of a program that no shell starts.
var ShellSyntaxWithoutShell = &analyzer.Rule{
	ID:    "shell-syntax-without-shell",
	Title: "Shell syntax in arguments that no shell reads",
	Claim: analyzer.Suspect,
	Kinds: podKinds,
	Why: `command and args go to the program as they are written. Without a shell, && and | are arguments like others, and $PORT stays the text $PORT. Kubernetes replaces variables of the container itself, but only in the form $(PORT).

A variable is reported if the container defines it. Programs that start a shell, and scripts, are left alone.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      command: [node, server.js]
      args: ["--port=$PORT"]
      env: [{name: PORT, value: "8080"}]
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      command: [node, server.js]
      args: ["--port=$(PORT)"]
      env: [{name: PORT, value: "8080"}]
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/#use-environment-variables-to-define-arguments",
		"k8s.io/kubernetes/third_party/forked/golang/expansion/expand.go: Expand",
		"k8s.io/kubernetes/pkg/kubelet/container/helpers.go: ExpandContainerCommandAndArgs",
	},
	Run: func(p *analyzer.Pass) error {
		eachContainer(p, func(w *graph.Workload, c graph.Container) {
			vars := variables(c)
			for _, run := range programs(c) {
				if run.throughShell() {
					continue
				}
				if !operatorAsArgument(p, w, c, run) && run.name == "command" && !run.isScript() {
					variableOfShell(p, w, c, run, vars)
				}
			}
		})
		return nil
	},
}

// operators are what a shell does not pass on. A program whose name is not
// known may well take the rarer ones as arguments.
var operators = []string{"&&", "||", "|", ">", ">>", "<", "2>&1", "2>", "&>", ";", "&"}

// comparers are programs that take operators as arguments.
var comparers = []string{"test", "[", "[[", "expr", "find", "let", "jq", "yq", "awk", "dpkg"}

// operatorAsArgument reports the first operator among the words.
func operatorAsArgument(p *analyzer.Pass, w *graph.Workload, c graph.Container, run program) bool {
	if slices.Contains(comparers, run.executable()) || slices.ContainsFunc(run.words, func(w word) bool { return strings.HasPrefix(w.text, "-exec") }) {
		return false
	}
	for i, word := range run.words {
		if !slices.Contains(operators, word.text) || i == 0 || !run.known && word.text != "&&" && word.text != "||" {
			continue
		}
		to := run.executable()
		if to == "" {
			to = "the program of the image"
		}
		var line []string
		for _, w := range run.words {
			line = append(line, w.text)
		}
		p.Report(analyzer.Finding{
			Message:     fmt.Sprintf("%s: the %s of container %s has the shell operator %s, but no shell reads it", w, run.name, c.Name, word.text),
			Label:       "an argument like others",
			Consequence: fmt.Sprintf("%s gets %s and what follows as arguments", to, word.text),
			Help:        fmt.Sprintf(`start a shell: ["/bin/sh", "-c", %s]`, shown(strings.Join(line, " "))),
			Location:    w.EntryLocation(word.path...),
			Path:        word.path,
			Resource:    w.Resource,
		})
		return true
	}
	return false
}

// ofShell finds variables in the form that shells replace.
var ofShell = regexp.MustCompile(`(^|[^$\\])\$(\{[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z_][A-Za-z0-9_]*)`)

// expanders are programs that replace ${NAME} in their arguments themselves.
var expanders = []string{"java", "elasticsearch", "logstash", "kibana", "otelcol", "otelcol-contrib"}

// variableOfShell reports the first word that uses a variable of the container
// in the form of a shell.
func variableOfShell(p *analyzer.Pass, w *graph.Workload, c graph.Container, run program, vars []variable) {
	for _, word := range run.words {
		for _, m := range ofShell.FindAllStringSubmatch(word.text, -1) {
			name := strings.Trim(m[2], "{}")
			braced := name != m[2]
			at := indexOf(vars, name)
			// A tool that fills in ${NAME} here does so in the variable too.
			if at < 0 || strings.Contains(vars[at].value, "$"+m[2]) || braced && (!run.known || slices.Contains(expanders, run.executable())) {
				continue
			}
			p.Report(analyzer.Finding{
				Message:     fmt.Sprintf("%s: the %s of container %s contains $%s, which only a shell replaces", w, run.name, c.Name, m[2]),
				Label:       "no shell reads this",
				Consequence: fmt.Sprintf("the program gets the text $%s, not the value of the variable", m[2]),
				Help:        fmt.Sprintf("use $(%s), which Kubernetes replaces", name),
				Location:    w.EntryLocation(word.path...),
				Path:        word.path,
				Resource:    w.Resource,
				Related:     []analyzer.Related{{Location: w.EntryLocation(append(slices.Clone(vars[at].path), "name")...), Message: "the variable is defined here"}},
			})
			return
		}
	}
}
