package driver

import (
	"iter"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// knownFile is a file that was named, and what is known of it. Once it was judged,
// or recalled from an earlier run, its documents are not needed any more.
type knownFile struct {
	*manifest.File
	about   cache.About
	judged  bool
	passes  []*analyzer.Pass
	failure error  // of a rule
	world   *world // that it is a file of; nil for a stream, what a chart makes, and a text
}

// knownFile returns a file that was read or recalled, nil for others.
func (w *world) knownFile(rel string) *knownFile {
	w.mu.Lock()
	defer w.mu.Unlock()
	k := w.known[rel]
	if k == nil && w.files[rel] != nil {
		k = &knownFile{File: w.files[rel], world: w}
		w.known[rel] = k
	}
	return k
}

// task is a unit that is to be judged, or was.
type task struct {
	unit.Spec
	world *world // nil for a stream and a text: nothing is planned of those
	// recalled is what is known of it from an earlier run, nil if it has to be
	// judged; chart belongs to it, nil for what is no chart.
	recalled *cache.Unit
	chart    *recalledChart

	// unit is nil before it is put together, and once it was judged, unless
	// somebody has yet to see its objects.
	unit *unit.Unit
	// void reports that there is nothing to judge.
	void      bool
	annotated bool // something is suppressed in it by an annotation
	passes    []*analyzer.Pass
	failure   error // of a rule
	ties      *draft
}

// files yields the files that the unit is made of and leans on, some of them several
// times; none of one that is recalled.
func (t *task) files() iter.Seq[string] {
	return func(yield func(string) bool) {
		if t.recalled != nil {
			return
		}
		for _, list := range [][]string{t.Files, t.Context, t.Siblings} {
			for _, rel := range list {
				if !yield(rel) {
					return
				}
			}
		}
	}
}

// assemble puts the unit together. Its files were read.
func (t *task) assemble(o *Options) {
	w := t.world
	failed := t.Build != nil && t.Build.Failure != nil
	if o.Config != nil && t.Kind != unit.Listed {
		t.External = external(o.Config.External)
	}
	u := unit.Assemble(t.Spec, w.show(t.Dir), o.Namespace, w.get)
	if t.void = len(u.Resources) == 0 && !failed; t.void {
		w.memory.learnEmpty(t.Spec)
		return
	}
	t.unit = u
}

// detach lets go of the objects that findings are about, of which reports and
// suppressions ask only for who they are.
func (r *run) detach(passes []*analyzer.Pass) {
	if !r.lean {
		return
	}
	for _, p := range passes {
		for i := range p.Findings {
			p.Findings[i] = p.Findings[i].Detached()
		}
		for i, s := range p.Skipped {
			p.Skipped[i].Resource = s.Resource.Detached()
		}
	}
}
