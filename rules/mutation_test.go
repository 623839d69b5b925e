package rules_test

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/driver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// end is a reference of a directory that finds its object, and what to break.
type end struct {
	use  string // of the reference: what the table is sorted by
	kind string // of the object; "" for the labels of pods
	from *manifest.Resource
	// value is the place of the name or of the label's value, key that of the
	// label's key, and definition that of the name of the object.
	value, key, definition source.Location
	text, keyText          string
}

// mutant is a way to break a reference. at returns the place that is changed; it is
// zero where the way does not apply.
type mutant struct {
	name   string
	at     func(end) source.Location
	change func(text string) string
}

// suffixes are the words for the kind of an object that people add to its name.
var suffixes = map[string]string{
	"Service": "svc", "ConfigMap": "config", "Secret": "secret", "ServiceAccount": "sa", "PersistentVolumeClaim": "pvc",
	"Role": "role", "ClusterRole": "role", "Deployment": "deployment", "StatefulSet": "sts",
}

var mutants = []mutant{
	{"swap", func(e end) source.Location { return e.value }, swapLetters},
	{"drop", func(e end) source.Location { return e.value }, dropLetter},
	{"suffix of the kind", func(e end) source.Location { return e.value }, nil},
	{"other suffix", func(e end) source.Location { return e.value }, func(text string) string { return text + "-extra" }},
	{"other key", func(e end) source.Location { return e.key }, siblingKey},
	{"renamed definition", func(e end) source.Location { return e.definition }, func(text string) string { return "new-" + text }},
}

// mutationTally counts the mutants of a kind.
type mutationTally struct{ made, found int }

// TestMutations breaks each reference that is satisfied inside of one directory of
// the fixtures and of a corpus, one after the other, and counts how many of them
// are reported as errors or warnings: "make mutation". It lists what is said of
// near misses in the directories of the corpus as they are, too. Kustomizations
// and charts are left out, because what they build is not what is written, and so
// are references of objects that a later file of the directory defines again.
// KUBEKNOT_MUTATION_STEP takes every n-th reference only.
func TestMutations(t *testing.T) {
	t.Parallel()
	corpus := os.Getenv("KUBEKNOT_MUTATION")
	if corpus == "" {
		t.Skip("KUBEKNOT_MUTATION names no corpus")
	}
	step := 1
	_, _ = fmt.Sscan(os.Getenv("KUBEKNOT_MUTATION_STEP"), &step)
	tallies := map[[2]string]*mutationTally{}
	n := 0
	for _, dir := range slices.Concat(plainDirectories(t, "../testdata"), plainDirectories(t, corpus)) {
		files := filesOf(t, dir)
		var ends []end
		for _, e := range endsOf(files) {
			if n++; n%step == 0 {
				ends = append(ends, e)
			}
		}
		if len(ends) > 0 {
			breakEach(t, dir, files, ends, tallies)
		}
	}
	report(t, tallies)
	asItIs(t, corpus)
}

// asItIs logs the near misses that are reported of a corpus that nobody broke.
func asItIs(t *testing.T, corpus string) {
	t.Helper()
	result, err := driver.Run(t.Context(), driver.Options{Dir: corpus, Paths: []string{"."}, Rules: all(t)})
	if result == nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range result.Findings {
		if f.Evidence == analyzer.NearMiss && f.Severity.AtLeast(analyzer.Warning) {
			n++
			t.Logf("as it is: %s:%d: %s: %s (%s)", f.Location.File.Rel, f.Location.Start().Line, f.Severity, f.Message, f.Reading)
		}
	}
	t.Logf("near misses in the corpus as it is: %d", n)
}

func report(t *testing.T, tallies map[[2]string]*mutationTally) {
	t.Helper()
	var all mutationTally
	t.Logf("%-16s %-20s %16s", "reference", "broken by", "found")
	keys := slices.SortedFunc(maps.Keys(tallies), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[1], b[1]), cmp.Compare(a[0], b[0]))
	})
	for _, key := range keys {
		c := tallies[key]
		t.Logf("%-16s %-20s %5d of %5d %3d %%", key[0], key[1], c.found, c.made, 100*c.found/c.made)
		all.made += c.made
		all.found += c.found
	}
	if all.made == 0 {
		t.Fatal("no reference was broken")
	}
	t.Logf("%-37s %5d of %5d %3d %%", "together", all.found, all.made, 100*all.found/all.made)
}

// plainDirectories returns the directories below root with manifests and without
// a kustomization or chart.
func plainDirectories(t *testing.T, root string) []string {
	t.Helper()
	seen, built := map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch name := filepath.Base(path); {
		case err != nil || e.IsDir():
		case name == "kustomization.yaml" || name == "kustomization.yml" || name == "Chart.yaml" || name == "kubeknot.yaml":
			built[filepath.Dir(path)] = true
		case filepath.Ext(name) == ".yaml" || filepath.Ext(name) == ".yml":
			seen[filepath.Dir(path)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(seen)), func(dir string) bool { return built[dir] || strings.HasSuffix(dir, "templates") })
}

// filesOf parses the manifests that stand in a directory itself.
func filesOf(t *testing.T, dir string) []*manifest.File {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var files []*manifest.File
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); e.IsDir() || ext != ".yaml" && ext != ".yml" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, manifest.Parse(source.NewFile(e.Name(), e.Name(), data)))
	}
	return files
}

