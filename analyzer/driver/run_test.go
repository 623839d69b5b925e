package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/report"
	"github.com/kubeknot/kubeknot/rules/services"
)

// messy is a tree in which all that a run orders is there: findings of several
// units, files of all roles, things that were not judged.
func messy(t testing.TB) string {
	t.Helper()
	files := map[string]string{
		"kust/kustomization.yaml": "resources: [../base, extra.yaml]\npatches: [{path: patch.yaml}]\n",
		"kust/extra.yaml":         object("extra"), "kust/patch.yaml": object("patch"), "kust/unlisted.yaml": object("u"),
		"two/kustomization.yaml": "resources: [../base]\n", "base/kustomization.yaml": "resources: [all.yaml]\n", "base/all.yaml": service("base", "nobody") + pod("base"),
		"chart/Chart.yaml": "name: c\n", "chart/templates/x.yaml": object("x"), "chart/values.yaml": "a: 1\n",
		"broken/a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: [\n---\n" + pod("whole"), "broken/b.yaml": "apiVersion: {{ .b }}\nkind: Pod\n",
	}
	for i := range 16 {
		name := fmt.Sprintf("app-%d", i%7)
		files[fmt.Sprintf("apps/%d/service.yaml", i)] = service(name, "nobody") + service("other-"+name, name)
		files[fmt.Sprintf("apps/%d/pod.yaml", i)] = pod(name) + pod(name)
		files[fmt.Sprintf("apps/%d/update/pod.yaml", i)] = pod(name)
	}
	dir := makeTree(t, files)
	link(t, dir, "apps", "linked")
	return dir
}

func service(name, app string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata:\n  name: %s\nspec:\n  selector:\n    app: %s\n  ports: [{port: 80}]\n---\n", name, app)
}

func pod(name string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\n  labels:\n    app: %s\nspec:\n  containers: [{name: c, image: i}]\n---\n", name, name)
}

