package policies

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// thousand is a file of 1,000 Deployments, every tenth without replicas.
func thousand() *source.File { return deployments(1000) }

func deployments(n int) *source.File {
	var text strings.Builder
	for i := range n {
		replicas := "\n  replicas: 3"
		if i%10 == 0 {
			replicas = ""
		}
		fmt.Fprintf(&text, `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-%[1]d
  namespace: shop
  labels:
    app.kubernetes.io/name: web-%[1]d
    app.kubernetes.io/part-of: shop
spec:%[2]s
  selector:
    matchLabels:
      app.kubernetes.io/name: web-%[1]d
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web-%[1]d
        app.kubernetes.io/part-of: shop
    spec:
      serviceAccountName: web
      containers:
        - name: web
          image: registry.example.com/shop/web:1.%[1]d
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: LOG_LEVEL
              value: info
            - name: PASSWORD
              valueFrom:
                secretKeyRef:
                  name: web-%[1]d
                  key: password
          resources:
            requests:
              cpu: 100m
              memory: 64Mi
          readinessProbe:
            httpGet:
              path: /healthz
              port: http
      volumes:
        - name: conf
          configMap:
            name: web
`, i, replicas)
	}
	return source.NewFile("a.yaml", "a.yaml", []byte(text.String()))
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Embedded(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParse is what the others are measured by: reading the same file.
func BenchmarkParse(b *testing.B) {
	f := thousand()
	for b.Loop() {
		manifest.Parse(f)
	}
}

// BenchmarkConvert builds the input that the policies share.
func BenchmarkConvert(b *testing.B) {
	g := graph.Build(unit.FromFile(manifest.Parse(thousand()), ""), nil)
	for b.Loop() {
		if _, err := newInput(g).value([]string{"Deployment"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRun evaluates all policies over a new graph each time, so it holds
// the conversion too.
func BenchmarkRun(b *testing.B) {
	rules, err := Embedded()
	if err != nil {
		b.Fatal(err)
	}
	u := unit.FromFile(manifest.Parse(thousand()), "")
	for b.Loop() {
		b.StopTimer()
		g := graph.Build(u, nil)
		b.StartTimer()
		found := 0
		for _, r := range rules {
			pass := &analyzer.Pass{Rule: r, Unit: u, Graph: g}
			if err := r.Run(pass); err != nil {
				b.Fatal(err)
			}
			found += len(pass.Findings)
		}
		if found != 100 {
			b.Fatal(found)
		}
	}
}

// BenchmarkRunWithoutItsKinds is what a unit costs in which no policy has
// anything to judge.
func BenchmarkRunWithoutItsKinds(b *testing.B) {
	rules, err := Embedded()
	if err != nil {
		b.Fatal(err)
	}
	f := source.NewFile("a.yaml", "a.yaml", []byte("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"))
	u := unit.FromFile(manifest.Parse(f), "")
	for b.Loop() {
		g := &graph.Graph{Unit: u}
		for _, r := range rules {
			if err := r.Run(&analyzer.Pass{Rule: r, Unit: u, Graph: g}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// fifty are policies that look at every Deployment, each with another check.
func fifty(b *testing.B) []*analyzer.Rule {
	b.Helper()
	files := fstest.MapFS{}
	checks := []string{
		`w.object.spec.replicas > 99`,
		`endswith(w.object.spec.template.spec.containers[_].image, ":latest")`,
		`not w.object.metadata.labels`,
		`not w.object.spec.template.spec.containers[0].resources.requests.cpu`,
		`w.object.spec.template.spec.hostNetwork == true`,
	}
	for i := range 50 {
		text := fmt.Sprintf("%sfindings contains {\"resource\": w.ref, \"msg\": \"m\"} if {\n\tsome w in input.resources.Deployment\n\t%s\n}\n", header, checks[i%len(checks)])
		name := fmt.Sprintf("some-rule%d", i)
		files[name+".rego"] = &fstest.MapFile{Data: []byte(strings.Replace(text, "some_rule", strings.ReplaceAll(name, "-", "_"), 1))}
	}
	rules, err := Load(files)
	if err != nil {
		b.Fatal(err)
	}
	return rules
}

// BenchmarkFiftyPolicies runs 50 policies over 10,000 objects, in units of as
// many as its name says, and states how that compares to parsing them: both in
// turn, and of each the quickest round.
func BenchmarkFiftyPolicies(b *testing.B) {
	rules := fifty(b)
	for _, size := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("unit=%d", size), func(b *testing.B) {
			f := deployments(size)
			best := map[string]time.Duration{}
			for b.Loop() {
				var parsing, running time.Duration
				for range 10_000 / size {
					start := time.Now()
					u := unit.FromFile(manifest.Parse(f), "")
					parsing += time.Since(start)
					g := graph.Build(u, nil)
					start = time.Now()
					for _, r := range rules {
						if err := r.Run(&analyzer.Pass{Rule: r, Unit: u, Graph: g}); err != nil {
							b.Fatal(err)
						}
					}
					running += time.Since(start)
				}
				note(best, "parse", parsing)
				note(best, "policies", running)
			}
			b.ReportMetric(float64(best["parse"].Milliseconds()), "parse-ms")
			b.ReportMetric(float64(best["policies"].Milliseconds()), "policies-ms")
			b.ReportMetric(best["policies"].Seconds()/best["parse"].Seconds(), "x-parse")
		})
	}
}

// note keeps the quickest round.
func note(best map[string]time.Duration, what string, took time.Duration) {
	if before, ok := best[what]; !ok || took < before {
		best[what] = took
	}
}
