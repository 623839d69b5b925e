package driver

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
)

// Stats collects where the time of a run goes and how much there was to do. Nil
// collects nothing, and then no clock is looked at. It is safe for concurrent
// use; what it has collected is read after the run.
type Stats struct {
	mu     sync.Mutex
	stages []Spent
	work   []Spent
	rules  []Spent
	counts []Count
}

// Spent is the time that something took.
type Spent struct {
	Name string
	Time time.Duration
}

// Count is how much there was of something.
type Count struct {
	Name string
	N    int
}

// Stage starts the clock on the wall for a part of the run, of which one follows
// the other; what it returns stops it. The times of one name are added.
func (s *Stats) Stage(name string) (end func()) {
	if s == nil {
		return func() {}
	}
	return s.clock(&s.stages, name)
}

// working does the same for what several goroutines do at once: their times are
// added.
func (s *Stats) working(name string) (end func()) {
	if s == nil {
		return func() {}
	}
	return s.clock(&s.work, name)
}

func (s *Stats) clock(list *[]Spent, name string) (end func()) {
	start := time.Now()
	return func() { s.spent(list, name, time.Since(start)) }
}

func (s *Stats) spent(list *[]Spent, name string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(*list, func(x Spent) bool { return x.Name == name })
	if i < 0 {
		i = len(*list)
		*list = append(*list, Spent{Name: name})
	}
	(*list)[i].Time += took
}

// Count adds to the number of things of a name.
func (s *Stats) Count(name string, n int) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.counts, func(c Count) bool { return c.Name == name })
	if i < 0 {
		i = len(s.counts)
		s.counts = append(s.counts, Count{Name: name})
	}
	s.counts[i].N += n
}

// Stages returns the parts of the run in the order in which they started.
func (s *Stats) Stages() []Spent { return s.stages }

// Work returns what was done by several goroutines at once, their times added.
func (s *Stats) Work() []Spent { return s.work }

// Rules returns the time that each rule took, the slowest first, the times of
// all goroutines added. What rules share is work of its own, see Work.
func (s *Stats) Rules() []Spent {
	sorted := slices.Clone(s.rules)
	slices.SortStableFunc(sorted, func(a, b Spent) int { return cmp.Compare(b.Time, a.Time) })
	return sorted
}

// Counts returns how much there was to do.
func (s *Stats) Counts() []Count { return s.counts }

// ruleClock tells the time of the rules of one unit apart from that of what
// they share, which the first that asks for it waits for.
type ruleClock struct {
	stats  *Stats
	shared time.Duration
}

// ruleClock returns a clock for the rules that look at a graph, or at a file if it
// is nil.
func (s *Stats) ruleClock(g *graph.Graph) *ruleClock {
	if s == nil {
		return nil
	}
	c := &ruleClock{stats: s}
	if g != nil {
		g.Memo().Observe = c.viewing
	}
	return c
}

// viewing begins to count how long something takes that is made of a graph for
// all rules, without the like that it asks for itself. What has a name is told
// apart.
func (c *ruleClock) viewing(name string) (done func()) {
	name = cmp.Or(name, "what rules share")
	start, shared := time.Now(), c.shared
	return func() {
		took := time.Since(start) - (c.shared - shared)
		c.shared += took
		c.stats.spent(&c.stats.work, name, took)
	}
}

// run calls a rule.
func (c *ruleClock) run(rule *analyzer.Rule, call func() error) error {
	if c == nil {
		return call()
	}
	start, shared := time.Now(), c.shared
	err := call()
	took := time.Since(start) - (c.shared - shared)
	kind := "rules in Go"
	if rule.Policy != "" {
		kind = "policies"
	}
	c.stats.spent(&c.stats.work, kind, took)
	c.stats.spent(&c.stats.rules, rule.ID, took)
	return err
}

// loaded counts what a run dealt with.
func (s *Stats) loaded(l *Loaded, result *analyzer.Result) {
	if s == nil {
		return
	}
	for _, t := range l.trees {
		s.Count("files listed", len(t.files))
	}
	read, size, documents := 0, 0, 0
	for _, w := range l.worlds {
		for _, c := range w.contents {
			if c.file.Data != nil {
				read, size = read+1, size+len(c.file.Data)
			}
		}
		documents += w.documents
	}
	s.Count("files read", read)
	s.Count("bytes read", size)
	s.Count("documents parsed", documents)
	s.Count("objects", result.Summary.Resources)
	s.Count("units", l.judged())
	recalled := 0
	for _, t := range l.tasks {
		if t.recalled != nil && !t.void {
			recalled++
		}
	}
	s.Count("units recalled", recalled)
	s.Count("findings", len(result.Findings))
}
