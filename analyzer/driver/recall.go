package driver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/config"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/suppress"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// This file connects the cache with the run. What the rules say of a unit
// depends on its plan, on what the files of the plan hold, and on the options;
// what they say of a file on the file and the options. So a unit of which all
// that is the same as in an earlier run is not judged but recalled, and a file
// that no unit needs which is judged is not even read.

// memory is what the run takes from the cache of a tree, and what it adds.
type memory struct {
	world *world
	store *cache.Store
	rules map[string]*analyzer.Rule

	mu      sync.Mutex
	entries map[string]cache.File    // what is known now of each file that was looked at
	stubs   map[string]*recalledFile // the files that need not be parsed
	hidden  map[string]bool          // the files whose secrets are hidden as they were

	plans  map[*unit.Unit]unit.Spec        // the units that are judged
	passes map[*unit.Unit][]*analyzer.Pass // those that are recalled
}

// recalledFile is a file of which everything is known.
type recalledFile struct {
	*manifest.File
	about  cache.About
	passes []*analyzer.Pass
}

// planned is a unit, and what is known of it from an earlier run, nil if it has
// to be judged.
type planned struct {
	unit.Spec
	recalled *cache.Unit
	passes   []*analyzer.Pass
}

// remembering opens the cache of the tree. Without one, or with objects of
// which nobody knows by what they are made, nothing is recalled.
func (w *world) remembering(nodes []*manifest.Resource) error {
	o := w.options
	if o.Cache == nil || o.Ties { // ties are read from graphs
		return nil
	}
	m := &memory{
		world: w, rules: map[string]*analyzer.Rule{}, entries: map[string]cache.File{}, stubs: map[string]*recalledFile{},
		hidden: map[string]bool{}, plans: map[*unit.Unit]unit.Spec{}, passes: map[*unit.Unit][]*analyzer.Pass{},
	}
	key := [][]byte{[]byte(o.Namespace), []byte(o.Kubernetes), []byte(o.Helm), []byte(w.show("."))}
	for _, r := range o.Rules {
		m.rules[r.ID] = r
		key = append(key, []byte(r.ID))
	}
	for _, files := range [][]*source.File{sources(nodes), configuration(o.Config)} {
		for _, f := range files {
			key = append(key, []byte(f.Path), f.Data)
		}
		key = append(key, nil)
	}
	var err error
	m.store, err = o.Cache.Open(w.tree.root, cache.Sum(key...))
	w.memory = m
	return err
}

// sources returns the files of resources, each once.
func sources(all []*manifest.Resource) []*source.File {
	var files []*source.File
	for _, r := range all {
		if !slices.Contains(files, r.File()) {
			files = append(files, r.File())
		}
	}
	return files
}

// configuration returns the files that the configuration is made of.
func configuration(c *config.Config) []*source.File {
	if c == nil {
		return nil
	}
	files := c.Files()
	for _, u := range c.Units {
		files = append(files, sources(u.Nodes.List)...)
	}
	return files
}

// look finds out what a file holds now, by its stamp or by reading it, and
// returns what is known of that content. ok is false if it cannot be read.
func (m *memory) look(rel string) (entry cache.File, ok bool) {
	m.mu.Lock()
	entry, seen := m.entries[rel]
	m.mu.Unlock()
	if !seen {
		entry = m.lookAgain(rel)
		m.mu.Lock()
		m.entries[rel] = entry
		m.mu.Unlock()
	}
	return entry, entry.Digest != cache.Digest{}
}

func (m *memory) lookAgain(rel string) cache.File {
	known, _ := m.store.File(rel)
	info, err := os.Lstat(filepath.Join(m.world.tree.root, filepath.FromSlash(rel)))
	if err != nil {
		return cache.File{}
	}
	stamp := cache.NewStamp(info)
	if stamp.Same(known.Stamp) {
		return known
	}
	f, err := m.world.source(rel)
	if err != nil {
		return cache.File{}
	}
	entry := cache.File{Stamp: stamp, Digest: cache.Sum(f.Data)}
	if entry.Digest == known.Digest {
		entry = known
		entry.Stamp = stamp
	}
	if entry.Digest != known.Digest || stamp != known.Stamp {
		m.store.PutFile(rel, entry)
	}
	return entry
}

// open returns the text of a file of which is known where its secrets are; nil
// if that is not known.
func (m *memory) open(rel string) *source.File {
	entry, ok := m.look(rel)
	if !ok || !entry.Parsed {
		return nil
	}
	f, err := m.world.source(rel)
	if err != nil {
		return nil
	}
	parsed := m.world.file(rel) != nil
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.hidden[rel] && !parsed {
		m.hidden[rel] = true
		for _, s := range entry.Hidden {
			f.Hide(s)
		}
	}
	return f
}

