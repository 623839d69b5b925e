package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// pieces are what random trees are made of: files by their name, in which TEXT is
// replaced. They refer to each other, so that random ones meet.
var pieces = [...]txtar.File{
	{Name: "a.yaml", Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: \"TEXT\"}\n")},
	{Name: "b.yaml", Data: []byte("TEXT")},
	{Name: "c.json", Data: []byte(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "TEXT"}, "spec": TEXT}`)},
	{Name: "chart/Chart.yaml", Data: []byte("apiVersion: v2\nname: c\nversion: 0.1.0\n")},
	{Name: "chart/values.yaml", Data: []byte("a: &a TEXT\nb: *a\n")},
	{Name: "chart/templates/a.yaml", Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  {{ range until 99 }}a{{ . }}: {{ tpl \"TEXT\" $ | quote }}\n  {{ end }}\n")},
	{Name: "chart/templates/b.yaml", Data: []byte("{{ TEXT }}")},
	{Name: "k/kustomization.yaml", Data: []byte("resources: [../a.yaml, ../l, TEXT]\npatches:\n- target: {kind: ConfigMap}\n  patch: |\n    - {op: copy, from: /data, path: /data/TEXT}\n")},
	{Name: "l/kustomization.yaml", Data: []byte("resources: [../k, ../b.yaml]\nnamePrefix: TEXT\n")},
	{Name: "conftest.toml", Data: []byte("policy = \"TEXT\"\n")},
	{Name: "policy/p.rego", Data: []byte("package main\nimport rego.v1\ndeny contains msg if {\n\tmsg := sprintf(\"%v\", [TEXT])\n}\n")},
	{Name: "t.yaml", Data: []byte("apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: t}\nspec:\n  crd: {spec: {names: {kind: T}}}\n  targets:\n  - target: admission.k8s.gatekeeper.sh\n    rego: |\n      package t\n      violation[{\"msg\": \"x\"}] { TEXT }\n---\napiVersion: constraints.gatekeeper.sh/v1beta1\nkind: T\nmetadata: {name: t}\n")},
	{Name: "kubeknot.yaml", Data: []byte("policies: [conftest.toml]\nvalues: [chart/values.yaml]\nexclude: [\"TEXT\"]\n")},
}

// FuzzTree puts random trees through the whole command, in a process of its own
// that is killed if it does not end. Whatever they hold, the program neither
// crashes nor loses what it finds in an honest file; a configuration may stop it.
func FuzzTree(f *testing.F) {
	for i, text := range []string{"", "x", "{{ .Values }}", "[[[[", "*a", "../..", "\x00\ufeff", `numbers.range(1, 1000000)[_] < 0`, `include "x" .`, "# kubeknot:ignore-file x", "1e999999999"} {
		f.Add(uint64(i), uint16(1)<<i|1, text)
	}
	f.Fuzz(func(t *testing.T, seed uint64, chosen uint16, text string) {
		a := attack{}
		for i, p := range pieces {
			if chosen&(1<<i) != 0 {
				a.files = append(a.files, txtar.File{Name: p.Name, Data: []byte(strings.ReplaceAll(string(p.Data), "TEXT", text))})
			}
		}
		dir := a.lay(t)
		random := rand.New(rand.NewPCG(seed, 0))
		for range random.IntN(3) { // links, some of them to nowhere or in circles
			from, to := pieces[random.IntN(len(pieces))].Name, pieces[random.IntN(len(pieces))].Name
			link := filepath.Join(dir, filepath.Dir(from), "link-"+filepath.Base(from))
			if err := os.MkdirAll(filepath.Dir(link), 0o777); err != nil {
				t.Fatal(err)
			}
			_ = os.Symlink(filepath.Join(dir, to), link) // the same link may be there
		}
		out, code, memory := watched(t, dir, "lint", ".", "--no-cache", "--format=concise", "--timeout=20s", "--memory-limit=1Gi")
		if code < 0 || code > 2 || strings.Contains(out, "goroutine ") || strings.Contains(out, "panic: ") {
			t.Errorf("it crashes with exit code %d:\n%.4000s", code, out)
		}
		if code != 2 && !strings.Contains(out, sentinelFinding) && !strings.ContainsAny(text, "*?[{") {
			t.Errorf("exit code %d, and the fault of the honest file is lost:\n%.4000s", code, out)
		}
		if memory > hostileMemory {
			t.Errorf("it takes %d MiB", memory>>20)
		}
	})
}
