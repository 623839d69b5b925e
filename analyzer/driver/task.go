package driver

import (
	"cmp"
	"iter"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/helm"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

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
	// values is the file that the variant of a chart is rendered with, nil for all
	// else.
	values *source.File
	// void reports that there is nothing to judge.
	void      bool
	annotated bool // something is suppressed in it by an annotation
	passes    []*analyzer.Pass
	failure   error // of a rule
	ties      *draft
}

// shown is the name of the unit for people.
func (t *task) shown() string {
	name := t.world.show(t.Dir)
	if t.Delivery != nil && t.Kind == unit.Chart {
		name += " as " + t.Delivery.By.String() + " installs it"
	}
	if t.Values != "" {
		name += " with " + strings.TrimPrefix(t.Values, t.Dir+"/")
	}
	return name
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
	failed := t.Build != nil && t.Build.Failure != nil || t.Refused != nil || t.Kind == unit.FluxKustomization
	if o.Config != nil && t.Kind != unit.Listed {
		t.External = external(o.Config.External)
	}
	namespace := o.Namespace
	if t.Kind == unit.Chart {
		if t.Release != nil {
			namespace = cmp.Or(namespace, t.Release.Namespace)
		}
		namespace = cmp.Or(namespace, helm.ReleaseNamespace)
	}
	u := unit.Assemble(t.Spec, t.shown(), namespace, w.file)
	if t.void = len(u.Resources) == 0 && !failed; t.void {
		w.memory.learnEmpty(t.Spec)
		return
	}
	u.Earlier = o.Earlier.of(t.Dir)
	o.Record.record(t.Dir, u)
	t.unit = u
}
