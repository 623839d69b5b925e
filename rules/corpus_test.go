package rules_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/driver"
)

// classes maps the classes of a labelled corpus to the rules that speak for
// them.
var classes = map[string][]string{
	"duplicate-key":               {"duplicate-key"},
	"duplicate-object":            {"duplicate-object"},
	"hpa-target-missing":          {"hpa-target-missing"},
	"ingress-service-missing":     {"ingress-backend-missing"},
	"netpol-no-pods":              {"network-policy-selects-nothing"},
	"nodeselector-no-node":        {"node-selector-no-node"},
	"parse-error":                 {"syntax-error"},
	"rbac-subject-missing":        {"rbac-ref-missing"},
	"rbac-subject-namespace":      {"rbac-ref-missing", "field-missing"},
	"ref-configmap-missing":       {"config-ref-missing"},
	"ref-pvc-missing":             {"pvc-missing"},
	"ref-secret-missing":          {"config-ref-missing"},
	"selector-mismatch":           {"selector-template-mismatch"},
	"selector-missing":            {"selector-missing"},
	"selector-overlap":            {"selectors-overlap"},
	"selector-wrong-shape":        {"selector-missing", "unknown-field"},
	"service-no-pods":             {"service-selects-nothing"},
	"service-port-mismatch":       {"service-target-port-unresolved", "service-target-port-undeclared", "ingress-backend-missing"},
	"servicemonitor-no-service":   {"monitor-selects-nothing"},
	"servicemonitor-port":         {"monitor-port-missing"},
	"statefulset-service-missing": {"statefulset-service-name"},
	"unknown-field":               {"unknown-field", "daemonset-replicas", "selector-missing"},
	"unknown-gvk":                 {"unknown-kind", "api-removed"},
	"volume-mount-missing":        {"invalid-value"},
	"wrong-type":                  {"wrong-type"},
}

// label is one judged finding of a corpus.
type label struct {
	Path, Object, Class, Label, Reason string
}

// tree returns the directory of the corpus that is linted for a label, and the
// label's file in it.
func (l label) tree() (dir, file string) {
	parts := strings.SplitN(l.Path, "/", 4)
	if parts[0] == "history" && len(parts) == 4 {
		return path.Join(parts[:3]...), parts[3]
	}
	dir, file, _ = strings.Cut(l.Path, "/")
	return dir, file
}

// tally counts the labels of one class.
type tally struct{ real, found, false_, loud int }

// TestCorpus measures all rules on a labelled corpus: "make corpus". It prints
// how many real faults are found and how many false ones are reported as errors
// or warnings, and lists those.
func TestCorpus(t *testing.T) {
	t.Parallel()
	corpus := os.Getenv("KUBEKNOT_CORPUS")
	if corpus == "" {
		t.Skip("KUBEKNOT_CORPUS names no corpus")
	}
	results := map[string]*analyzer.Result{}
	tallies := map[string]*tally{}
	for _, l := range readLabels(t, filepath.Join(corpus, "labels.jsonl")) {
		ids, ok := classes[l.Class]
		if !ok {
			t.Logf("no rule speaks for class %s (%s)", l.Class, l.Path)
			continue
		}
		dir, file := l.tree()
		if results[dir] == nil {
			results[dir] = lintTree(t, filepath.Join(corpus, filepath.FromSlash(dir)))
		}
		loud := slices.ContainsFunc(results[dir].Findings, func(f analyzer.Finding) bool { return speaksFor(f, l, ids, file) })
		c := tallies[l.Class]
		if c == nil {
			c = &tally{}
			tallies[l.Class] = c
		}
		c.add(l, loud)
		if loud != (l.Label == "real") {
			t.Logf("%s %s: %s %s (%s)", l.Class, l.Label, l.Path, l.Object, l.Reason)
		}
	}
	t.Logf("%-28s %12s %14s", "class", "real found", "false reported")
	for _, class := range slices.Sorted(maps.Keys(tallies)) {
		c := tallies[class]
		t.Logf("%-28s %5d of %-4d %6d of %-4d", class, c.found, c.real, c.loud, c.false_)
	}
}

func (c *tally) add(l label, loud bool) {
	n := 0
	if loud {
		n = 1
	}
	if l.Label == "real" {
		c.real++
		c.found += n
	} else {
		c.false_++
		c.loud += n
	}
}

// speaksFor reports whether a finding, as error or warning, is the one that a
// label is about.
func speaksFor(f analyzer.Finding, l label, ids []string, file string) bool {
	if f.Severity == analyzer.Info || !slices.Contains(ids, f.Rule) || f.Location.File.Rel != file {
		return false
	}
	return l.Object == "(file)" || f.Resource == nil || f.Resource.Kind+"/"+cmp.Or(f.Resource.Name, "?") == l.Object
}

func lintTree(t *testing.T, dir string) *analyzer.Result {
	t.Helper()
	result, err := driver.Run(t.Context(), driver.Options{Dir: dir, Paths: []string{"."}, Rules: all(t)})
	if result == nil {
		t.Fatalf("%s: %v", dir, err)
	}
	return result
}

func readLabels(t *testing.T, name string) []label {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var labels []label
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var l label
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		labels = append(labels, l)
	}
	return labels
}
