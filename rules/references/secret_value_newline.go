package references

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// SecretValueNewline reports values of Secrets that end in white space and that
// containers get as variables.
var SecretValueNewline = &analyzer.Rule{
	ID:    "secret-value-newline",
	Title: "A Secret's value for a variable ends in a newline or a space",
	Claim: analyzer.Suspect,
	Kinds: []string{"Secret"},
	Why: `A variable gets the value of a Secret byte by byte. "echo password | base64" encodes a newline too, and a block of YAML that starts with | ends in one: the program logs in with a password that is one character too long.

Only values of one line are reported, and only if a container has them as a variable: a newline at the end of a file is as it should be.`,
	Bad: `apiVersion: v1
kind: Secret
metadata:
  name: db
data:
  password: czNjcjN0Cg==
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      env:
        - name: PASSWORD
          valueFrom:
            secretKeyRef: {name: db, key: password}
`,
	Good: `apiVersion: v1
kind: Secret
metadata:
  name: db
data:
  password: czNjcjN0
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      env:
        - name: PASSWORD
          valueFrom:
            secretKeyRef: {name: db, key: password}
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/configmap-secret/managing-secret-using-config-file/#create-the-config-file",
		"k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go: makeEnvironmentVariables",
	},
	Run: func(p *analyzer.Pass) error {
		type entry struct {
			secret *manifest.Resource
			key    string
		}
		seen := map[entry]bool{}
		for _, ref := range p.Graph.References().All {
			if ref.Use != graph.Env || ref.Target.Kind != "Secret" || !ref.Own || p.Graph.Superseded(ref.From) {
				continue
			}
			objects := p.Graph.Resolve(ref)
			if len(objects) != 1 || p.Graph.Superseded(objects[0]) {
				continue
			}
			for _, k := range missing.DataKeys(objects[0]) {
				if (ref.Key == "" || ref.Key == k.Name) && !seen[entry{objects[0], k.Name}] {
					seen[entry{objects[0], k.Name}] = true
					if end := endsIn(objects[0], k); end != "" {
						p.Report(trailing(ref, objects[0], k, end))
					}
				}
			}
		}
		return nil
	},
}

// endsIn returns what a value of one line ends in that it should not, "" if
// nothing.
func endsIn(secret *manifest.Resource, k missing.DataKey) string {
	value := manifest.String(secret.Node, k.Path...)
	if k.Path[0] == "data" {
		decoded, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return ""
		}
		value = string(decoded)
	}
	line := strings.TrimRight(value, " \t\r\n")
	switch {
	case line == "" || line == value || strings.ContainsAny(line, "\n") || strings.HasPrefix(line, "{") || manifest.IsPlaceholder(line):
		return "" // empty, as it should be, or a text that is parsed
	case strings.HasSuffix(value, "\n"):
		return "a newline"
	}
	return "a space"
}

func trailing(ref *graph.Reference, secret *manifest.Resource, k missing.DataKey, end string) analyzer.Finding {
	help := "encode the value without it: printf %s VALUE | base64"
	if k.Path[0] == "stringData" {
		help = "write the value on one line in quotes, or start the block with |-, which drops the newline at its end"
	}
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s: the value of %s ends in %s", secret, k.Name, end),
		Label:       "ends in " + end,
		Consequence: fmt.Sprintf("container %s of %s gets it with the variable, and a login or a comparison fails", ref.Container, ref.From),
		Help:        help,
		Location:    secret.EntryLocation(k.Path...),
		Path:        k.Path,
		Resource:    secret,
		Related:     []analyzer.Related{{Location: ref.From.EntryLocation(ref.Path...), Message: "used as a variable"}},
	}
}
