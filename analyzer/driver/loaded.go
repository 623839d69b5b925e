package driver

import (
	"context"
	"errors"
	"fmt"
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

// Loaded is what the options name, read and sorted into units.
type Loaded struct {
	// Units are those that have a part in what was named, in order.
	Units []*unit.Unit

	trees    []*tree
	files    []*manifest.File // what was named, in order
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
	memories []*memory
}

func newLoaded() *Loaded {
	return &Loaded{named: map[*source.File]bool{}, made: map[*source.File]bool{}, built: map[*source.File]bool{}}
}

// Load reads what the options name and the world around it.
func Load(ctx context.Context, o Options) (*Loaded, error) {
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
		l.name(f)
		l.searched = true
		if err := l.retrace(f, dir, &o); err != nil {
			return nil, err
		}
		if u := unit.FromFile(f, o.Namespace); len(u.Resources) > 0 {
			l.Units = append(l.Units, u)
		}
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
		if err := l.texts(ctx, w, o); err != nil {
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

// name adds a file that was named.
func (l *Loaded) name(f *manifest.File) {
	l.files = append(l.files, f)
	l.named[f.File] = true
}

// tree adds the files and units of one tree.
func (l *Loaded) tree(ctx context.Context, w *world, o *Options) error {
	l.worlds = append(l.worlds, w)
	if err := w.remembering(l.nodes, l.policies); err != nil {
		o.debug(err)
	}
	if w.memory != nil {
		l.memories = append(l.memories, w.memory)
	}
	specs, err := w.load(ctx)
	if err != nil {
		return err
	}
	l.builds(w, specs)
	for _, rel := range w.tree.files {
		if !w.tree.named(rel) {
			continue
		}
		f := w.known(rel)
		if reason := w.layout.PassedOver[rel]; reason != "" && reason != unit.HelmTemplate && (f == nil || !l.built[f.File]) {
			l.notes = append(l.notes, analyzer.NotJudged{File: w.show(rel), Reason: string(reason)})
		}
		if f != nil {
			l.name(f)
		}
	}
	l.charts(w)
	for _, n := range slices.Concat(w.tree.notes, w.notes) {
		if w.tree.named(n.File) {
			l.notes = append(l.notes, analyzer.NotJudged{File: w.show(n.File), Reason: n.Reason})
		}
	}
	for _, p := range specs {
		s := p.Spec
		if p.recalled != nil {
			if !p.recalled.Empty {
				l.Units = append(l.Units, w.memory.unit(p))
			}
			continue
		}
		failed := s.Build != nil && s.Build.Failure != nil
		if o.Config != nil && s.Kind != unit.Listed {
			s.External = external(o.Config.External)
		}
		if u := unit.Assemble(s, w.show(s.Dir), o.Namespace, w.get); len(u.Resources) > 0 || failed {
			l.Units = append(l.Units, u)
			w.memory.expect(u, s)
		} else {
			w.memory.learnEmpty(s)
		}
	}
	for _, dir := range w.tree.args {
		l.searched = l.searched || dir
	}
	return nil
}

// builds notes what became of the kustomizations.
func (l *Loaded) builds(w *world, specs []planned) {
	for _, s := range specs {
		if s.recalled != nil && s.Kind == unit.Kustomization {
			l.notes = append(l.notes, s.recalled.Notes...)
			l.wentInto(w, slices.Collect(maps.Keys(s.recalled.Reads)))
		}
		if s.Build == nil {
			continue
		}
		l.notes = append(l.notes, w.buildNotes(s.Spec)...)
		l.wentInto(w, slices.Concat(s.Configs, s.Build.Files))
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
		if f := w.known(rel); f != nil {
			l.built[f.File] = true
		}
	}
}
