package driver

import (
	"bytes"
	"errors"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/suppress"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// This file puts into the cache what recall.go takes from it in a later run.

// learnFile remembers what was said of a file that was parsed, unless comments
// may speak in it, which have to be seen.
func (m *memory) learnFile(f *manifest.File, passes []*analyzer.Pass) {
	if m == nil {
		return
	}
	entry, ok := m.look(f.Rel)
	if !ok || entry.Judged || bytes.Contains(f.Data, []byte(suppress.Mark)) {
		return
	}
	said, err := cache.Pack(passes, m.name)
	if err != nil {
		return
	}
	m.learnText(f)
	entry, _ = m.store.File(f.Rel)
	entry.Judged, entry.Said = true, said
	m.store.PutFile(f.Rel, entry)
}

// learnText remembers what a file holds.
func (m *memory) learnText(f *manifest.File) {
	if m == nil {
		return
	}
	entry, ok := m.look(f.Rel)
	if !ok || entry.Parsed {
		return
	}
	entry.Parsed, entry.About, entry.Hidden = true, aboutOf(f), f.Hidden()
	m.store.PutFile(f.Rel, entry)
}

// learnUnit remembers what was said of a unit that was judged; of a chart what
// it makes has to be known too.
func (m *memory) learnUnit(t *task) {
	if m == nil || t.Kind == unit.Chart || t.Delivery != nil || t.annotated {
		return
	}
	learned := cache.Unit{}
	if t.Build != nil && !m.learnBuild(t.Spec, &learned) {
		return
	}
	m.put(t.Spec, learned, t.passes, m.name)
}

// learnEmpty remembers that a unit holds nothing to judge.
func (m *memory) learnEmpty(s unit.Spec) {
	if m == nil || s.Kind == unit.Chart || s.Delivery != nil { // for charts, see learnChart
		return
	}
	learned := cache.Unit{Empty: true}
	if s.Build == nil || m.learnBuild(s, &learned) {
		m.put(s, learned, nil, m.name)
	}
}

// annotated reports whether an annotation suppresses something in a unit: that
// has to be seen with the object.
func annotated(u *unit.Unit) bool {
	has := func(r *manifest.Resource) bool { return r.Get("metadata", "annotations", suppress.Annotation) != nil }
	return slices.ContainsFunc(u.Resources, has) || slices.ContainsFunc(u.Context, has) || slices.ContainsFunc(u.Replaced, has)
}

// learnBuild notes what a build depends on. ok is false if that is not known.
func (m *memory) learnBuild(s unit.Spec, learned *cache.Unit) (ok bool) {
	if m.world.options.Helm != "" {
		return false
	}
	rels := slices.Concat(s.Configs, s.Build.Files)
	for _, part := range s.Build.Parts {
		rels = append(rels, part.Document.File.Rel)
	}
	learned.Reads = map[string]cache.Digest{}
	for _, rel := range rels {
		if learned.Reads[rel], ok = m.digest(rel); !ok {
			return false
		}
		if m.world.file(rel) != nil && !kustomize.IsFile(rel) && !slices.Contains(learned.Files, rel) {
			learned.Files = append(learned.Files, rel)
		}
	}
	learned.Looked, learned.Notes = s.Build.Looked, m.world.buildNotes(s)
	return true
}

// put remembers a unit if its inputs are known and all that was said leads to
// files with a name.
func (m *memory) put(s unit.Spec, learned cache.Unit, passes []*analyzer.Pass, name func(*source.File) string) {
	var ok bool
	if learned.Inputs, ok = m.inputs(s); !ok {
		return
	}
	var err error
	if learned.Said, err = cache.Pack(passes, name); err == nil {
		m.store.PutUnit(nameOf(s), learned)
	}
}

// name returns the path inside the tree by which a file is found again, "" if it
// is not.
func (m *memory) name(f *source.File) string {
	if m.world.content(f.Rel).file != f {
		return ""
	}
	return f.Rel
}

// remember writes what the run has learned.
func (l *Loaded) remember() error {
	var errs []error
	for _, w := range l.worlds {
		if m := w.memory; m != nil {
			for _, c := range m.charts {
				m.learnChart(c)
			}
			errs = append(errs, m.save())
		}
	}
	return errors.Join(errs...)
}

// save writes the store, without what is no longer in the tree.
func (m *memory) save() error {
	for _, f := range m.world.files {
		if f != nil {
			m.learnText(f)
		}
	}
	units, files := map[string]bool{}, map[string]bool{}
	for _, s := range m.world.layout.Units {
		units[nameOf(s)] = true
	}
	for _, rel := range m.world.tree.files {
		files[rel] = true
	}
	m.mu.Lock()
	for rel := range m.looked {
		files[rel] = true
	}
	m.mu.Unlock()
	m.store.Keep(func(rel string) bool { return files[rel] }, func(name string) bool { return units[name] })
	return m.store.Save()
}
