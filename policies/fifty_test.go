//go:build unix

package policies

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// check is a condition that a policy puts to each object of a kind.
type check struct{ kind, condition string }

// ofDeployments are checks of which each looks at every Deployment; ofAll are
// checks of the kinds that an application has.
var (
	ofDeployments = []check{
		{"Deployment", `w.object.spec.replicas > 99`},
		{"Deployment", `endswith(w.object.spec.template.spec.containers[_].image, ":latest")`},
		{"Deployment", `not w.object.metadata.labels`},
		{"Deployment", `not w.object.spec.template.spec.containers[0].resources.requests.cpu`},
		{"Deployment", `w.object.spec.template.spec.hostNetwork == true`},
	}
	ofAll = []check{
		{"Deployment", `endswith(w.object.spec.template.spec.containers[_].image, ":latest")`},
		{"Deployment", `not w.object.spec.template.spec.containers[0].resources.requests.cpu`},
		{"Service", `w.object.spec.type == "NodePort"`},
		{"ConfigMap", `contains(w.object.data[_], "password")`},
		{"HorizontalPodAutoscaler", `w.object.spec.maxReplicas > 99`},
	}
)

// fifty are policies that make the given checks in turn.
func fifty(b *testing.B, checks []check) []*analyzer.Rule {
	b.Helper()
	files := fstest.MapFS{}
	for i := range 50 {
		c := checks[i%len(checks)]
		kind := strings.Replace(header, "kinds: [Deployment]", "kinds: ["+c.kind+"]", 1)
		text := fmt.Sprintf("%sfindings contains {\"resource\": w.ref, \"msg\": \"m\"} if {\n\tsome w in input.resources.%s\n\t%s\n}\n", kind, c.kind, c.condition)
		name := fmt.Sprintf("some-rule%d", i)
		files[name+".rego"] = &fstest.MapFile{Data: []byte(strings.Replace(text, "some_rule", strings.ReplaceAll(name, "-", "_"), 1))}
	}
	rules, err := Load(files)
	if err != nil {
		b.Fatal(err)
	}
	return rules
}

// applications is a file of n objects, a quarter of each kind of ofAll.
func applications(n int) *source.File {
	var text strings.Builder
	text.Write(deployments(n / 4).Data)
	for i := range n / 4 {
		fmt.Fprintf(&text, `---
apiVersion: v1
kind: Service
metadata:
  name: web-%[1]d
  namespace: shop
spec:
  selector:
    app.kubernetes.io/name: web-%[1]d
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: web-%[1]d
  namespace: shop
data:
  log.level: info
  log.format: json
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web-%[1]d
  namespace: shop
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: web-%[1]d
  minReplicas: 3
  maxReplicas: 10
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: 70
`, i)
	}
	return source.NewFile("a.yaml", "a.yaml", []byte(text.String()))
}

// BenchmarkFiftyPolicies runs 50 policies over 10,000 objects, in units of as
// many as its name says, and states how that compares to parsing them: processor
// time of both in turn, and of each the quickest round. Building the graphs
// belongs to the policies.
func BenchmarkFiftyPolicies(b *testing.B) {
	for _, c := range []struct {
		name  string
		size  int
		file  func(int) *source.File
		check []check
	}{
		{"applications/unit=100", 100, applications, ofAll},
		{"deployments/unit=10", 10, deployments, ofDeployments},
		{"deployments/unit=100", 100, deployments, ofDeployments},
		{"deployments/unit=1000", 1000, deployments, ofDeployments},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkPolicies(b, fifty(b, c.check), c.file(c.size), 10_000/c.size) })
	}
}

// benchmarkPolicies parses a file and runs policies over it, both as often as
// there are units.
func benchmarkPolicies(b *testing.B, rules []*analyzer.Rule, f *source.File, units int) {
	before := runtime.GOMAXPROCS(1) // or the collector works for both at once
	defer runtime.GOMAXPROCS(before)
	const never = time.Duration(math.MaxInt64)
	parsing, running := never, never
	for b.Loop() {
		var all []*unit.Unit
		parsing = min(parsing, processorTime(func() {
			for range units {
				all = append(all, unit.FromFile(manifest.Parse(f), ""))
			}
		}))
		running = min(running, processorTime(func() {
			for _, u := range all {
				g := graph.Build(u, nil)
				for _, r := range rules {
					if err := r.Run(&analyzer.Pass{Rule: r, Unit: u, Graph: g}); err != nil {
						b.Fatal(err)
					}
				}
			}
		}))
	}
	b.ReportMetric(float64(parsing.Milliseconds()), "parse-ms")
	b.ReportMetric(float64(running.Milliseconds()), "policies-ms")
	b.ReportMetric(running.Seconds()/parsing.Seconds(), "x-parse")
}

// processorTime returns the processor time that the process uses for a work.
func processorTime(work func()) time.Duration {
	runtime.GC()
	before := processorClock()
	work()
	return processorClock() - before
}

func processorClock() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
