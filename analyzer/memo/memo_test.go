package memo_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/memo"
)

type holder struct{ memo memo.Memo }

func (h *holder) Memo() *memo.Memo { return &h.memo }

var (
	words   = memo.Key[[]string]{Name: "words"}
	numbers memo.Key[int]
	others  memo.Key[int]
)

// Many ask at once, as rules do of a resource that units share: run it with
// -race.
func TestMadeOnceForAll(t *testing.T) {
	t.Parallel()
	var h holder
	var made atomic.Int32
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			list := words.Of(&h, func() []string { made.Add(1); return []string{"one", "two"} })
			if len(list) != 2 {
				t.Errorf("got %q", list)
			}
			if got := numbers.For(&h, i%4, func() int { made.Add(1); return i % 4 }); got != i%4 {
				t.Errorf("for %d: got %d", i%4, got)
			}
		})
	}
	wg.Wait()
	if made := made.Load(); made != 5 {
		t.Errorf("made %d times, want 5", made)
	}
}

func TestKeysOfOneTypeAreTold(t *testing.T) {
	t.Parallel()
	var h, other holder
	one := func() int { return 1 }
	two := func() int { return 2 }
	three := func() int { return 3 }
	for _, got := range [][2]int{
		{numbers.Of(&h, one), 1}, {others.Of(&h, two), 2}, {numbers.Of(&h, three), 1}, {numbers.Of(&other, three), 3},
		{numbers.For(&h, "a", two), 2}, {others.For(&h, "a", three), 3},
	} {
		if got[0] != got[1] {
			t.Errorf("got %d, want %d", got[0], got[1])
		}
	}
}

// What is made may be made of something else that is kept, and an observer is
// told both.
func TestOneIsMadeOfAnother(t *testing.T) {
	t.Parallel()
	var h holder
	var told []string
	h.memo.Observe = func(name string) func() {
		told = append(told, "begin "+name)
		return func() { told = append(told, "end "+name) }
	}
	count := func() int {
		return numbers.Of(&h, func() int {
			return len(words.Of(&h, func() []string { return []string{"one"} }))
		})
	}
	if got := count() + count(); got != 2 {
		t.Errorf("got %d", got)
	}
	want := []string{"begin ", "begin words", "end words", "end "}
	if len(told) != len(want) {
		t.Fatalf("told %q, want %q", told, want)
	}
	for i := range want {
		if told[i] != want[i] {
			t.Errorf("told %q, want %q", told, want)
		}
	}
}
