package driver

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// Loaded is what the options name, sorted into units.
type Loaded struct {
	trees    []*tree
	streams  []*knownFile // what was named and lies in no tree
	texts    []*knownFile // what stands in Markdown files
	tasks    []*task      // the units, in order
	files    []*knownFile // what was named, in order; known once all trees are read
	nodes    []*manifest.Resource
	policies []*manifest.Resource
	notes    []analyzer.NotJudged
	named    map[*source.File]bool
	made     map[*source.File]bool // what charts make
	built    map[*source.File]bool // what went into the build of a kustomization
	excerpts int                   // documents of Markdown blocks that are no whole objects
	dir      string                // the working directory, its links followed
	searched bool                  // a directory was given, so finding nothing is a mistake
	worlds   []*world
}

func newLoaded() *Loaded {
	return &Loaded{named: map[*source.File]bool{}, made: map[*source.File]bool{}, built: map[*source.File]bool{}}
}

// Units reads what the options name and the world around it, and returns the units
// that have a part in it, in order.
func Units(ctx context.Context, o Options) ([]*unit.Unit, error) {
	l, err := load(ctx, o)
	if err != nil {
		return nil, err
	}
	r := newRun(o, l) // without rules
	if err := r.judgeAll(ctx, l); err != nil {
		return nil, err
	}
	return l.units(), nil
}

