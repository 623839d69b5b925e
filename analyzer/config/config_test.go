package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/config"
	"github.com/kubeknot/kubeknot/policies"
	"github.com/kubeknot/kubeknot/rules"
	"github.com/kubeknot/kubeknot/rules/services"
)

// allRules compiles the policies once for all tests.
var allRules = sync.OnceValues(func() ([]*analyzer.Rule, error) {
	embedded, err := policies.Embedded()
	return slices.Concat(rules.All(), policies.Constraints(), embedded), err
})

func known([]config.Path) ([]*analyzer.Rule, error) { return allRules() }

// load writes the files of a txtar archive and loads its kubeknot.yaml: the
// comment of the archive, or a file of that name.
func load(t *testing.T, archive string) (c *config.Config, dir string, err error) {
	t.Helper()
	dir, err = filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a := txtar.Parse([]byte(archive))
	if len(a.Comment) > 0 {
		a.Files = append(a.Files, txtar.File{Name: "kubeknot.yaml", Data: a.Comment})
	}
	for _, f := range a.Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	c, err = config.Load(filepath.Join(dir, "kubeknot.yaml"), dir, "", known)
	return c, dir, err
}

func mustLoad(t *testing.T, archive string) (c *config.Config, dir string) {
	t.Helper()
	c, dir, err := load(t, archive)
	if err != nil {
		t.Fatal(err)
	}
	return c, dir
}

// faults returns what is wrong with a configuration, without the heading.
func faults(t *testing.T, archive string) string {
	t.Helper()
	_, _, err := load(t, archive)
	if err == nil {
		return ""
	}
	return strings.TrimPrefix(err.Error(), "the configuration cannot be used:\n")
}

func TestSettingOfTheLastThatMatches(t *testing.T) {
	t.Parallel()
	c, dir := mustLoad(t, `
rules:
  bare-pod: warning
  replicas-default: off
  node-port-conflict: {severity: info, options: {first: 20000}}
overrides:
  - paths: [dev]
    rules: {bare-pod: off, replicas-default: on, node-port-conflict: {options: {last: 40000}}}
  - paths: ["**/*.yaml"]
    resources: [Pod/debug-*, prod/Pod/*]
    rules: {bare-pod: error}
`)
	at := func(file, namespace, kind, name string) config.Target {
		return config.Target{Path: filepath.ToSlash(dir) + "/" + file, Kind: kind, Namespace: namespace, Name: name}
	}
	pod := at("base/pod.yaml", "", "Pod", "web")
	for _, tt := range []struct {
		name, rule string
		target     config.Target
		want       config.Setting
	}{
		{"a rule that is not named", "hpa-ambiguous", pod, config.Setting{}},
		{"rules", "bare-pod", pod, config.Setting{Severity: analyzer.Warning}},
		{"off", "replicas-default", pod, config.Setting{Off: true}},
		{"an override for a directory", "bare-pod", at("dev/a/pod.yaml", "", "Pod", "web"), config.Setting{Off: true, Severity: analyzer.Warning}},
		{"on takes off back", "replicas-default", at("dev/pod.yaml", "", "Pod", "web"), config.Setting{}},
		{"both lists have to match", "bare-pod", at("dev/pod.yaml", "", "Pod", "debug-1"), config.Setting{Severity: analyzer.Error}},
		{"only one list matches", "bare-pod", at("base/pod.yml", "", "Pod", "debug-1"), config.Setting{Severity: analyzer.Warning}},
		{"with a namespace", "bare-pod", at("base/pod.yaml", "prod", "Pod", "web"), config.Setting{Severity: analyzer.Error}},
		{"a namespace that is not known", "bare-pod", pod, config.Setting{Severity: analyzer.Warning}},
		{"a finding without an object", "bare-pod", at("base/pod.yaml", "", "", ""), config.Setting{Severity: analyzer.Warning}},
		{"options over the defaults", "node-port-conflict", pod, config.Setting{Severity: analyzer.Info, Options: services.NodePortRange{First: 20000, Last: 32767}}},
		{"options replace options", "node-port-conflict", at("dev/s.yaml", "", "Service", "web"), config.Setting{Severity: analyzer.Info, Options: services.NodePortRange{First: 30000, Last: 40000}}},
		{"a file of another tree", "bare-pod", config.Target{Path: "/elsewhere/dev/pod.yaml", Kind: "Pod", Name: "web"}, config.Setting{Severity: analyzer.Warning}},
		{"standard input", "bare-pod", config.Target{Kind: "Pod", Name: "debug-1"}, config.Setting{Severity: analyzer.Warning}},
	} {
		if diff := cmp.Diff(tt.want, c.Setting(tt.rule, tt.target)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestExcludedUnlessTheDirectoryIsNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, config, file, named string
		want                      bool
	}{
		{"nothing said", "{}", "deploy/a.yaml", "", false},
		{"testdata by default", "{}", "go/testdata/x/a.yaml", ".", true},
		{"an environment called test", "{}", "overlays/test/a.yaml", ".", false},
		{"the directory is named", "{}", "go/testdata/x/a.yaml", "go/testdata", false},
		{"a directory inside is named", "{}", "go/testdata/x/a.yaml", "go/testdata/x", false},
		{"the file is named", "{}", "go/testdata/x/a.yaml", "", true},
		{"an own list replaces the default", "exclude: [gen]", "testdata/a.yaml", ".", false},
		{"a directory", "exclude: [gen]", "gen/a/b.yaml", ".", true},
		{"a directory with a slash", "exclude: [./gen/]", "gen/a/b.yaml", ".", true},
		{"a part of a name", "exclude: [gen]", "generated/b.yaml", ".", false},
		{"one pattern asked for, the other not", "exclude: [gen, '**/old']", "gen/old/b.yaml", "gen", true},
		{"no list", "exclude: []", "testdata/a.yaml", ".", false},
		{"not included", "include: [deploy]", "other/a.yaml", "other", true},
		{"included", "include: ['{deploy,other}/*.yaml']", "other/a.yaml", ".", false},
		{"the whole directory", "exclude: [.]", "a/b.yaml", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, dir := mustLoad(t, tt.config)
			named := ""
			if tt.named != "" {
				named = filepath.ToSlash(filepath.Join(dir, tt.named))
			}
			by, got := c.Excluded(filepath.ToSlash(dir)+"/"+tt.file, named)
			if got != tt.want {
				t.Errorf("excluded: %t by %v", got, by)
			}
		})
	}
}

