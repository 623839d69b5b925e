package watchdog

import (
	"errors"
	"testing"
	"time"
)

var errStopped = errors.New("stopped")

// attempt returns a watch that nothing looks at by itself, and what it hands on to
// the attempt after it. Instead of replacing the process it panics.
func attempt(l Limits, s State) (*Watch, *State) {
	next := &State{}
	w := &Watch{limits: l.orDefault(), state: s, restart: func(s State) error { *next = s; panic(errStopped) }}
	w.state.End = time.Unix(1000, 0)
	return w, next
}

// restarts reports whether a look begins the run again.
func restarts(w *Watch, at int64, u usage) (again bool) {
	defer func() { again = recover() == errStopped }()
	w.look(time.Unix(at, 0), u)
	return false
}

func begin(t *testing.T, w *Watch, k Kind, name string) func() {
	t.Helper()
	end, err := w.Begin(k, name)
	if err != nil {
		t.Fatal(err)
	}
	return end
}

func TestTimeCountsOnlyWhileTheProcessWorks(t *testing.T) {
	w, next := attempt(Limits{Step: time.Second}, State{})
	begin(t, w, Chart, "a")
	if restarts(w, 1, usage{}) || restarts(w, 3, usage{cpu: time.Second / 2}) {
		t.Error("a step is left out that shares the processor")
	}
	if !restarts(w, 4, usage{cpu: 2 * time.Second}) || len(next.Left) != 1 || next.Left[0].Name != "a" {
		t.Errorf("left out: %+v", next.Left)
	}
	w, next = attempt(Limits{Step: time.Second}, State{})
	begin(t, w, File, "fifo")
	if restarts(w, 1, usage{}) || !restarts(w, 8, usage{}) || next.Left[0].Name != "fifo" {
		t.Errorf("a step that waits for ever: %+v", next.Left)
	}
}

func TestMemoryIsBlamedOnOneStep(t *testing.T) {
	full := usage{heap: 3 << 30, live: 3 << 30}
	w, next := attempt(Limits{Memory: 1 << 30}, State{})
	begin(t, w, Chart, "a")
	begin(t, w, Chart, "b")
	if !restarts(w, 1, full) || !next.Alone || len(next.Left) != 0 {
		t.Fatalf("of two steps one was blamed: %+v", next)
	}
	w, next = attempt(Limits{Memory: 1 << 30}, *next)
	begin(t, w, Chart, "a")()
	begin(t, w, Chart, "b")
	if !restarts(w, 1, full) || len(next.Left) != 1 || next.Left[0].Name != "b" {
		t.Fatalf("left out: %+v", next.Left)
	}
	w, _ = attempt(Limits{}, *next)
	if _, err := w.Begin(Chart, "b"); err == nil {
		t.Error("it is not left out")
	}
	begin(t, w, Chart, "a")
}

func TestRunThatIsTooLargeEnds(t *testing.T) {
	w, _ := attempt(Limits{Memory: 1 << 30}, State{})
	if restarts(w, 1, usage{heap: 1100 << 20, live: 1100 << 20}) || w.Over() == nil {
		t.Error("it goes on without a step to blame")
	}
	if _, err := w.Begin(Chart, "a"); err == nil {
		t.Error("a step begins")
	}
}

func TestStepAtTheEndIsLeftOutOnce(t *testing.T) {
	w, next := attempt(Limits{Run: 10 * time.Second, Step: time.Hour}, State{})
	begin(t, w, Chart, "a")
	if restarts(w, 1000, usage{}) || w.Over() == nil {
		t.Error("the run goes on at its end")
	}
	if !restarts(w, 1003, usage{}) || !next.Late || len(next.Left) != 1 || !next.End.After(time.Unix(1003, 0)) {
		t.Errorf("%+v", next)
	}
}

func TestStateIsHandedOn(t *testing.T) {
	s := State{Attempt: 2, Alone: true, Left: []Exceeded{{Kind: Chart, Name: "a\"\n", Reason: "r"}}, End: time.Unix(5, 0).UTC()}
	again, err := Parse(s.Text())
	if err != nil || again.Text() != s.Text() || again.Left[0] != s.Left[0] {
		t.Errorf("%+v, %v", again, err)
	}
}