// endsOf returns the references among files that find their objects.
func endsOf(files []*manifest.File) []end {
	u := &unit.Unit{Name: ".", Kind: unit.Directory}
	for _, f := range files {
		u.Resources = append(u.Resources, f.Resources()...)
	}
	g := graph.Build(u, nil)
	var ends []end
	seen := map[[2]any]bool{} // one reference for all keys of an object
	add := func(use string, from *manifest.Resource, path []string, definition source.Location, kind string) {
		value := from.Location(path...)
		if seen[[2]any{from, definition}] {
			return
		}
		seen[[2]any{from, definition}] = true
		ends = append(ends, end{use: use, kind: kind, from: from, value: value, definition: definition, text: manifest.String(from.Node, path...)})
	}
	for _, ref := range g.References().All {
		if found := g.Resolve(ref); len(found) == 1 && !ref.Optional && ref.Use != graph.Governing && !g.Superseded(ref.From) {
			add(string(ref.Use), ref.From, ref.Path, found[0].NameLocation(), ref.Target.Kind)
		}
	}
	for _, s := range g.Scalers {
		if g.Superseded(s.Resource) {
			continue
		}
		for _, w := range g.Targets(s) {
			add("autoscaler", s.Resource, graph.RefName(s), w.NameLocation(), w.Kind)
		}
	}
	selector := func(use string, r *manifest.Resource, s graph.Selector) {
		if len(s.Equal) != 1 || g.Superseded(r) || len(g.Select(g.Namespace(r), s)) == 0 {
			return
		}
		for key, value := range s.Equal {
			path := s.PathTo(key)
			ends = append(ends, end{use: use, from: r, value: r.Location(path...), key: r.KeyLocation(path...), text: value, keyText: key})
		}
	}
	for _, s := range g.Services {
		selector("Service", s.Resource, s.Selector)
	}
	for _, b := range g.Budgets {
		selector("budget", b.Resource, b.Selector)
	}
	for _, r := range u.Resources {
		if r.Kind == "NetworkPolicy" {
			selector("NetworkPolicy", r, graph.ReadLabelSelector(r, "spec", "podSelector"))
		}
	}
	return ends
}

// breakEach breaks the references of a directory in all ways and counts what is
// reported.
func breakEach(t *testing.T, dir string, files []*manifest.File, ends []end, tallies map[[2]string]*mutationTally) {
	t.Helper()
	work := t.TempDir()
	write := func(f *source.File, data []byte) {
		if err := os.WriteFile(filepath.Join(work, f.Rel), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		write(f.File, f.Data)
	}
	before := loudIn(t, work)
	for _, e := range ends {
		for _, m := range mutants {
			at := m.at(e)
			if at.IsZero() {
				continue
			}
			was := string(at.Text())
			bare := strings.Trim(was, `"'`)
			change := m.change
			if change == nil {
				change = func(text string) string { return text + "-" + cmp.Or(suffixes[e.kind], "app") }
			}
			now := change(bare)
			if now == bare || len(bare) < 3 || strings.ContainsAny(bare, "\n{[ ") {
				continue
			}
			data := slices.Concat(at.File.Data[:at.Span.Start], []byte(strings.Replace(was, bare, now, 1)), at.File.Data[at.Span.End:])
			write(at.File, data)
			key := [2]string{e.use, m.name}
			if tallies[key] == nil {
				tallies[key] = &mutationTally{}
			}
			tallies[key].made++
			if found := newSince(before, loudIn(t, work)); slices.ContainsFunc(found, func(f string) bool { return strings.HasSuffix(f, " "+e.from.Kind+"/"+e.from.Name) }) {
				tallies[key].found++
			} else if os.Getenv("KUBEKNOT_MUTATION_SHOW") != "" {
				t.Logf("missed: %s: %s by %s: %s %s: %s to %s", dir, e.use, m.name, e.from, at.File.Rel, bare, now)
			}
			write(at.File, at.File.Data)
		}
	}
}

// loudIn counts the errors and warnings of a directory by their rules and objects.
func loudIn(t *testing.T, dir string) map[string]int {
	t.Helper()
	result, err := driver.Run(t.Context(), driver.Options{Dir: dir, Paths: []string{"."}, Rules: all(t)})
	if result == nil {
		t.Fatalf("%s: %v", dir, err)
	}
	loud := map[string]int{}
	for _, f := range result.Findings {
		if f.Severity.AtLeast(analyzer.Warning) && f.Resource != nil {
			loud[f.Rule+" "+f.Resource.Kind+"/"+f.Resource.Name]++
		}
	}
	return loud
}

// newSince returns the rules and objects of which more is reported than before.
func newSince(before, after map[string]int) []string {
	var found []string
	for object, n := range after {
		if n > before[object] {
			found = append(found, object)
		}
	}
	return found
}

// swapLetters swaps two neighbors in the middle of a text that differ.
func swapLetters(text string) string {
	b := []byte(text)
	for i := len(b) / 2; i > 0; i-- {
		if isLetter(b[i]) && isLetter(b[i-1]) && b[i] != b[i-1] {
			b[i], b[i-1] = b[i-1], b[i]
			return string(b)
		}
	}
	return text
}

// dropLetter drops a letter from the middle of a text.
func dropLetter(text string) string {
	for i := len(text) / 2; i > 0; i-- {
		if isLetter(text[i]) {
			return text[:i] + text[i+1:]
		}
	}
	return text
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// siblingKey returns the key that is taken for another one.
func siblingKey(key string) string {
	if key == "app" {
		return "app.kubernetes.io/name"
	}
	return "app"
}
