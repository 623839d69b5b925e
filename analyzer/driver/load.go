package driver

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// world is what the arguments name and what has to be read around it.
type world struct {
	tree   *tree
	layout unit.Layout
	show   func(rel string) string // path inside the tree → path for people

	kustomizations map[string]*kustomize.Kustomization // by directory
	options        *Options
	sources        map[string][]*source.File // of the charts that were rendered, by path
	rendered       []*knownFile              // what those charts make
	charts         []analyzer.NotJudged      // what is not judged of charts

	memory *memory // nil without a cache

	tasks []*task  // the units that the arguments have a part in, in order
	alone []string // the files that are judged on their own, whatever units ask for

	// definitions returns what the definitions of the tree add to the APIs of the
	// cluster.
	definitions func() []string

	// kustomizationFiles names all kustomizations: where one comes or goes, others
	// are built of other files.
	kustomizationFiles func() []byte

	mu       sync.Mutex
	contents map[string]*content
	files    map[string]*manifest.File // nil: could not be read; without documents: let go
	known    map[string]*knownFile     // those that were judged, or recalled
	notes    []analyzer.NotJudged

	documents int // how many were parsed
}

// openTrees sorts the arguments into the trees they lie in and walks those,
// ordered by their roots.
func openTrees(dir string, paths []string, kept *Kept) ([]*tree, error) {
	trees := map[string]*tree{}
	open := func(root string) *tree {
		if trees[root] == nil {
			trees[root] = &tree{root: root, args: map[string]bool{}, kept: kept}
		}
		return trees[root]
	}
	roots, err := findRoots(dir, paths)
	if err != nil {
		return nil, err
	}
	for arg, root := range roots {
		t := open(root.dir)
		t.args[t.rel(arg.path)] = arg.dir
		t.bounds = append(t.bounds, t.rel(root.bound))
	}
	for waiting := sorted(trees); len(waiting) > 0; waiting = waiting[1:] {
		t := waiting[0]
		t.walk()
		for _, repository := range t.repositories {
			if !t.named(t.rel(repository)) {
				continue
			}
			if trees[repository] == nil {
				waiting = append(waiting, open(repository))
			}
			trees[repository].args["."] = true
		}
	}
	return sorted(trees), nil
}

// sorted returns trees in the order of their roots.
func sorted(trees map[string]*tree) []*tree {
	var all []*tree
	for _, root := range slices.Sorted(maps.Keys(trees)) {
		all = append(all, trees[root])
	}
	return all
}

// resolve returns the absolute path of an argument, its own symbolic links
// followed.
func resolve(dir, arg string) (abs string, isDir bool, err error) {
	abs = arg
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(dir, arg)
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return "", false, fmt.Errorf("%s: %s%s", arg, reason(err), suggestPath(dir, arg))
	}
	info, err := os.Stat(abs)
	if err != nil {
		return "", false, fmt.Errorf("%s: %s", arg, reason(err))
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return "", false, fmt.Errorf("%s is neither a file nor a directory", arg)
	}
	return abs, info.IsDir(), nil
}

// openWorld plans the units of a tree. Only kustomizations are read for that.
func openWorld(ctx context.Context, t *tree, show func(string) string, o *Options) (*world, error) {
	w := &world{tree: t, show: show, options: o, contents: map[string]*content{}, files: map[string]*manifest.File{}, known: map[string]*knownFile{}, kustomizations: map[string]*kustomize.Kustomization{}}
	w.definitions = sync.OnceValue(w.findDefinitions)
	files := slices.DeleteFunc(slices.Clone(t.files), func(rel string) bool { return !kustomize.IsFile(rel) })
	w.kustomizationFiles = sync.OnceValue(func() []byte { return []byte(strings.Join(files, "\n")) })
	if err := w.readAll(ctx, files, manifest.ParseAny); err != nil {
		return nil, err
	}
	plan := unit.Tree{Files: t.files, Charts: t.charts, GoTests: t.goTests, Vendored: t.vendored, Bounds: t.bounds}
	for _, rel := range files {
		f := w.files[rel]
		if f == nil {
			continue
		}
		if len(f.Resources()) > 0 && !slices.ContainsFunc(f.Documents, kustomize.Reads) {
			plan.Plain = append(plan.Plain, rel)
		}
		for _, d := range f.Documents {
			if kustomize.Reads(d) {
				k := kustomize.Read(path.Dir(rel), d)
				plan.Kustomizations = append(plan.Kustomizations, k)
				w.kustomizations[k.Dir] = k
				break
			}
			kustomize.Refuse(d)
		}
	}
	generating := w.kustomizeTree(nil)
	for _, k := range plan.Kustomizations {
		generating.NoteGenerated(k)
	}
	var err error
	if plan.Configured, err = w.configuredUnits(); err != nil {
		return nil, err
	}
	if plan.NotApplied, err = w.notApplied(ctx, plan); err != nil {
		return nil, err
	}
	if plan.Delivered, err = w.delivered(ctx, plan); err != nil {
		return nil, err
	}
	w.layout = unit.Plan(plan)
	return w, nil
}

