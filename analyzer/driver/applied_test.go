package driver

import (
	"slices"
	"strings"
	"testing"
)

const (
	patchNote  = " - part of an object, such as a patch that no kustomization references"
	assertNote = " - assertion of a test, compared with the cluster and not applied"
)

// wholeDeployment returns a whole Deployment.
func wholeDeployment(name, label string) string {
	return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: " + name + "\nspec:\n  selector:\n    matchLabels: {app: " + label + "}\n  template:\n    metadata:\n      labels: {app: " + label +
		"}\n    spec:\n      containers:\n        - {name: main, image: example/app:1}\n"
}

// partOf returns what a patch of a Deployment holds.
func partOf(name, field string) string {
	return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: " + name + "\nspec:\n  " + field + "\n"
}

func TestPartsAreNoObjects(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"patches that are switched off, beside and below", map[string]string{
			"k/kustomization.yaml": "resources: [d.yaml]\n", "k/d.yaml": wholeDeployment("web", "web"),
			"k/replicas.yaml":       partOf("web", "replicas: 3"),
			"k/patches/more/a.yaml": partOf("other", "template: {spec: {containers: [{name: main, args: [a]}]}}"),
			"k/op.yaml":             "- {op: add, path: /spec/replicas, value: 3}\n",
			"k/merge.yaml":          partOf("web", "template: {$patch: delete}"),
		}, []string{"k/d.yaml: Deployment web", "k/merge.yaml" + patchNote, "k/op.yaml" + patchNote, "k/patches/more/a.yaml" + patchNote, "k/replicas.yaml" + patchNote}},
		{"whole objects that a kustomization leaves out, and a patch that has one", map[string]string{
			"k/kustomization.yaml": "resources: [d.yaml]\n", "k/d.yaml": wholeDeployment("web", "web"),
			"k/patches/other.yaml": wholeDeployment("web", "wbe"), "k/two.yaml": partOf("web", "replicas: 3") + "---\n" + object("a"),
		}, []string{"k/d.yaml: Deployment web", "k/patches/other.yaml: Deployment web", "k/two.yaml: ConfigMap a", "k/two.yaml: Deployment web"}},
		{"one field is missing, and nothing else has the object", map[string]string{
			"k/kustomization.yaml": "resources: [d.yaml]\n", "k/d.yaml": wholeDeployment("web", "web"),
			"k/api.yaml":   strings.Replace(wholeDeployment("api", "api"), ", image: example/app:1", "", 1),
			"k/patch.yaml": strings.Replace(wholeDeployment("api2", "api"), ", image: example/app:1", "", 1),
		}, []string{"k/api.yaml: Deployment api", "k/d.yaml: Deployment web", "k/patch.yaml" + patchNote}},
		{"no kustomization, or one that is beside and builds something else", map[string]string{
			"a/patches/p.yaml": partOf("web", "replicas: 3"), "a/prod/kustomization.yaml": "resources: [d.yaml]\n", "a/prod/d.yaml": wholeDeployment("api", "api"),
		}, []string{"a/patches/p.yaml: Deployment web", "a/prod/d.yaml: Deployment api"}},
		{"patches beside the overlays that do not reference them any more", map[string]string{
			"a/patches/p.yaml": partOf("web", "replicas: 3"), "a/prod/kustomization.yaml": "resources: [../base]\n",
			"a/base/kustomization.yaml": "resources: [d.yaml]\n", "a/base/d.yaml": wholeDeployment("web", "web"),
		}, []string{"a/base/d.yaml: Deployment web", "a/patches/p.yaml" + patchNote}},
		{"a component, and a base that is remote", map[string]string{
			"c/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: a.yaml}]\n", "c/a.yaml": partOf("web", "replicas: 3"), "c/b.yaml": partOf("web", "paused: true"),
			"r/kustomization.yaml": "resources: ['https://example.com/base?ref=v1']\n", "r/p.yaml": partOf("web", "replicas: 3"),
		}, []string{"c/a.yaml - kustomize patch or configuration, not an object of its own", "c/b.yaml" + patchNote, "c/kustomization.yaml - kustomization that no other one uses or builds",
			"r/kustomization.yaml - kustomization not built: https://example.com/base?ref=v1 is remote, and nothing is fetched; its files are judged as they stand", "r/p.yaml" + patchNote}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := lines(lint(t, Options{Dir: makeTree(t, tt.files), Paths: []string{"."}}))
			slices.Sort(got)
			if slices.Sort(tt.want); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestWhatTestsCompareIsNotApplied(t *testing.T) {
	t.Parallel()
	status := "status: {readyReplicas: 1}\n"
	chainsaw := "apiVersion: chainsaw.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\nspec:\n  steps:\n    - "
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"chainsaw: what is applied, and what is compared", map[string]string{
			"t/chainsaw-test.yaml": chainsaw + "try:\n        - apply: {file: in.yaml}\n        - assert: {file: 'out/*.yaml'}\n        - error: {file: gone.yaml}\n        - patch: {file: p.yaml}\n      cleanup:\n        - delete: {file: d.yaml}\n",
			"t/in.yaml":            object("in"), "t/out/a.yaml": object("a"), "t/out/b.yaml": object("b"), "t/gone.yaml": object("g"), "t/p.yaml": object("p"), "t/d.yaml": object("d"), "t/unnamed.yaml": object("u"),
		}, []string{"t/chainsaw-test.yaml: Test t", "t/d.yaml - names what a test deletes", "t/gone.yaml" + assertNote, "t/in.yaml: ConfigMap in", "t/out/a.yaml" + assertNote, "t/out/b.yaml" + assertNote, "t/p.yaml - part of an object, applied by a test over the object", "t/unnamed.yaml: ConfigMap u"}},
		{"chainsaw: a template of steps, a failure that is expected, a part that is merged, a file that is applied too", map[string]string{
			"e2e/steps/s.yaml":         "apiVersion: chainsaw.kyverno.io/v1alpha1\nkind: StepTemplate\nmetadata: {name: s}\nspec:\n  try:\n    - assert: {file: ../x/out.yaml}\n",
			"e2e/x/chainsaw-test.yaml": chainsaw + "try:\n        - create: {file: in.yaml}\n        - assert: {file: in.yaml}\n        - apply: {file: bad.yaml, expect: [{check: {($error != null): true}}]}\n        - update: {file: part.yaml}\n",
			"e2e/x/in.yaml":            object("in"), "e2e/x/out.yaml": object("out"), "e2e/x/bad.yaml": object("bad"), "e2e/x/part.yaml": partOf("web", "replicas: 3"),
		}, []string{"e2e/steps/s.yaml: StepTemplate s", "e2e/x/bad.yaml - applied by a test that expects it to fail", "e2e/x/chainsaw-test.yaml: Test t", "e2e/x/in.yaml: ConfigMap in", "e2e/x/out.yaml" + assertNote, "e2e/x/part.yaml - part of an object, applied by a test over the object"}},
		{"kuttl: names of files below a suite, and lists of a step", map[string]string{
			"kuttl-test.yaml":         "apiVersion: kuttl.dev/v1beta1\nkind: TestSuite\ntestDirs: [./cases]\n",
			"cases/a/00-install.yaml": object("i"), "cases/a/00-assert.yaml": object("x"), "cases/a/01-errors.yaml": object("y"), "cases/a/01-assert-more.yaml": object("z"),
			"cases/a/02-step.yaml": "apiVersion: kuttl.dev/v1beta1\nkind: TestStep\napply: [more/in.yaml]\nassert: [more/out.yaml]\nerror: [more/gone.yaml]\n",
			"cases/a/more/in.yaml": object("in"), "cases/a/more/out.yaml": object("out"), "cases/a/more/gone.yaml": object("gone"),
		}, []string{"cases/a/00-assert.yaml" + assertNote, "cases/a/00-install.yaml: ConfigMap i", "cases/a/01-assert-more.yaml" + assertNote, "cases/a/01-errors.yaml" + assertNote, "cases/a/02-step.yaml: TestStep",
			"cases/a/more/gone.yaml" + assertNote, "cases/a/more/in.yaml: ConfigMap in", "cases/a/more/out.yaml" + assertNote, "kuttl-test.yaml: TestSuite"}},
		{"no framework: the name alone is no reason", map[string]string{
			"k8s/01-assert.yaml": object("a"), "k8s/02-assert.yaml": wholeDeployment("web", "web") + status, "k8s/03-errors.yaml": object("b"),
		}, []string{"k8s/01-assert.yaml: ConfigMap a", "k8s/02-assert.yaml" + assertNote, "k8s/03-errors.yaml: ConfigMap b"}},
		{"kyverno: inputs that lie with the test, of an old form too", map[string]string{
			"p/policy.yaml": object("policy"), "app.yaml": object("app"),
			"p/.kyverno-test/kyverno-test.yaml": "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\npolicies: [../policy.yaml]\nresources: [r.yaml, ../../app.yaml]\nresults: [{patchedResources: patched.yaml}]\n",
			"p/.kyverno-test/r.yaml":            object("r"), "p/.kyverno-test/patched.yaml": object("p"),
			"q/kyverno-test.yaml": "name: t\npolicies: [policy.yaml]\nresources: [r.yaml]\n", "q/policy.yaml": object("q"), "q/r.yaml": object("r"),
		}, []string{"- 1 file holds no Kubernetes objects", "app.yaml: ConfigMap app", "p/.kyverno-test/kyverno-test.yaml: Test t", "p/.kyverno-test/patched.yaml - input of a policy test, not applied", "p/.kyverno-test/r.yaml - input of a policy test, not applied", "p/policy.yaml: ConfigMap policy",
			"q/policy.yaml: ConfigMap q", "q/r.yaml - input of a policy test, not applied"}},
		{"gator", map[string]string{
			"g/suite.yaml": "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\nmetadata: {name: s}\ntests: [{template: t.yaml, constraint: c.yaml, cases: [{object: o.yaml, inventory: [i.yaml]}]}]\n",
			"g/t.yaml":     object("t"), "g/o.yaml": object("o"), "g/i.yaml": object("i"),
		}, []string{"g/i.yaml - input of a policy test, not applied", "g/o.yaml - input of a policy test, not applied", "g/suite.yaml: Suite s", "g/t.yaml: ConfigMap t"}},
		{"test data of Go, vendored packages, unit tests of a chart; what a kustomization lists counts", map[string]string{
			"pkg/a_test.go": "package a\n", "pkg/testdata/in.yaml": object("in"), "pkg/testdata/k/kustomization.yaml": "resources: [l.yaml]\n", "pkg/testdata/k/l.yaml": object("l"), "pkg/testdata/used.yaml": object("used"),
			"pkg/kustomization.yaml": "resources: [testdata/used.yaml]\n", "testdata/a.yaml": object("a"),
			"vendor/modules.txt": "", "vendor/x/a.yaml": object("v"), "other/vendor/a.yaml": object("o"),
			"c/tests/x_test.yaml": "suite: x\n", "c/tests/in.yaml": object("c"), "c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "d/tests/in.yaml": object("d"),
		}, []string{"c/tests/in.yaml - test data of the unit tests of a chart, not applied", "c/tests/x_test.yaml - test data of the unit tests of a chart, not applied", "d/tests/in.yaml: ConfigMap d", "other/vendor/a.yaml: ConfigMap o",
			"pkg/testdata/in.yaml - test data of Go tests, not applied", "pkg/testdata/k/kustomization.yaml - kustomization that no other one uses or builds", "pkg/testdata/k/l.yaml - test data of Go tests, not applied", "pkg/testdata/used.yaml: ConfigMap used",
			"testdata/a.yaml: ConfigMap a", "vendor/x/a.yaml - vendored Go packages, not applied"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := lines(lint(t, Options{Dir: makeTree(t, tt.files), Paths: []string{"."}}))
			slices.Sort(got)
			if slices.Sort(tt.want); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// TestTestDataIsJudgedIfItIsNamed names directories that are passed over else.
func TestTestDataIsJudgedIfItIsNamed(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"pkg/a_test.go": "package a\n", "pkg/testdata/in/a.yaml": object("a"), "vendor/modules.txt": "", "vendor/x/a.yaml": object("v")})
	for path, want := range map[string]string{"pkg/testdata": "pkg/testdata/in/a.yaml: ConfigMap a", "pkg/testdata/in/a.yaml": "pkg/testdata/in/a.yaml: ConfigMap a", "vendor/x": "vendor/x/a.yaml: ConfigMap v"} {
		expect(t, lint(t, Options{Dir: dir, Paths: []string{path}}), want)
	}
}
