package policies

import (
	"fmt"
	"strings"
	"testing"

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
