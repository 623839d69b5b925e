package driver

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/cache"
)

// sample is how many of the fixtures each property is tried on.
const sample = 60

// properties calls try with copies of fixtures, the same ones each time, and
// what is found in them.
func properties(t *testing.T, seed uint64, try func(t *testing.T, o Options, random *rand.Rand, found []analyzer.Finding)) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join("..", "..", "testdata", "*-*", "*"))
	if err != nil || len(all) < 500 {
		t.Fatalf("%d fixtures, %v", len(all), err)
	}
	random := rand.New(rand.NewPCG(seed, 1))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	all = slices.DeleteFunc(all, func(dir string) bool { // a file, or marked for what its whole tree holds
		_, err := os.Stat(filepath.Join(dir, "kubeknot.yaml"))
		info, dirErr := os.Stat(dir)
		return err == nil || dirErr != nil || !info.IsDir()
	})
	rules := allRules(t)
	for _, from := range all[:sample] {
		o := Options{Dir: makeTree(t, nil), Paths: []string{"."}, Rules: rules}
		if err := os.CopyFS(o.Dir, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(filepath.Dir(from))+"/"+filepath.Base(from), func(t *testing.T) {
			try(t, o, random, lint(t, o).Findings)
		})
	}
}

// places says of each finding which rule reports what line.
func places(findings []analyzer.Finding) []string {
	var all []string
	for _, f := range findings {
		all = append(all, fmt.Sprintf("%s %s:%d", f.Rule, f.Location.File.Path, f.Location.Start().Line))
	}
	slices.Sort(all)
	return all
}

