// Package watchdog bounds what the content of a tree may cost. A template that
// loops, a patch that doubles itself or a policy that never ends cannot be stopped
// from inside a Go process: a goroutine cannot be killed, and a stack that
// overflows cannot be recovered from. So the work is divided into steps, a watcher
// looks at what they take, and when a step exceeds a limit the process replaces
// itself and leaves that step out. Everything else is judged as ever, and a run in
// which nothing exceeds a limit pays for the look alone. It imports nothing of
// kubeknot.
package watchdog

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// Kind is what a step works on.
type Kind string

// The kinds of steps.
const (
	File          Kind = "file"          // parsing a file
	Chart         Kind = "chart"         // rendering a chart
	Kustomization Kind = "kustomization" // building a kustomization
	Rule          Kind = "rule"          // asking a rule about a file or a unit
)

// everything is the name of a step that stands for all of its kind.
const everything = "*"

// Exceeded is the error of a step that is left out.
type Exceeded struct {
	Kind Kind
	// Name tells the step from others of its kind, in every attempt alike.
	Name string
	// Reason is one sentence without a full stop.
	Reason string
	// Run reports that the limits of the whole run are exceeded. Then the step
	// itself is not at fault.
	Run bool `json:"-"`
}

// Error returns the reason.
func (e *Exceeded) Error() string { return e.Reason }

// Limits bound a run. Zero fields take their defaults.
type Limits struct {
	// Step is the processor time that a step may take; a rule may take
	// ruleFactor times as much, because it judges many objects.
	Step time.Duration
	// Run is the wall time of the whole run.
	Run time.Duration
	// Memory is what the heap of the process may hold, in bytes.
	Memory uint64
	// Stacks is what the stacks of all goroutines may hold, in bytes.
	Stacks uint64
}

// The defaults are far above what the largest known repositories need:
// docs/robustness.md has the figures.
const (
	DefaultStep   = 10 * time.Second
	DefaultRun    = 15 * time.Minute
	DefaultMemory = 4 << 30
	defaultStacks = 256 << 20

	ruleFactor = 3
	// waiting is how many times its limit a step may take that waits, or that
	// shares the processors with other programs.
	waiting = 6
	// lookEvery is how often the watcher looks. A step that is shorter costs
	// nothing.
	lookEvery = 10 * time.Millisecond
	// maxLeftOut is how many steps are left out before all of their kind are.
	maxLeftOut = 6
	// maxAttempts bounds how often a run begins again.
	maxAttempts = 16
)

// State is what an attempt hands on to the next one.
type State struct {
	Attempt int
	// Alone asks for one step at a time, to learn which of several takes the
	// memory.
	Alone bool
	// Left are the steps that are left out.
	Left []Exceeded
	// End is when the whole run ends.
	End time.Time
	// Late reports that End was put off, so that what can be found is found.
	Late bool
}

// Text returns the state as text that Parse reads.
func (s State) Text() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // it consists of texts, numbers and times
	}
	return string(text)
}

// Parse reads what Text has returned; "" is the first attempt.
func Parse(text string) (State, error) {
	var s State
	if text == "" {
		return s, nil
	}
	err := json.Unmarshal([]byte(text), &s)
	return s, err
}

// Watch watches the steps of a run. A nil one lets everything pass.
type Watch struct {
	limits  Limits
	state   State
	restart func(State) error

	mu      sync.Mutex
	running []*step // in the order in which they have begun
	over    *Exceeded
	last    usage
}

// step is a step that is taken.
type step struct {
	Exceeded           // without a reason
	seen     time.Time // when the watcher saw it first
	before   usage     // at that time
}

// Start begins to watch. restart replaces the process by one that begins again
// with a state; it returns only if that fails.
func Start(l Limits, s State, restart func(State) error) *Watch {
	w := &Watch{limits: l.orDefault(), state: s, restart: restart, last: measure()}
	if w.state.End.IsZero() {
		w.state.End = time.Now().Add(w.limits.Run)
	}
	go func() {
		for now := range time.Tick(lookEvery) {
			w.look(now, measure())
		}
	}()
	return w
}

func (l Limits) orDefault() Limits {
	if l.Run <= 0 {
		l.Run = DefaultRun
	}
	if l.Step <= 0 {
		l.Step = min(DefaultStep, l.Run/4)
	}
	if l.Memory == 0 {
		l.Memory = DefaultMemory
	}
	if l.Stacks == 0 {
		l.Stacks = defaultStacks
	}
	return l
}

// Again reports whether steps are left out, or the run is told to take one at a
// time: what it learns differs from what other runs learn.
func (w *Watch) Again() bool { return w != nil && w.state.Attempt > 0 }

// Over returns which limit of the whole run was exceeded, nil if none was.
func (w *Watch) Over() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over == nil {
		return nil
	}
	return w.over
}