// recallFiles returns those of the files that have to be parsed.
func (m *memory) recallFiles(ctx context.Context, rels []string) (unknown []string, err error) {
	if m == nil {
		return rels, nil
	}
	known := make([]bool, len(rels))
	err = parallel(ctx, len(rels), func(i int) { known[i] = m.recallFile(rels[i]) })
	for i, rel := range rels {
		if !known[i] {
			unknown = append(unknown, rel)
		}
	}
	return unknown, err
}

// recallFile reports whether everything is known of a file.
func (m *memory) recallFile(rel string) bool {
	if m.stub(rel) != nil {
		return true
	}
	entry, ok := m.look(rel)
	if !ok || !entry.Judged {
		return false
	}
	passes, err := cache.Unpack(entry.Said, m.rules, m.open)
	if err != nil {
		return false
	}
	f := m.world.content(rel).file
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stubs[rel] = &recalledFile{File: &manifest.File{File: f}, about: entry.About, passes: passes}
	return true
}

// stub returns what is known of a file that need not be parsed, nil if it has
// to be.
func (m *memory) stub(rel string) *recalledFile {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stubs[rel]
}

// recall looks the units up. It returns the files that were judged on their own
// with those it has found, besides those of their plans.
func (m *memory) recall(ctx context.Context, units []planned) (files []string, err error) {
	if m == nil || m.world.options.needsObjects() {
		return nil, nil
	}
	err = parallel(ctx, len(units), func(i int) { m.recallUnit(&units[i]) })
	for _, u := range units {
		if u.recalled != nil {
			files = append(files, u.recalled.Files...)
		}
	}
	return files, err
}

func (m *memory) recallUnit(p *planned) {
	known, ok := m.store.Unit(nameOf(p.Spec))
	if !ok {
		return
	}
	inputs, ok := m.inputs(p.Spec)
	if !ok || inputs != known.Inputs {
		return
	}
	for rel, digest := range known.Reads {
		if entry, ok := m.look(rel); !ok || entry.Digest != digest {
			return
		}
	}
	if passes, err := cache.Unpack(known.Said, m.rules, m.open); err == nil {
		p.recalled, p.passes = &known, passes
	}
}

// needsObjects reports whether an entry of the configuration silences findings
// by their objects: it has to see those at all ends.
func (o *Options) needsObjects() bool {
	return o.Config != nil && slices.ContainsFunc(o.Config.Ignore, func(e config.Ignore) bool { return len(e.Resources) > 0 })
}

// nameOf is what a unit is called in the store.
func nameOf(s unit.Spec) string { return string(s.Kind) + " " + s.Dir + " " + s.Name }

// inputs returns the digest of what a unit is made of: its plan, and what the
// files of the plan hold. ok is false if one cannot be read, and for a chart,
// for which much more is read than is planned.
func (m *memory) inputs(s unit.Spec) (_ cache.Digest, ok bool) {
	if s.Kind == unit.Chart {
		return cache.Digest{}, false
	}
	plan := s
	plan.Made, plan.Build, plan.External, plan.Nodes = nil, nil, nil, nil // the last two are the configuration's
	plan.Files, plan.Context, plan.Siblings = nil, nil, nil
	text, err := json.Marshal(plan)
	if err != nil {
		return cache.Digest{}, false
	}
	parts := [][]byte{text}
	if s.Kind == unit.Kustomization {
		parts = append(parts, m.world.kustomizationFiles())
	}
	for _, rels := range [][]string{s.Files, s.Context, s.Siblings, s.Configs} {
		part := make([]byte, 0, 2*len(rels)*len(cache.Digest{}))
		for _, rel := range rels {
			entry, ok := m.look(rel)
			if !ok {
				return cache.Digest{}, false
			}
			name := cache.Sum([]byte(rel))
			part = append(append(part, name[:]...), entry.Digest[:]...)
		}
		parts = append(parts, part)
	}
	return cache.Sum(parts...), true
}

// kustomizationFiles names all kustomizations: where one comes or goes, others
// are built of other files.
func (w *world) kustomizationFiles() []byte {
	var names []string
	for _, rel := range w.tree.files {
		if kustomize.IsFile(rel) {
			names = append(names, rel)
		}
	}
	return []byte(strings.Join(names, "\n"))
}

// unit stands for one that is recalled.
func (m *memory) unit(p planned) *unit.Unit {
	u := &unit.Unit{Name: m.world.show(p.Dir), Kind: p.Kind}
	m.passes[u] = p.passes
	return u
}

// expect notes that a unit will be judged.
func (m *memory) expect(u *unit.Unit, s unit.Spec) {
	if m != nil {
		m.plans[u] = s
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
	i := slices.IndexFunc(l.memories, func(m *memory) bool { return m.world.known(f.Rel) == f })
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
	if s := m.stub(f.Rel); s != nil && s.File == f {
		return s
	}
	return nil
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