func TestIgnoreHoldsUntilItExpires(t *testing.T) {
	t.Parallel()
	c, dir := mustLoad(t, `
ignore:
  - {rule: bare-pod, paths: [jobs], reason: they end, expires: 2027-01-01}
`)
	i := &c.Ignore[0]
	target := config.Target{Path: filepath.ToSlash(dir) + "/jobs/a.yaml"}
	if !i.Covers("bare-pod", target) || i.Covers("bare-replicaset", target) || i.Covers("bare-pod", config.Target{}) {
		t.Error("it covers something else than bare-pod below jobs")
	}
	day := time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)
	if i.Expired(day) || !i.Expired(day.Add(2*time.Hour)) {
		t.Error("it does not expire with the first of January")
	}
	if at := i.At.Start(); at.Line != 3 || at.Column != 5 {
		t.Errorf("it is placed at %v", at)
	}
}

func TestExternalObjects(t *testing.T) {
	t.Parallel()
	c, _ := mustLoad(t, `
external:
  - {kind: Secret, name: "tls-*", namespace: shop, labels: {a: b}}
`)
	e := c.External[0]
	for _, tt := range []struct {
		kind, namespace, name string
		want                  bool
	}{
		{"Secret", "shop", "tls-web", true}, {"Secret", "", "tls-web", true}, {"Secret", "other", "tls-web", false},
		{"ConfigMap", "shop", "tls-web", false}, {"Secret", "shop", "web", false},
	} {
		if got := e.Matches(tt.kind, tt.namespace, tt.name); got != tt.want {
			t.Errorf("%v: %t", tt, got)
		}
	}
}

func TestNodesLeadToTheirPlaces(t *testing.T) {
	t.Parallel()
	c, _ := mustLoad(t, `nodes:
  - name: worker-1
    labels: {disktype: ssd}
    taints: [{key: gpu, effect: NoSchedule}]
units:
  - {name: edge, files: [edge], nodes: nodes.yaml}
-- nodes.yaml --
`)
	if len(c.Nodes.List) != 1 || filepath.Base(c.Units[0].Nodes.File.Abs) != "nodes.yaml" {
		t.Fatalf("%+v", c.Nodes)
	}
	n := c.Nodes.List[0]
	at := n.Location("metadata", "labels", "disktype").Start()
	if n.String() != "Node worker-1" || n.Get("spec", "taints", "0", "key").Value != "gpu" || at.Line != 3 || at.Column != 24 {
		t.Errorf("%s at %v", n, at)
	}
}