// read parses a file of the tree, once as long as it is not let go; nil if it
// cannot be read.
func (w *world) read(rel string, parse func(*source.File) *manifest.File) *manifest.File {
	w.mu.Lock()
	f, ok := w.files[rel]
	ok = ok && (f == nil || f.Documents != nil)
	w.mu.Unlock()
	if ok {
		return f
	}
	text, err := w.source(rel)
	if err == nil {
		if f = w.content(rel).parsed; f == nil {
			end := w.options.Stats.working("parse")
			f, err = w.parse(rel, text, parse)
			end()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		if dir, named := w.tree.args[rel]; named && !dir {
			w.options.intake.refused(w.show(rel), err)
		}
		w.notes = append(w.notes, analyzer.NotJudged{File: rel, Reason: "not readable: " + reason(err)})
	}
	w.files[rel] = f
	if f != nil {
		w.documents += len(f.Documents)
	}
	return f
}

// readAll parses files in parallel.
func (w *world) readAll(ctx context.Context, rels []string, parse func(*source.File) *manifest.File) error {
	defer w.options.Stats.Stage("read and parse")()
	return w.options.parallel(ctx, "reading", len(rels), func(i int) { w.read(rels[i], parse) })
}

// choose finds the units that the arguments have a part in, and what is known of
// them from an earlier run. Kustomizations among the others are built and charts
// rendered.
func (w *world) choose(ctx context.Context) error {
	named := slices.DeleteFunc(slices.Clone(w.tree.files), func(rel string) bool {
		return w.layout.PassedOver[rel] != "" || !w.tree.named(rel)
	})
	unknown, err := w.memory.recallFiles(ctx, named)
	if err != nil {
		return err
	}
	for _, s := range w.layout.Units {
		has := func(rel string) bool {
			return s.Kind != unit.Chart && w.layout.PassedOver[rel] == "" && w.tree.named(rel) && w.objects(rel) > 0
		}
		if slices.ContainsFunc(s.Files, w.tree.named) || slices.ContainsFunc(s.Configs, w.tree.named) || slices.ContainsFunc(s.Context, has) || s.Delivery.Touches(w.tree.named) {
			w.tasks = append(w.tasks, &task{Spec: s, world: w})
		}
	}
	also, err := w.memory.recall(ctx, w.tasks)
	if err != nil {
		return err
	}
	more, err := w.memory.recallFiles(ctx, also)
	if err != nil {
		return err
	}
	w.alone = append(unknown, more...)
	if err := w.build(ctx, w.tasks); err != nil {
		return err
	}
	return w.render(ctx, w.tasks)
}

// objects returns the number of objects of a file.
func (w *world) objects(rel string) int {
	if k := w.known[rel]; k != nil && k.judged {
		return k.about.Resources
	}
	if f := w.read(rel, manifest.Parse); f != nil {
		return len(f.Resources())
	}
	return 0
}

// build builds the kustomizations among the units that have to be judged.
func (w *world) build(ctx context.Context, tasks []*task) error {
	var dirs []string
	var building []*task
	for _, t := range tasks {
		if t.Kind == unit.Kustomization && t.recalled == nil {
			dirs, building = append(dirs, t.Dir), append(building, t)
		}
	}
	if len(dirs) == 0 {
		return nil
	}
	defer w.options.Stats.Stage("build kustomizations")()
	w.options.Stats.Count("kustomizations built", len(dirs))
	made, err := w.kustomizeTree(w.options.counter("building kustomizations", len(dirs))).BuildAll(ctx, dirs)
	if err != nil {
		return err
	}
	for i, t := range building {
		t.Build = made[i]
	}
	return nil
}

// kustomizeTree returns the tree as kustomize reads it. built is as in kustomize.Tree.
func (w *world) kustomizeTree(built func()) *kustomize.Tree {
	return &kustomize.Tree{
		Root: w.tree.root,
		Read: func(rel string) ([]byte, error) {
			f, err := w.source(rel)
			return f.Data, err
		},
		File: func(rel string) *manifest.File {
			if rel == "" {
				return nil
			}
			return w.read(rel, manifest.Parse)
		},
		Kustomizations: w.kustomizations,
		Helm:           w.options.Helm,
		Begin:          w.begin,
		Built:          built,
	}
}

// file returns a file that was read before, nil if it was not or cannot be.
func (w *world) file(rel string) *manifest.File {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.files[rel]
}

// shower returns how the paths of a tree are shown: relative to the working
// directory where they lie below it or were given so, else absolute.
func shower(dir, root string, relative bool) func(string) string {
	if way, err := filepath.Rel(dir, root); err == nil && filepath.IsLocal(way) {
		way = filepath.ToSlash(way) // the whole tree lies below
		return func(rel string) string { return path.Join(way, rel) }
	}
	return func(rel string) string {
		abs := filepath.Join(root, filepath.FromSlash(rel))
		if r, err := filepath.Rel(dir, abs); err == nil && (relative || filepath.IsLocal(r)) {
			return filepath.ToSlash(r)
		}
		return filepath.ToSlash(abs)
	}
}