// load lists what the options name, chooses the units that it has a part in, and
// builds what has to be built of them.
func load(ctx context.Context, o Options) (*Loaded, error) {
	dir, err := o.directory()
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	o.charts = sync.OnceValues(o.helm)
	stream := slices.Contains(o.Paths, "-")
	if stream && o.Nodes == "-" {
		return nil, errors.New("standard input cannot be both the manifests and the nodes")
	}
	l := newLoaded()
	l.dir = dir
	if l.nodes, err = readNodes(dir, o.Nodes, o.Stdin); err != nil {
		return nil, err
	}
	if stream {
		f, err := readInput(dir, "-", o.Stdin)
		if err != nil {
			return nil, err
		}
		l.searched = true
		if err := l.retrace(f, dir, &o); err != nil {
			return nil, err
		}
		l.stream(f, o.Namespace)
	}
	if l.policies, err = readPolicies(dir, o.Policies); err != nil {
		return nil, err
	}
	paths := slices.DeleteFunc(slices.Clone(o.Paths), func(p string) bool { return p == "-" })
	listed := o.Stats.Stage("list files")
	trees, err := openTrees(dir, paths, o.Kept)
	listed()
	if err != nil {
		return nil, err
	}
	relative := slices.ContainsFunc(paths, func(p string) bool { return !filepath.IsAbs(p) })
	l.trees = trees
	for _, t := range trees {
		w, err := openWorld(ctx, t, shower(dir, t.root, relative), &o)
		if err != nil {
			return nil, err
		}
		if err := l.tree(ctx, w, &o); err != nil {
			return nil, err
		}
		if err := l.readTexts(ctx, w, o); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// directory returns the working directory with its links followed.
func (o *Options) directory() (string, error) {
	dir := o.Dir
	if dir == "" {
		wd, err := os.Getwd()
		if err != nil {
			return "", err
		}
		dir = wd
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return dir, nil
}

// stream adds a file whose objects are a unit.
func (l *Loaded) stream(f *manifest.File, namespace string) {
	l.streams = append(l.streams, &knownFile{File: f})
	if u := unit.FromFile(f, namespace); len(u.Resources) > 0 {
		l.tasks = append(l.tasks, &task{unit: u})
	}
}

// units returns the units that are in memory.
func (l *Loaded) units() []*unit.Unit {
	var all []*unit.Unit
	for _, t := range l.tasks {
		if t.unit != nil {
			all = append(all, t.unit)
		}
	}
	return all
}

// judged returns the number of units with something to judge.
func (l *Loaded) judged() int {
	n := 0
	for _, t := range l.tasks {
		if !t.void {
			n++
		}
	}
	return n
}

// passes yields what the rules said, first of the files that were named.
func (l *Loaded) passes() iter.Seq[*analyzer.Pass] {
	return func(yield func(*analyzer.Pass) bool) {
		for _, f := range l.files {
			for _, p := range f.passes {
				if !yield(p) {
					return
				}
			}
		}
		for _, t := range l.tasks {
			for _, p := range t.passes {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// forget lets go of what the rules said.
func (l *Loaded) forget() {
	for _, f := range l.files {
		f.passes = nil
	}
	for _, t := range l.tasks {
		t.passes = nil
	}
}

// failure returns how rules have failed.
func (l *Loaded) failure() error {
	var errs []error
	for _, f := range l.files {
		errs = append(errs, f.failure)
	}
	for _, t := range l.tasks {
		errs = append(errs, t.failure)
	}
	return errors.Join(errs...)
}

// tree adds the units of one tree.
func (l *Loaded) tree(ctx context.Context, w *world, o *Options) error {
	l.worlds = append(l.worlds, w)
	if err := w.remembering(l.nodes, l.policies); err != nil {
		o.debug(err)
	}
	if err := w.choose(ctx); err != nil {
		return err
	}
	l.tasks = append(l.tasks, w.tasks...)
	for _, dir := range w.tree.args {
		l.searched = l.searched || dir
	}
	return nil
}

// name says of all that was read what was named of it, and what is not judged.
func (l *Loaded) name() {
	add := func(files ...*knownFile) {
		for _, f := range files {
			l.files = append(l.files, f)
			l.named[f.File.File] = true
		}
	}
	add(l.streams...)
	for _, w := range l.worlds {
		l.builds(w)
		for _, rel := range w.tree.files {
			if !w.tree.named(rel) {
				continue
			}
			f := w.knownFile(rel)
			if reason := w.layout.PassedOver[rel]; reason != "" && reason != unit.HelmTemplate && reason != unit.ChartFile && (f == nil || !l.built[f.File.File]) {
				l.notes = append(l.notes, analyzer.NotJudged{File: w.show(rel), Reason: string(reason)})
			}
			if f != nil {
				add(f)
			}
		}
		add(l.charts(w)...)
		for _, n := range slices.Concat(w.tree.notes, w.notes) {
			if w.tree.named(n.File) {
				l.notes = append(l.notes, analyzer.NotJudged{File: w.show(n.File), Reason: n.Reason})
			}
		}
	}
	add(l.texts...)
}

// builds notes what became of the kustomizations.
func (l *Loaded) builds(w *world) {
	for _, t := range w.tasks {
		if t.recalled != nil && t.Kind == unit.Kustomization {
			l.notes = append(l.notes, t.recalled.Notes...)
			l.wentInto(w, slices.Collect(maps.Keys(t.recalled.Reads)))
		}
		if t.Build == nil {
			continue
		}
		l.notes = append(l.notes, w.buildNotes(t.Spec)...)
		l.wentInto(w, slices.Concat(t.Configs, t.Build.Files))
	}
}

// buildNotes says what is not judged of a kustomization.
func (w *world) buildNotes(s unit.Spec) []analyzer.NotJudged {
	var notes []analyzer.NotJudged
	if s.Build.Unbuilt != nil {
		notes = append(notes, notBuilt(s.Build.Unbuilt))
	}
	for _, m := range s.Build.Missing {
		notes = append(notes, analyzer.NotJudged{File: w.show(m.Path), Reason: "not there, and taken for empty in the build of " + w.show(s.Dir)})
	}
	return notes
}

func notBuilt(r *kustomize.Reason) analyzer.NotJudged {
	reason := fmt.Sprintf("kustomization not built: %s; its files are judged as they stand", r.Text)
	return analyzer.NotJudged{File: r.In.Document.File.Path, Reason: reason}
}

// wentInto notes which files a build was made of.
func (l *Loaded) wentInto(w *world, rels []string) {
	for _, rel := range rels {
		if f := w.knownFile(rel); f != nil {
			l.built[f.File.File] = true
		}
	}
}