func TestExtendedFilesComeFirst(t *testing.T) {
	t.Parallel()
	c, dir := mustLoad(t, `
extends: shared/base.yaml
fail-on: info
rules: {bare-pod: on}
exclude: [gen]
-- shared/base.yaml --
namespace: shop
fail-on: warning
require-reason: false
rules: {bare-pod: off, replicas-default: off}
exclude: [old]
overrides: [{paths: [x], rules: {hpa-ambiguous: off}}]
`)
	root := filepath.ToSlash(dir)
	excluded := func(file string) bool { _, is := c.Excluded(root+"/"+file, ""); return is }
	if c.FailOn != "info" || c.Namespace != "shop" || c.NeedsReason() {
		t.Errorf("%+v", c)
	}
	if c.Setting("bare-pod", config.Target{}).Off || !c.Setting("replicas-default", config.Target{}).Off {
		t.Error("rules of the file itself do not come behind those that it extends")
	}
	if !excluded("gen/a.yaml") || !excluded("shared/old/a.yaml") || excluded("old/a.yaml") {
		t.Error("patterns are not relative to their own files")
	}
	if !c.Setting("hpa-ambiguous", config.Target{Path: root + "/shared/x/a.yaml"}).Off {
		t.Error("overrides of the base are lost")
	}
	if files := c.Files(); len(files) != 2 || files[1].Path != "shared/base.yaml" {
		t.Errorf("%d files", len(files))
	}
}

func TestExtendsThroughALinkComesToAnEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "kubeknot.yaml")
	if err := os.WriteFile(file, []byte("extends: here/kubeknot.yaml\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(".", filepath.Join(dir, "here")); err != nil {
		t.Skip(err)
	}
	_, err := config.Load(file, dir, "", known)
	if err == nil || !strings.HasSuffix(err.Error(), "extends leads through more than 32 files") {
		t.Error(err)
	}
}

func TestFindTheClosestUpToTheRepository(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"kubeknot.yaml", "repo/.git/HEAD", "repo/a/.kubeknot.yaml", "repo/a/b/x", "both/kubeknot.yaml", "both/.kubeknot.yaml"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for from, want := range map[string]string{".": "kubeknot.yaml", "repo": "", "repo/a/b": "repo/a/.kubeknot.yaml"} {
		got, err := config.Find(filepath.Join(dir, from))
		if want != "" {
			want = filepath.Join(dir, want)
		}
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", from, got, err)
		}
	}
	if _, err := config.Find(filepath.Join(dir, "both")); err == nil || !strings.HasSuffix(err.Error(), "both/kubeknot.yaml and .kubeknot.yaml: remove one of them") {
		t.Errorf("two files: %v", err)
	}
}

func TestWithoutAFile(t *testing.T) {
	t.Parallel()
	c, err := config.Load("", t.TempDir(), "", known)
	if err != nil || !c.NeedsReason() || c.Files() != nil {
		t.Errorf("%+v, %v", c, err)
	}
}

// commented finds what stands in front of the lines that the template leaves
// out; prose has a blank behind the sign.
var commented = regexp.MustCompile(`(?m)^#([^ \n]|  )`)

func TestTemplate(t *testing.T) {
	t.Parallel()
	if got := faults(t, string(config.Template)); got != "" {
		t.Error(got)
	}
	all := commented.ReplaceAllString(string(config.Template), "$1")
	all = strings.Replace(all, "extends: ../kubeknot.yaml", "extends: base.yaml", 1) + "-- base.yaml --\n-- policies/x --\n-- values.yaml --\n"
	c, _ := mustLoad(t, all)
	for _, e := range c.Entries() {
		if len(e.Values) == 0 || e.Values[0].Origin == "default" {
			t.Errorf("the template does not show %s", e.Key)
		}
	}
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

func TestExamplesOfTheGuide(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := yamlBlock.FindAllStringSubmatch(string(guide), -1)
	if len(blocks) == 0 {
		t.Fatal("no examples")
	}
	schema := compileSchema(t)
	for _, b := range blocks {
		if got := faults(t, b[1]); got != "" {
			t.Errorf("%s\n%s", b[1], got)
		}
		if err := validate(t, schema, b[1]); err != nil {
			t.Errorf("%s\n%v", b[1], err)
		}
	}
}