// printed is what people and programs are shown.
func printed(t testing.TB, o Options) string {
	t.Helper()
	result := lint(t, o)
	result.Summary.Elapsed = 0
	var out strings.Builder
	for _, format := range report.Formats() {
		reporter, err := report.New(format, report.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := reporter.Report(&out, result); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// Not parallel: it sets GOMAXPROCS for all.
func TestOutputIsTheSameWhateverTheOrder(t *testing.T) {
	o := Options{Dir: messy(t), Rules: allRules(t)}
	random := rand.New(rand.NewPCG(1, 2))
	for _, paths := range [][]string{{"."}, {"apps", "kust", "two", "base", "chart", "broken", "linked", "apps/3", "apps/4/pod.yaml"}} {
		o.Paths = paths
		want := printed(t, o)
		for _, part := range []string{"error[service-selects-nothing]", "info[bare-pod]", "error[syntax-error]", "not judged: "} {
			if !strings.Contains(want, part) {
				t.Errorf("no %s in\n%s", part, want)
			}
		}
		for _, procs := range []int{1, 8} {
			before := runtime.GOMAXPROCS(procs)
			for range 3 {
				random.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
				if got := printed(t, o); got != want {
					t.Errorf("GOMAXPROCS %d, %q: %s", procs, paths, cmp.Diff(want, got))
				}
			}
			runtime.GOMAXPROCS(before)
		}
	}
}

func TestARuleThatFailsSilencesNoOther(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"app/a.yaml": object("a"), "b.yaml": object("b")})
	fails := &analyzer.Rule{ID: "it-fails", Run: func(p *analyzer.Pass) error {
		p.Report(analyzer.Finding{Message: "said before", Location: p.Unit.Resources[0].Location()})
		return errors.New("boom")
	}}
	panics := &analyzer.Rule{ID: "it-panics", Run: func(p *analyzer.Pass) error {
		if p.Unit.Name == "app" {
			panic("ouch")
		}
		return nil
	}}
	file := &analyzer.Rule{ID: "file-panics", File: func(*analyzer.Pass, *manifest.File) error {
		var m map[string]int
		m["a"] = 1
		return nil
	}}
	result, err := Run(t.Context(), Options{Dir: dir, Paths: []string{"."}, Rules: []*analyzer.Rule{fails, panics, file, seen}})
	expect(t, result, "app/a.yaml: said before", "app/a.yaml: ConfigMap a", "b.yaml: said before", "b.yaml: ConfigMap b")
	if err == nil || !errors.Is(result.Failure, err) {
		t.Fatalf("error %v, and the result says %v", err, result.Failure)
	}
	for _, want := range []string{
		"rule it-fails failed on .: boom", "rule it-fails failed on app: boom",
		"rule it-panics failed on app: panic: ouch", "run_test.go", // where it panicked
		"rule file-panics failed on app/a.yaml: panic: assignment to entry in nil map", "rule file-panics failed on b.yaml: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
}

func TestCancelledRunsStop(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 200 {
		files[fmt.Sprintf("%d/a.yaml", i)] = object("a")
	}
	o := Options{Dir: makeTree(t, files), Paths: []string{"."}}
	ctx, cancel := context.WithCancel(t.Context())
	var calls atomic.Int32
	o.Rules = []*analyzer.Rule{{ID: "it-cancels", Run: func(*analyzer.Pass) error {
		calls.Add(1)
		cancel()
		return nil
	}}}
	for _, when := range []string{"while it runs", "before"} {
		if result, err := Run(ctx, o); !errors.Is(err, context.Canceled) || result != nil {
			t.Errorf("%s: got %v, %v", when, result, err)
		}
		if n := int(calls.Load()); n > runtime.GOMAXPROCS(0) {
			t.Errorf("%s: %d of 200 units were judged", when, n)
		}
	}
}

// level is a rule that reports a resource with the evidence that a unit's name
// stands for, and every ConfigMap of the unit as its other ends.
func level(evidence map[string]analyzer.Evidence) *analyzer.Rule {
	return &analyzer.Rule{ID: "a-level", Claim: analyzer.Broken, Run: func(p *analyzer.Pass) error {
		f := analyzer.Finding{Evidence: evidence[p.Unit.Name]}
		for _, r := range p.Unit.Resources {
			if r.Kind == "Pod" {
				f.Message, f.Location = r.String(), r.NameLocation()
			} else {
				f.Related = append(f.Related, analyzer.Related{Location: r.NameLocation(), Message: r.String()})
			}
		}
		p.Report(f)
		return nil
	}}
}

func TestAFaultOfTwoKustomizationsIsOneFinding(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{
		"base/kustomization.yaml": "resources: [pod.yaml, map.yaml]\n", "base/pod.yaml": pod("p"), "base/map.yaml": object("m"),
		"a/kustomization.yaml": "resources: [../base, a.yaml]\n", "a/a.yaml": object("a"),
		"b/kustomization.yaml": "resources: [../base, b.yaml]\n", "b/b.yaml": object("b"),
		"c/kustomization.yaml": "resources: [../base, c.yaml]\n", "c/c.yaml": object("c"),
	})
	rule := level(map[string]analyzer.Evidence{"a": analyzer.Absent, "b": analyzer.NearMiss, "c": analyzer.NearMiss})
	findings := func(paths ...string) []analyzer.Finding {
		return lint(t, Options{Dir: dir, Paths: paths, Rules: []*analyzer.Rule{rule}}).Findings
	}
	all := findings(".")
	if len(all) != 1 || all[0].Severity != analyzer.Error || all[0].Unit != "b" {
		t.Fatalf("got %+v, want the error of the first unit that has one", all)
	}
	var ends []string
	for _, r := range all[0].Related {
		ends = append(ends, r.Message)
	}
	if got := strings.Join(ends, ", "); got != "ConfigMap m, ConfigMap b, ConfigMap a, ConfigMap c" {
		t.Errorf("other ends: %s", got)
	}
	for _, end := range []string{"a/a.yaml", "b/b.yaml", "c/c.yaml", "base"} { // each end is told
		if got := findings(end); len(got) != 1 || got[0].Message != all[0].Message {
			t.Errorf("%s: got %+v", end, got)
		}
	}
}

func TestEitherEndIsReported(t *testing.T) {
	t.Parallel()
	deployment := "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  selector:\n    matchLabels: {app: WEB}\n" +
		"  template:\n    metadata:\n      labels: {app: WEB}\n    spec:\n      containers: [{name: c, image: i}]\n"
	dir := makeTree(t, map[string]string{
		"app/service.yaml": service("web", "web"), "app/deployment.yaml": strings.ReplaceAll(deployment, "WEB", "frontend"), "app/config.yaml": object("c"),
		"app/update/deployment.yaml": strings.ReplaceAll(deployment, "WEB", "later"),
	})
	messages := func(path string) string {
		result := lint(t, Options{Dir: dir, Paths: []string{path}, Rules: []*analyzer.Rule{services.ServiceSelectsNothing}})
		return strings.Join(lines(result), "\n")
	}
	const broken = "app/service.yaml: Service web matches no pods"
	for _, path := range []string{"app/service.yaml", "app/deployment.yaml"} {
		if got := messages(path); got != broken {
			t.Errorf("%s: got %s", path, got)
		}
	}
	if got := messages("app/config.yaml"); got != "" {
		t.Errorf("app/config.yaml has no part in it: got %s", got)
	}
}

func TestALaterVersionThatTakesPodsAwayIsReported(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"service.yaml": service("web", "web"), "pod.yaml": pod("web"), "update/pod.yaml": strings.Replace(pod("web"), "app: web", "app: later", 1)})
	for _, path := range []string{"service.yaml", "pod.yaml", "update/pod.yaml", "update"} {
		result := lint(t, Options{Dir: dir, Paths: []string{path}, Rules: allRules(t)})
		if result.Summary.Errors != 1 || result.Findings[len(result.Findings)-1].Message != "Pod web takes the pods of Service web away" {
			t.Errorf("%s: got %q", path, lines(result))
		}
	}
}

