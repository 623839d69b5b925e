package driver

import (
	"bytes"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// This file remembers charts. A chart depends on every file below its directory,
// on its plan and on the values that are given. What is said of it leads to files
// that are its own alone, because each rendering hides other secrets in them.

// rendered is a chart that was rendered, or could not be.
type rendered struct {
	task    *task
	made    []*knownFile
	sources []*source.File // of its directory
	notes   []analyzer.NotJudged
	// again reports that it has to be rendered each time: it may be rendered
	// otherwise, or something is suppressed in it, which has to be seen.
	again bool
}

// recalledChart is one of which everything is known.
type recalledChart struct {
	memory *memory
	known  cache.Unit
	made   []*knownFile

	mu    sync.Mutex
	files map[string]*source.File // those of its own that something leads to
}

// own stands before the paths of files that a chart has for itself.
const own = "chart:"

func (m *memory) expectChart(c rendered) {
	if m != nil && c.task.Delivery == nil {
		m.charts = append(m.charts, &c)
	}
}

// chartFiles returns all files below a directory of a chart, in order. ok is
// false if that holds something else, as a link.
func (w *world) chartFiles(dir string) (rels []string, ok bool) {
	entries, err := w.options.Kept.readDir(w.abs(dir))
	if err != nil {
		return nil, false
	}
	for _, e := range entries {
		rel := path.Join(dir, e.Name())
		switch {
		case e.IsDir():
			below, ok := w.chartFiles(rel)
			if !ok {
				return nil, false
			}
			rels = append(rels, below...)
		case !e.Type().IsRegular():
			return nil, false
		default:
			rels = append(rels, rel)
		}
	}
	return rels, true
}

// unsteady finds the functions of templates that give something else each time.
var unsteady = regexp.MustCompile(`\{\{[^}]*\b(now|ago|date\w*|date_\w+|html[dD]ate\w*|rand\w+|uuidv4|gen[A-Z]\w+|shuffle|htpasswd|bcrypt|encryptAES|getHostByName|env|expandenv)\b`)

// learnChart remembers a chart if it need not be rendered again.
func (m *memory) learnChart(c *rendered) {
	if c.again || c.task.annotated || c.task.failure != nil {
		return
	}
	learned := cache.Unit{Notes: c.notes, Empty: c.task.void, Hidden: map[string][]source.Span{}}
	mine := map[*source.File]bool{}
	for _, f := range c.sources {
		mine[f] = true
		if hidden := f.Hidden(); len(hidden) > 0 {
			learned.Hidden[f.Rel] = hidden
		}
	}
	name := func(f *source.File) string {
		if !mine[f] {
			return m.name(f)
		}
		if _, ok := m.look(f.Rel); !ok { // of a packed chart
			return ""
		}
		return own + f.Rel
	}
	for _, f := range c.made {
		text, err := cache.Pack(f.passes, name)
		if err != nil || !f.judged || f.failure != nil { // it is not judged if it was not named
			return
		}
		learned.Made = append(learned.Made, cache.Made{Rel: f.Rel, About: f.about, Said: text})
	}
	m.put(c.task.Spec, learned, c.task.passes, name)
}

// recallChart returns a chart of which the inputs are as they were.
func (m *memory) recallChart(known cache.Unit) (_ *recalledChart, ok bool) {
	c := &recalledChart{memory: m, known: known, files: map[string]*source.File{}}
	for _, made := range known.Made {
		f := c.open(own + made.Rel)
		if f == nil {
			return nil, false
		}
		passes, err := cache.Unpack(made.Said, m.rules, c.open)
		if err != nil {
			return nil, false
		}
		c.made = append(c.made, &knownFile{File: &manifest.File{File: f}, about: made.About, judged: true, passes: passes})
	}
	return c, true
}

// open returns a file of the chart or of the tree, nil if it cannot be read.
func (c *recalledChart) open(name string) *source.File {
	rel, mine := strings.CutPrefix(name, own)
	if !mine {
		return c.memory.open(rel)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.files[rel]; f != nil {
		return f
	}
	text, err := c.memory.world.source(rel)
	if err != nil {
		return nil
	}
	f := source.NewFile(text.Path, rel, bytes.TrimPrefix(text.Data, []byte(source.BOM)))
	for _, s := range c.known.Hidden[rel] {
		f.Hide(s)
	}
	c.files[rel] = f
	return f
}

// recalledChart takes over what is known of a chart.
func (w *world) recalledChart(t *task, counted map[string]bool) {
	w.charts = append(w.charts, t.recalled.Notes...)
	for _, f := range t.chart.made {
		f.again = counted[t.Dir]
	}
	counted[t.Dir] = counted[t.Dir] || len(t.chart.made) > 0
	w.rendered = append(w.rendered, t.chart.made...)
	for rel, f := range t.chart.files {
		w.sources[rel] = append(w.sources[rel], f)
	}
}
