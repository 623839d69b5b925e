package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// tool is a way to run a program on a tree.
type tool struct {
	name    string
	program string // "" if it is not there
	args    func(dir string, files []string) []string
	primed  bool // run once before, uncounted
}

// base is the tool that the others are compared with.
const base = "kube-score"

// prepare returns the tools, with what they need in scratch.
func prepare(bin, scratch, swagger string) ([]tool, error) {
	schemas, three, fifty := filepath.Join(scratch, "schemas"), filepath.Join(scratch, "three"), filepath.Join(scratch, "fifty")
	if err := writeSchemas(schemas, swagger); err != nil {
		return nil, err
	}
	for dir, text := range map[string]string{three: threeRules, fifty: fiftyRules()} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, "rules.rego"), []byte(text), 0o666); err != nil {
			return nil, err
		}
	}
	if err := os.Setenv("XDG_CACHE_HOME", filepath.Join(scratch, "cache")); err != nil {
		return nil, err
	}
	lint := func(more ...string) func(string, []string) []string {
		return func(dir string, _ []string) []string {
			return append([]string{"lint", dir, "--format", "concise"}, more...)
		}
	}
	conftest := func(policies string) func(string, []string) []string {
		return func(dir string, _ []string) []string { return []string{"test", "--policy", policies, "--quiet", dir} }
	}
	tools := []tool{
		{name: "kubeknot, cold", program: "kubeknot", args: lint("--no-cache")},
		{name: "kubeknot, warm", program: "kubeknot", args: lint(), primed: true},
		{name: base, program: base, args: func(_ string, files []string) []string {
			return append([]string{"score", "--output-format", "ci"}, files...)
		}},
		{name: "kubeconform", program: "kubeconform", args: func(dir string, _ []string) []string {
			return []string{"-schema-location", schemas + "/{{.ResourceKind}}{{.KindSuffix}}.json", "-summary", dir}
		}},
		{name: "conftest, 3 rules", program: "conftest", args: conftest(three)},
		{name: "conftest, 50 rules", program: "conftest", args: conftest(fifty)},
		{name: "kubeknot, cold, with the same 50 rules", program: "kubeknot", args: lint("--no-cache", "--policy", fifty)},
	}
	for i := range tools {
		t := &tools[i]
		t.program = filepath.Join(bin, t.program)
		info, err := buildinfo.ReadFile(t.program)
		if err != nil {
			t.program = ""
			continue
		}
		if !strings.HasPrefix(t.name, "kubeknot") {
			name, what, _ := strings.Cut(t.name, ",")
			t.name = strings.TrimSuffix(name+" "+info.Main.Version+","+what, ",")
		}
	}
	return tools, nil
}

// kinds are those of the trees: the file that kubeconform looks for, and the
// definition.
var kinds = map[string]string{
	"deployment-apps-v1":                     "io.k8s.api.apps.v1.Deployment",
	"service-v1":                             "io.k8s.api.core.v1.Service",
	"configmap-v1":                           "io.k8s.api.core.v1.ConfigMap",
	"horizontalpodautoscaler-autoscaling-v2": "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
}

// writeSchemas makes JSON Schemas of what Kubernetes publishes as OpenAPI, in
// which a port by name or number is a string.
func writeSchemas(dir, swagger string) error {
	data, err := os.ReadFile(swagger)
	if err != nil {
		return err
	}
	var all struct {
		Definitions map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	all.Definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = map[string]any{"type": []string{"string", "integer"}}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if data, err = json.Marshal(all); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "all.json"), data, 0o666); err != nil {
		return err
	}
	for name, definition := range kinds {
		text := fmt.Sprintf(`{"$ref": "file://%s/all.json#/definitions/%s"}`, filepath.ToSlash(dir), definition)
		if err := os.WriteFile(filepath.Join(dir, name+".json"), []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}

const threeRules = `package main

deny contains msg if {
	input.kind == "Deployment"
	not input.spec.selector.matchLabels.app
	msg := "no app label in the selector"
}

deny contains msg if {
	input.kind == "Deployment"
	some c in input.spec.template.spec.containers
	endswith(c.image, ":latest")
	msg := sprintf("%s runs latest", [c.name])
}

warn contains msg if {
	input.kind == "Service"
	input.spec.type == "LoadBalancer"
	msg := "a load balancer costs money"
}
`

// fiftyRules are as many rules of conftest, each of which looks at one kind.
func fiftyRules() string {
	conditions := []string{
		"input.kind == \"Deployment\"\n\tinput.spec.replicas > %d",
		"input.kind == \"Deployment\"\n\tcount(input.spec.template.spec.containers) > %d",
		"input.kind == \"Service\"\n\tsome p in input.spec.ports\n\tp.port == %d",
		"input.kind == \"ConfigMap\"\n\tcount(input.data) > %d",
		"input.kind == \"HorizontalPodAutoscaler\"\n\tinput.spec.maxReplicas > %d",
	}
	text := "package main\n"
	for i := range 50 {
		text += fmt.Sprintf("\ndeny contains msg if {\n\t"+conditions[i%len(conditions)]+"\n\tmsg := \"rule %d\"\n}\n", 100+i, i)
	}
	return text
}
