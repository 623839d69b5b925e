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
	rendered       []*manifest.File          // what those charts make
	charts         []analyzer.NotJudged      // what is not judged of charts

	memory *memory // nil without a cache

	// kustomizationFiles names all kustomizations: where one comes or goes, others
	// are built of other files.
	kustomizationFiles func() []byte

	mu       sync.Mutex
	contents map[string]*content
	files    map[string]*manifest.File // nil: could not be read
	notes    []analyzer.NotJudged
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
		t := open(root)
		t.args[t.rel(arg.path)] = arg.dir
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

// argument is a path that was named, absolute and with its links followed.
type argument struct {
	path string
	dir  bool
}

// findRoots returns the root of the tree of each argument.
func findRoots(dir string, paths []string) (map[argument]string, error) {
	finder := newFinder(dir)
	roots := map[argument]string{}
	plain := map[string]bool{} // roots outside of git
	for _, name := range paths {
		abs, isDir, err := resolve(dir, name)
		if err != nil {
			return nil, err
		}
		start := abs
		if !isDir {
			start = filepath.Dir(abs)
		}
		root, git := finder.root(start)
		roots[argument{abs, isDir}] = root
		plain[root] = !git
	}
	// Of two arguments one of which lies inside the other, the inner one
	// belongs to the tree of the outer one, or its files would be judged twice.
	for arg, root := range roots {
		if plain[root] {
			for d := filepath.Dir(root); d != filepath.Dir(d); d = filepath.Dir(d) {
				if plain[d] {
					roots[arg] = d
				}
			}
		}
	}
	return roots, nil
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
	w := &world{tree: t, show: show, options: o, contents: map[string]*content{}, files: map[string]*manifest.File{}, kustomizations: map[string]*kustomize.Kustomization{}}
	files := slices.DeleteFunc(slices.Clone(t.files), func(rel string) bool { return !kustomize.IsFile(rel) })
	w.kustomizationFiles = sync.OnceValue(func() []byte { return []byte(strings.Join(files, "\n")) })
	if err := w.readAll(ctx, files, manifest.ParseAny); err != nil {
		return nil, err
	}
	plan := unit.Tree{Files: t.files, Charts: t.charts}
	for _, rel := range files {
		f := w.files[rel]
		if f == nil {
			continue
		}
		for _, d := range f.Documents {
			if d.Root != nil && manifest.IsMapping(d.Root) {
				k := kustomize.Read(path.Dir(rel), d)
				plan.Kustomizations = append(plan.Kustomizations, k)
				w.kustomizations[k.Dir] = k
				break
			}
		}
	}
	var err error
	if plan.Configured, err = w.configuredUnits(); err != nil {
		return nil, err
	}
	w.layout = unit.Plan(plan)
	return w, nil
}

// read parses a file of the tree at most once; nil if it cannot be read.
func (w *world) read(rel string, parse func(*source.File) *manifest.File) *manifest.File {
	w.mu.Lock()
	f, ok := w.files[rel]
	w.mu.Unlock()
	if ok {
		return f
	}
	text, err := w.source(rel)
	if err == nil {
		if f = w.content(rel).parsed; f == nil {
			end := w.options.Stats.working("parse")
			f = parse(text)
			end()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.notes = append(w.notes, analyzer.NotJudged{File: rel, Reason: "not readable: " + reason(err)})
	}
	w.files[rel] = f
	return f
}

// readAll parses files in parallel.
func (w *world) readAll(ctx context.Context, rels []string, parse func(*source.File) *manifest.File) error {
	defer w.options.Stats.Stage("read and parse")()
	return w.options.parallel(ctx, "reading", len(rels), func(i int) { w.read(rels[i], parse) })
}

// load reads what the arguments name, chooses the units that it has a part in,
// and reads the rest of those.
func (w *world) load(ctx context.Context) ([]planned, error) {
	var named []string
	for _, rel := range w.tree.files {
		if w.tree.named(rel) && w.layout.PassedOver[rel] == "" {
			named = append(named, rel)
		}
	}
	if err := w.readUnknown(ctx, named); err != nil {
		return nil, err
	}
	part := map[string]bool{} // named files that hold objects
	for _, rel := range named {
		part[rel] = w.objects(rel) > 0
	}
	var units []planned
	for _, s := range w.layout.Units {
		has := func(rel string) bool { return part[rel] && s.Kind != unit.Chart }
		if slices.ContainsFunc(slices.Concat(s.Files, s.Configs), w.tree.named) || slices.ContainsFunc(s.Context, has) {
			units = append(units, planned{Spec: s})
		}
	}
	also, err := w.memory.recall(ctx, units)
	if err != nil {
		return nil, err
	}
	if err := w.readUnknown(ctx, also); err != nil {
		return nil, err
	}
	need := map[string]bool{}
	for _, s := range units {
		if s.recalled != nil {
			continue
		}
		for _, rel := range slices.Concat(s.Files, s.Context, s.Siblings) {
			need[rel] = true
		}
	}
	var rest []string
	for _, rel := range w.tree.files {
		if need[rel] {
			rest = append(rest, rel)
		}
	}
	if err := w.readAll(ctx, rest, manifest.Parse); err != nil {
		return nil, err
	}
	if err := w.build(ctx, units); err != nil {
		return nil, err
	}
	return units, w.render(ctx, units)
}

// readUnknown parses those of the files of which not everything is known.
func (w *world) readUnknown(ctx context.Context, rels []string) error {
	unknown, err := w.memory.recallFiles(ctx, rels)
	if err != nil {
		return err
	}
	return w.readAll(ctx, unknown, manifest.Parse)
}

// objects returns the number of objects of a file that was parsed or recalled.
func (w *world) objects(rel string) int {
	if f := w.files[rel]; f != nil {
		return len(f.Resources())
	}
	if f := w.memory.stub(rel); f != nil {
		return f.about.Resources
	}
	return 0
}

// build builds the kustomizations among the units that have to be judged.
func (w *world) build(ctx context.Context, units []planned) error {
	builds := func(p planned) bool { return p.Kind == unit.Kustomization && p.recalled == nil }
	var dirs []string
	for _, s := range units {
		if builds(s) {
			dirs = append(dirs, s.Dir)
		}
	}
	if len(dirs) == 0 {
		return nil
	}
	defer w.options.Stats.Stage("build kustomizations")()
	w.options.Stats.Count("kustomizations built", len(dirs))
	t := &kustomize.Tree{
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
		Built:          w.options.counter("building kustomizations", len(dirs)),
	}
	made, err := t.BuildAll(ctx, dirs)
	if err != nil {
		return err
	}
	for i := range units {
		if builds(units[i]) {
			units[i].Build, made = made[0], made[1:]
		}
	}
	return nil
}

// file returns a file that was read before, nil if it was not or cannot be.
func (w *world) file(rel string) *manifest.File {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.files[rel]
}

// get returns a file that load has read.
func (w *world) get(rel string) *manifest.File { return w.files[rel] }

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