func TestWhatIsNotJudgedIsSortedAndSaidOnce(t *testing.T) {
	t.Parallel()
	dir := messy(t)
	write(t, dir, "broken/c.yaml", strings.Repeat("apiVersion: {{ .b }}\nkind: Pod\n---\nx: 1\n---\n", 3)+object("c"))
	write(t, dir, "chart/templates/a.yaml", object("a"))
	skips := &analyzer.Rule{ID: "it-skips", Run: func(p *analyzer.Pass) error {
		for range 2 {
			p.Skip(p.Unit.Resources[0], "of another kind")
			p.Skip(p.Unit.Resources[0], "kind")
		}
		return nil
	}}
	expect(t, lint(t, Options{Dir: dir, Paths: []string{"broken", "chart", "kust", "base"}, Rules: []*analyzer.Rule{skips}}),
		"broken/b.yaml - template, not rendered",
		"broken/c.yaml - document without apiVersion and kind",
		"broken/c.yaml - template, not rendered",
		"chart/Chart.yaml - Helm chart not rendered: validation: chart.metadata.version is required",
		"kust/patch.yaml - kustomize patch or configuration, not an object of its own",
		"- kind (3)", // an object of two builds is one
		"- of another kind (3)",
		"- 1 file holds no Kubernetes objects",
	)
}

