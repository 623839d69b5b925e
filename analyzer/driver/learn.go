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
	entry, ok := m.look(f.Rel)
	if !ok || entry.Judged || bytes.Contains(f.Data, []byte(suppress.Mark)) {
		return
	}
	said, err := cache.Pack(passes, m.inTree)
	if err != nil {
		return
	}
	m.learnText(f)
	m.mu.Lock()
	defer m.mu.Unlock()
	entry = m.entries[f.Rel]
	entry.Judged, entry.Said = true, said
	m.entries[f.Rel] = entry
	m.store.PutFile(f.Rel, entry)
}

// learnText remembers what a file holds.
func (m *memory) learnText(f *manifest.File) {
	if _, ok := m.look(f.Rel); !ok {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	entry := m.entries[f.Rel]
	if entry.Parsed {
		return
	}
	entry.Parsed, entry.About, entry.Hidden = true, aboutOf(f), f.Hidden()
	m.entries[f.Rel] = entry
	m.store.PutFile(f.Rel, entry)
}

// learnUnit remembers what was said of a unit that was judged.
func (m *memory) learnUnit(u *unit.Unit, s unit.Spec, passes []*analyzer.Pass) {
	for _, r := range slices.Concat(u.Resources, u.Context, u.Replaced) {
		if r.Get("metadata", "annotations", suppress.Annotation) != nil {
			return // what is suppressed by it has to be seen with the object
		}
	}
	learned := cache.Unit{}
	if b := s.Build; b != nil {
		if b.Failure != nil || len(b.Missing) > 0 || m.world.options.Helm != "" {
			return // it may depend on what is not there
		}
		learned.Reads = map[string]cache.Digest{}
		for _, rel := range slices.Concat(s.Configs, b.Files) {
			entry, ok := m.look(rel)
			if !ok {
				return
			}
			learned.Reads[rel] = entry.Digest
			if m.world.get(rel) != nil && !kustomize.IsFile(rel) && !slices.Contains(learned.Files, rel) {
				learned.Files = append(learned.Files, rel)
			}
		}
		if b.Unbuilt != nil {
			learned.Notes = append(learned.Notes, notBuilt(b.Unbuilt))
		}
	}
	var ok bool
	if learned.Inputs, ok = m.inputs(s); !ok {
		return
	}
	var err error
	if learned.Said, err = cache.Pack(passes, m.inTree); err != nil {
		return
	}
	m.store.PutUnit(nameOf(s), learned)
}

// inTree reports whether a file is found again in the tree by its path.
func (m *memory) inTree(f *source.File) bool { return m.world.content(f.Rel).file == f }

// remember writes what the run has learned.
func (l *Loaded) remember() error {
	var errs []error
	for _, m := range l.memories {
		errs = append(errs, m.save())
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
	for rel := range m.entries {
		files[rel] = true
	}
	m.mu.Unlock()
	m.store.Keep(func(rel string) bool { return files[rel] }, func(name string) bool { return units[name] })
	return m.store.Save()
}