// Begin begins a step and returns what ends it. The error is an *Exceeded: the
// step must not be taken.
func (w *Watch) Begin(kind Kind, name string) (end func(), err error) {
	if w == nil {
		return func() {}, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, left := range w.state.Left {
		if left.Kind == kind && (left.Name == name || left.Name == everything) {
			return nil, &w.state.Left[i]
		}
	}
	if w.over != nil {
		return nil, w.over
	}
	s := &step{Exceeded: Exceeded{Kind: kind, Name: name}}
	w.running = append(w.running, s)
	return func() { w.end(s) }, nil
}

func (w *Watch) end(s *step) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.running, s); i >= 0 {
		w.running = slices.Delete(w.running, i, i+1)
	}
}

// look judges what the process takes at a time.
func (w *Watch) look(now time.Time, u usage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.running {
		if s.seen.IsZero() {
			s.seen, s.before = now, w.last
			continue
		}
		if limit := w.limits.of(s.Kind); w.late(s, limit, now, u) {
			w.leaveOut(s, fmt.Sprintf("it does not end within %s", limit))
		}
	}
	w.last = u
	if u.stacks > w.limits.Stacks {
		w.tooMuch(u, "it recurses without end")
	}
	if u.live > w.limits.Memory || u.heap > 2*w.limits.Memory {
		w.tooMuch(u, fmt.Sprintf("it takes more than %d MiB of memory", w.limits.Memory>>20))
	}
	w.checkEnd(now)
}

func (l Limits) of(k Kind) time.Duration {
	if k == Rule {
		return ruleFactor * l.Step
	}
	return l.Step
}

func (w *Watch) late(s *step, limit time.Duration, now time.Time, u usage) bool {
	took := now.Sub(s.seen)
	return took > limit && u.cpu-s.before.cpu > limit || took > waiting*limit
}

// tooMuch ends a run that takes too much memory: without the step that takes it
// if only one is running, and else with one step at a time. Where little of the
// memory is the step's own, the run as a whole is too large.
func (w *Watch) tooMuch(u usage, reason string) {
	if len(w.running) == 0 {
		w.conclude(fmt.Sprintf("it holds more than %d MiB (--memory-limit)", w.limits.Memory>>20))
		return
	}
	latest := w.running[len(w.running)-1] // the innermost, where one step holds another
	switch {
	case len(w.running) > 1 && !w.state.Alone:
		next := w.state
		next.Alone = true
		w.again(next)
	case latest.before.live > w.limits.Memory/2 && u.heap < 2*w.limits.Memory:
		w.conclude(fmt.Sprintf("it holds more than %d MiB (--memory-limit)", w.limits.Memory>>20))
	default:
		w.leaveOut(latest, reason)
	}
}

// conclude lets the run come to its end without further steps.
func (w *Watch) conclude(reason string) {
	if w.over == nil {
		w.over = &Exceeded{Reason: "the run is incomplete: " + reason, Run: true}
	}
}

// checkEnd ends a run that takes too long. A step that does not end by then is
// left out, once, in a run that has half as long again.
func (w *Watch) checkEnd(now time.Time) {
	after := now.Sub(w.state.End)
	if after < 0 {
		return
	}
	w.conclude(fmt.Sprintf("it takes longer than %s (--timeout)", w.limits.Run))
	grace := max(2*time.Second, w.limits.Run/10)
	if after < grace {
		return
	}
	if len(w.running) > 0 && !w.state.Late {
		s := w.running[len(w.running)-1]
		w.state.Late, w.state.End = true, now.Add(w.limits.Run/2)
		w.leaveOut(s, fmt.Sprintf("it did not end before the run took %s (--timeout)", w.limits.Run))
	}
	if after > 2*grace {
		giveUp(w.over.Reason)
	}
}

// leaveOut begins again without a step.
func (w *Watch) leaveOut(s *step, reason string) {
	next := w.state
	next.Left = append(slices.Clone(next.Left), Exceeded{Kind: s.Kind, Name: s.Name, Reason: reason})
	if len(next.Left) > maxLeftOut {
		next.Left = append(next.Left, Exceeded{Kind: s.Kind, Name: everything, Reason: fmt.Sprintf("too many others of its kind exceed their limits (%d)", len(next.Left))})
	}
	w.again(next)
}

func (w *Watch) again(next State) {
	next.Attempt++
	if next.Attempt > maxAttempts {
		giveUp("too much of what was read exceeds its limits")
	}
	giveUp(fmt.Sprintf("it cannot begin again: %v", w.restart(next)))
}

// giveUp ends the process with the exit code of a run that has failed.
func giveUp(reason string) {
	fmt.Fprintf(os.Stderr, "kubeknot: %s\n", reason)
	os.Exit(2)
}