func TestStreams(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"a.yaml": object("a"), "nodes.yaml": "apiVersion: v1\nkind: Node\nmetadata: {name: n}\n"})
	expect(t, lint(t, Options{Dir: dir, Paths: []string{"-"}, Stdin: strings.NewReader(object("s"))}), "<stdin>: ConfigMap s")
	expect(t, lint(t, Options{Dir: dir, Paths: []string{"a.yaml", "-", "-"}, Stdin: strings.NewReader(object("s"))}), "<stdin>: ConfigMap s", "a.yaml: ConfigMap a")
	loaded, err := load(t.Context(), Options{Dir: dir, Paths: []string{"a.yaml"}, Nodes: "-", Stdin: strings.NewReader("apiVersion: v1\nkind: NodeList\nitems: [{metadata: {name: n1}}, {metadata: {name: n2}}]\n")})
	if err != nil || len(loaded.nodes) != 2 {
		t.Errorf("nodes: %v, %v", loaded, err)
	}
	_, err = Run(t.Context(), Options{Dir: dir, Paths: []string{"-"}, Stdin: io.MultiReader(strings.NewReader(object("s")), failing{})})
	if err == nil || err.Error() != "standard input: torn" {
		t.Errorf("got %v", err)
	}
}

// failing is a stream that breaks off.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("torn") }

func TestNothingToLint(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"empty/": "", "values/values.yaml": "a: 1\n", "values/ci.json": "[]", "chart/Chart.yaml": "name: c", "chart/templates/a.yaml": object("a"), "app/a.yaml": object("a")})
	for _, tt := range []struct {
		paths []string
		want  string
	}{
		{[]string{"empty"}, "no Kubernetes manifests found in empty"},
		{[]string{"values"}, "no Kubernetes manifests found in values"},
		{[]string{"chart"}, "no Kubernetes manifests found in chart"},
		{[]string{"chart", "empty", "values/values.yaml"}, "no Kubernetes manifests found"},
		{[]string{"-"}, "no Kubernetes manifests found in standard input"},
		{[]string{"app", "empty"}, ""},
		{[]string{"values/values.yaml", "values/ci.json", "chart/templates/a.yaml"}, ""}, // as pre-commit names them
	} {
		_, err := Run(t.Context(), Options{Dir: dir, Paths: tt.paths, Stdin: strings.NewReader("a: 1\n")})
		switch {
		case tt.want == "" && err == nil:
		case err == nil || err.Error() != tt.want || !errors.Is(err, ErrNothing):
			t.Errorf("%q: got %v, want %q", tt.paths, err, tt.want)
		}
	}
}

func TestSummaryCountsWhatWasNamed(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"up.yaml": object("up"), "app/a.yaml": object("a") + "---\n" + object("b"), "app/values.yaml": "a: 1\n", "app/c.yaml": object("c")})
	for _, tt := range []struct {
		path string
		want analyzer.Summary
	}{
		{".", analyzer.Summary{Files: 3, Resources: 4, Units: 2, Infos: 4}},
		{"app", analyzer.Summary{Files: 2, Resources: 3, Units: 1, Infos: 3}},
		{filepath.Join("app", "a.yaml"), analyzer.Summary{Files: 1, Resources: 2, Units: 1, Infos: 2}},
		{"up.yaml", analyzer.Summary{Files: 1, Resources: 1, Units: 2, Infos: 1}}, // app leans on it
	} {
		got := lint(t, Options{Dir: dir, Paths: []string{tt.path}}).Summary
		if got.Elapsed <= 0 {
			t.Errorf("%s: took %s", tt.path, got.Elapsed)
		}
		if got.Elapsed = 0; got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.path, got, tt.want)
		}
	}
}

func TestProgressCountsAllWork(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{
		"a/a.yaml": object("a"), "b/b.yaml": object("b"), "k/kustomization.yaml": "resources: [c.yaml]\n", "k/c.yaml": object("c"),
		"chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n", "chart/templates/d.yaml": object("d"),
	})
	var mu sync.Mutex
	most := map[string]int{}
	options := Options{Dir: dir, Paths: []string{"."}, Rules: []*analyzer.Rule{seen}, Progress: func(work string, done, total int) {
		mu.Lock()
		defer mu.Unlock()
		if done < 1 || done > total {
			t.Errorf("%s: %d of %d", work, done, total)
		}
		if done == total {
			most[work]++
		}
	}}
	if _, err := Run(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	for _, work := range []string{"reading", "building kustomizations", "rendering charts", "judging"} {
		if most[work] == 0 {
			t.Errorf("%s is never done: %v", work, most)
		}
	}
}
