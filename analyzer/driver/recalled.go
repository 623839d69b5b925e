package driver

import (
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// This file puts what is recalled in the place of what would be judged.

// unit stands for one that is recalled.
func (m *memory) unit(p planned) *unit.Unit {
	u := &unit.Unit{Name: m.world.show(p.Dir), Kind: p.Kind}
	m.passes[u] = p.passes
	return u
}

// expect notes that a unit will be judged.
func (m *memory) expect(u *unit.Unit, s unit.Spec) {
	if m == nil {
		return
	}
	m.plans[u] = s
	for _, c := range m.charts {
		if c.Dir == s.Dir && s.Kind == unit.Chart {
			c.unit = u
		}
	}
}

// known returns a file that was parsed, or that stands for one of which
// everything is known; nil for others.
func (w *world) known(rel string) *manifest.File {
	if f := w.get(rel); f != nil {
		return f
	}
	if s := w.memory.stub(rel); s != nil {
		return s.File
	}
	return nil
}

// of returns the memory that knows a file, nil if none does.
func (l *Loaded) of(f *manifest.File) *memory {
	i := slices.IndexFunc(l.memories, func(m *memory) bool { return m.world.known(f.Rel) == f || m.made[f] != nil })
	if i < 0 {
		return nil
	}
	return l.memories[i]
}

// about says what a file counts for.
func (l *Loaded) about(f *manifest.File) cache.About {
	if s := l.of(f).recalled(f); s != nil {
		return s.about
	}
	return aboutOf(f)
}

// recalled returns what a file stands for, nil if it was parsed.
func (m *memory) recalled(f *manifest.File) *recalledFile {
	if m == nil {
		return nil
	}
	if s := m.stub(f.Rel); s != nil && s.File == f {
		return s
	}
	return m.made[f]
}

// recalledFile returns what the rules say of a file, and asks them if nobody
// knows.
func (l *Loaded) recalledFile(f *manifest.File, judge func(*manifest.File) ([]*analyzer.Pass, error)) ([]*analyzer.Pass, error) {
	m := l.of(f)
	if s := m.recalled(f); s != nil {
		return s.passes, nil
	}
	passes, err := judge(f)
	if err == nil && m != nil {
		m.learnFile(f, passes)
	}
	return passes, err
}

// recalledUnit does the same for a unit.
func (l *Loaded) recalledUnit(u *unit.Unit, judge func(*unit.Unit) ([]*analyzer.Pass, error)) ([]*analyzer.Pass, error) {
	for _, m := range l.memories {
		if passes, ok := m.passes[u]; ok {
			return passes, nil
		}
	}
	passes, err := judge(u)
	for _, m := range l.memories {
		if s, ok := m.plans[u]; ok && err == nil {
			m.learnUnit(u, s, passes)
		}
	}
	return passes, err
}
