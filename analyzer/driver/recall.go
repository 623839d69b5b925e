package driver

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/config"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
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

	mu     sync.Mutex
	looked map[string]bool // the files that were looked at; true: what the store says of one is so now
	hidden map[string]bool // the files whose secrets are hidden as they were
	found  sync.Map        // what was found at paths, see lookFor

	charts []*rendered // those that were rendered, in order
}

// remembering opens the cache of the tree. Without one nothing is recalled.
// nodes and policies are the objects that all units are judged with.
func (w *world) remembering(nodes, policies []*manifest.Resource) error {
	o := w.options
	if o.Cache == nil {
		return nil
	}
	m := &memory{world: w, rules: map[string]*analyzer.Rule{}, looked: map[string]bool{}, hidden: map[string]bool{}}
	key := [][]byte{[]byte(o.Namespace), []byte(o.ReleaseName), []byte(o.Kubernetes), []byte(o.Helm), []byte(w.show("."))}
	for _, r := range o.Rules {
		m.rules[r.ID] = r
		key = append(key, []byte(r.ID))
	}
	files := [][]*source.File{sources(nodes), sources(policies)}
	if charts, err := o.charts(); err == nil { // else no chart is rendered
		files = append(files, charts.Values)
	}
	if o.Config != nil {
		files = append(files, o.Config.Files())
	}
	for _, group := range files {
		key = append(append(key, contents(group)...), nil)
	}
	defer o.Stats.Stage("recall")()
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

// contents returns the names of files and what they hold.
func contents(files []*source.File) [][]byte {
	var all [][]byte
	for _, f := range files {
		all = append(all, []byte(f.Path), f.Data)
	}
	return all
}

// look finds out what a file holds now, by its stamp or by reading it, and
// returns what is known of that content. ok is false if it cannot be read, which
// may turn out later.
func (m *memory) look(rel string) (entry cache.File, ok bool) {
	m.mu.Lock()
	readable, seen := m.looked[rel]
	m.mu.Unlock()
	if !seen {
		readable = m.refresh(rel)
		m.mu.Lock()
		m.looked[rel] = readable
		m.mu.Unlock()
	}
	if !readable || m.world.content(rel).failed.Load() {
		return cache.File{}, false
	}
	return m.store.File(rel)
}

// refresh sees to it that what the store says of a file is so now. It is false if
// the file cannot be read.
func (m *memory) refresh(rel string) bool {
	known, _ := m.store.File(rel)
	c := m.world.content(rel)
	switch {
	case c.gone != nil:
		return false
	case c.stamp.Same(known.Stamp):
		return true
	}
	f, err := m.world.source(rel)
	if err != nil {
		return false
	}
	entry := cache.File{Stamp: c.stamp, Digest: cache.Sum(f.Data)}
	if entry.Digest == known.Digest {
		entry = known
		entry.Stamp = c.stamp
	}
	if entry.Digest != known.Digest || c.stamp != known.Stamp {
		m.store.PutFile(rel, entry)
	}
	return true
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
	if !m.hidden[rel] && !parsed && len(f.Hidden()) == 0 { // as it is if an earlier run has kept it
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
	defer m.world.options.Stats.Stage("recall")()
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
	entry, ok := m.look(rel)
	if !ok || !entry.Judged {
		return false
	}
	passes, err := cache.Unpack(entry.Said, m.rules, m.open)
	if err != nil {
		return false
	}
	f := &manifest.File{File: m.world.content(rel).file}
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	m.world.known[rel] = &knownFile{File: f, about: entry.About, judged: true, passes: passes, world: m.world}
	return true
}

// recall looks the units up. It returns the files that were judged on their own
// with those it has found, besides those of their plans.
func (m *memory) recall(ctx context.Context, tasks []*task) (files []string, err error) {
	if m == nil || m.world.options.needsObjects() {
		return nil, nil
	}
	defer m.world.options.Stats.Stage("recall")()
	err = parallel(ctx, len(tasks), func(i int) { m.recallTask(tasks[i]) })
	for _, t := range tasks {
		if t.recalled != nil {
			files = append(files, t.recalled.Files...)
		}
	}
	return files, err
}

func (m *memory) recallTask(t *task) {
	known, ok := m.store.Unit(nameOf(t.Spec))
	if !ok {
		return
	}
	inputs, ok := m.inputs(t.Spec)
	if !ok || inputs != known.Inputs {
		return
	}
	for rel, digest := range known.Reads {
		if now, ok := m.digest(rel); !ok || now != digest {
			return
		}
	}
	for name, was := range known.Looked {
		if m.lookFor(name) != was {
			return
		}
	}
	open := m.open
	if t.Kind == unit.Chart {
		c, ok := m.recallChart(known)
		if !ok {
			return
		}
		t.chart, open = c, c.open
	}
	if passes, err := cache.Unpack(known.Said, m.rules, open); err == nil {
		t.recalled, t.passes, t.void = &known, passes, known.Empty
	}
}

// lookFor is kustomize.Look, asked once for all units.
func (m *memory) lookFor(name string) string {
	if answer, ok := m.found.Load(name); ok {
		return answer.(string)
	}
	answer, _ := m.found.LoadOrStore(name, kustomize.Look(name))
	return answer.(string)
}

// digest stands for what a file of a build holds, and for that there is none. ok
// is false if it cannot be read.
func (m *memory) digest(rel string) (_ cache.Digest, ok bool) {
	entry, ok := m.look(rel)
	if !ok {
		_, err := os.Lstat(m.world.abs(rel))
		return cache.Digest{}, errors.Is(err, fs.ErrNotExist)
	}
	return entry.Digest, true
}

// needsObjects reports whether an entry of the configuration silences findings
// by their objects: it has to see those at all ends.
func (o *Options) needsObjects() bool {
	return o.Config != nil && slices.ContainsFunc(o.Config.Ignore, func(e config.Ignore) bool { return len(e.Resources) > 0 })
}

// nameOf is what a unit is called in the store.
func nameOf(s unit.Spec) string { return string(s.Kind) + " " + s.Dir + " " + s.Name + s.Values }

// inputs returns the digest of what a unit is made of: its plan, and what the
// files of the plan hold. ok is false if one cannot be read.
func (m *memory) inputs(s unit.Spec) (_ cache.Digest, ok bool) {
	plan := s
	plan.Made, plan.Refused, plan.Build, plan.External, plan.Nodes = nil, nil, nil, nil, nil
	if s.Kind == unit.Chart {
		plan.Open = nil // is known once it is rendered
	} // External is the configuration's
	text, err := json.Marshal(plan)
	if err != nil {
		return cache.Digest{}, false
	}
	parts := append(contents(sources(s.Nodes)), text, m.world.options.Earlier.of(s.Dir).Text())
	groups := [][]string{s.Files, s.Context, s.Siblings, s.Configs}
	switch s.Kind {
	case unit.Kustomization:
		parts = append(parts, m.world.kustomizationFiles())
	case unit.Chart:
		files, ok := m.world.chartFiles(s.Dir)
		if !ok {
			return cache.Digest{}, false
		}
		for _, rel := range files {
			parts = append(parts, []byte(rel), []byte(m.world.layout.PassedOver[rel]))
		}
		groups = append(groups, files)
	}
	var digests []byte
	for _, rels := range groups {
		for _, rel := range rels { // which the plan names, in this order
			digest, ok := m.digest(rel)
			if !ok {
				return cache.Digest{}, false
			}
			digests = append(digests, digest[:]...)
		}
	}
	return cache.Sum(append(parts, digests)...), true
}