// rewrite changes every file of a tree.
func rewrite(t *testing.T, dir string, change func(name, text string) string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || filepath.Base(filepath.Dir(p)) == ".git" {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(p, []byte(change(p, string(data))), 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBatchesChangeNothing judges many fixtures as one tree: in batches of a file each,
// and with everything kept in memory.
func TestBatchesChangeNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		tree := Options{Dir: makeTree(t, map[string]string{".git/": ""}), Paths: []string{"."}, Rules: allRules(t)}
		n := 0
		properties(t, 10+seed, func(t *testing.T, o Options, _ *rand.Rand, _ []analyzer.Finding) {
			dir := filepath.Join(tree.Dir, []string{"", "all", "all/below"}[n%3]) // so that some lean on others
			err := os.CopyFS(filepath.Join(dir, fmt.Sprint(n)), os.DirFS(o.Dir))
			if err == nil {
				err = os.RemoveAll(filepath.Join(dir, fmt.Sprint(n), ".git")) // it would be a tree of its own
			}
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir, fmt.Sprintf("%d.yaml", n), strings.ReplaceAll(unrelated, "unrelated", fmt.Sprintf("app-%d", n)))
			n++
		})
		want := printed(t, tree)
		for name, change := range map[string]func(*Options){
			"batches of one":  func(o *Options) { o.batch = 1 },
			"batches of five": func(o *Options) { o.batch = 5 },
			"all in memory":   func(o *Options) { o.Kept = &Kept{} },
			"with a cache":    func(o *Options) { o.batch = 3; *o = cached(*o, &cache.Dir{Path: t.TempDir()}) },
		} {
			o := tree
			change(&o)
			if diff := cmp.Diff(want, printed(t, o)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

const unrelated = `apiVersion: apps/v1
kind: Deployment
metadata: {name: unrelated, namespace: unrelated}
spec:
  replicas: 2
  selector: {matchLabels: {unrelated: "yes"}}
  template:
    metadata: {labels: {unrelated: "yes"}}
    spec: {containers: [{name: unrelated, image: unrelated, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: unrelated, namespace: unrelated}
spec: {selector: {unrelated: "yes"}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: unrelated, namespace: unrelated}
`

// TestAnotherNamespaceChangesNothing adds objects of a namespace that nobody else
// is in, in a directory of their own and beside the others.
func TestAnotherNamespaceChangesNothing(t *testing.T) {
	t.Parallel()
	properties(t, 1, func(t *testing.T, o Options, random *rand.Rand, _ []analyzer.Finding) {
		o.Namespace = "default" // without one, objects may be in any namespace
		found := lint(t, o).Findings
		name := []string{"unrelated/all.yaml", "aa-unrelated.yaml", "zz-unrelated.yaml"}[random.IntN(3)]
		write(t, o.Dir, name, unrelated)
		if diff := cmp.Diff(places(found), places(lint(t, o).Findings)); diff != "" {
			t.Errorf("with %s: %s", name, diff)
		}
	})
}

// renamedWord is a label and a name of very many fixtures.
var renamedWord = regexp.MustCompile(`\b(app|web)\b`)

// TestNamesOfLabelsMeanNothing renames what labels and their values are called,
// wherever it stands, to what is as long and nowhere else.
func TestNamesOfLabelsMeanNothing(t *testing.T) {
	t.Parallel()
	renamed := map[string]string{"app": "kee", "web": "vaa"}
	properties(t, 2, func(t *testing.T, o Options, _ *rand.Rand, found []analyzer.Finding) {
		rewrite(t, o.Dir, func(_, text string) string {
			return renamedWord.ReplaceAllStringFunc(text, func(s string) string { return renamed[s] })
		})
		renameAll(t, o.Dir, renamed)
		all := func(places []string) []string {
			for i, place := range places {
				places[i] = renamedWord.ReplaceAllStringFunc(place, func(s string) string { return renamed[s] })
			}
			slices.Sort(places)
			return places
		}
		if diff := cmp.Diff(all(places(found)), all(places(lint(t, o).Findings))); diff != "" {
			t.Error(diff)
		}
	})
}

// renameAll renames the files and directories that others may name.
func renameAll(t *testing.T, dir string, renamed map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if to, ok := renamed[strings.TrimSuffix(name, ".yaml")]; ok {
			name = strings.Replace(name, strings.TrimSuffix(name, ".yaml"), to, 1)
			if err := os.Rename(filepath.Join(dir, e.Name()), filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		if e.IsDir() && name != ".git" {
			renameAll(t, filepath.Join(dir, name), renamed)
		}
	}
}

// TestASuppressionRemovesOneFinding suppresses one at random: those of its rule
// that show the same line go with it, and nothing else.
func TestASuppressionRemovesOneFinding(t *testing.T) {
	t.Parallel()
	tried := 0
	properties(t, 3, func(t *testing.T, o Options, random *rand.Rand, found []analyzer.Finding) {
		if len(found) == 0 {
			return
		}
		f := found[random.IntN(len(found))]
		at := f.Location.Start()
		line := f.Location.File.Line(at.Line)
		text := string(f.Location.File.Data[line.Start:line.End])
		if filepath.Ext(f.Location.File.Path) != ".yaml" || strings.ContainsAny(text, "#|>\"'{") || strings.HasPrefix(f.Rule, "suppression") || f.Rule == "syntax-error" {
			return // where a comment at the end of a line is none, or nothing is suppressed
		}
		tried++
		write(t, o.Dir, f.Location.File.Path, string(f.Location.File.Data[:line.End])+" # kubeknot:ignore "+f.Rule+" -- a property"+string(f.Location.File.Data[line.End:]))
		shows := func(x analyzer.Finding) bool {
			same := x.Location.File.Path == f.Location.File.Path && x.Location.Start().Line == at.Line
			for _, r := range x.Related {
				same = same || !r.Location.IsZero() && r.Location.File.Path == f.Location.File.Path && r.Location.Start().Line == at.Line
			}
			return x.Rule == f.Rule && same
		}
		want := slices.DeleteFunc(slices.Clone(found), shows)
		if diff := cmp.Diff(places(want), places(lint(t, o).Findings)); diff != "" {
			t.Errorf("%s in line %d: %s", f.Rule, at.Line, diff)
		}
	})
	if tried < sample/6 {
		t.Errorf("tried on %d fixtures alone", tried)
	}
}

// inOrder are the rules for which it matters what is applied first, or which of
// several objects they name first.
var inOrder = []string{"applied-too-early", "immutable-field-changed", "duplicate-object", "syntax-error"}

// TestOrderOfDocumentsMeansNothing turns the documents of all files around.
func TestOrderOfDocumentsMeansNothing(t *testing.T) {
	t.Parallel()
	rules := func(findings []analyzer.Finding) []string {
		var all []string
		for _, f := range findings {
			if !slices.Contains(inOrder, f.Rule) {
				all = append(all, f.Rule)
			}
		}
		slices.Sort(all)
		return all
	}
	turned := 0
	properties(t, 4, func(t *testing.T, o Options, _ *rand.Rand, found []analyzer.Finding) {
		if slices.ContainsFunc(found, func(f analyzer.Finding) bool { return slices.Contains(inOrder, f.Rule) }) {
			return
		}
		rewrite(t, o.Dir, func(name, text string) string {
			documents := strings.Split(strings.TrimSuffix(text, "\n"), "\n---\n")
			if filepath.Ext(name) != ".yaml" || strings.HasPrefix(text, "---") || len(documents) == 1 || strings.Contains(text, "kubeknot:ignore") {
				return text
			}
			turned++
			slices.Reverse(documents)
			return strings.Join(documents, "\n---\n") + "\n"
		})
		if diff := cmp.Diff(rules(found), rules(lint(t, o).Findings)); diff != "" {
			t.Error(diff)
		}
	})
	if turned < sample/6 {
		t.Errorf("turned %d files alone", turned)
	}
}
