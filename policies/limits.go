package policies

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/kubeknot/kubeknot/analyzer/watchdog"
)

// limits bound one evaluation of a policy.
type limits struct {
	time   time.Duration
	memory uint64 // bytes by which the heap may grow meanwhile
	// over counts the evaluations that have exceeded a limit; nil counts none. The
	// more of them there are, the less time has the next one, so that many
	// directories with a policy that does not end take no longer than a few.
	over *atomic.Int32
}

// usual is far more than a policy needs for the largest unit there is.
var usual = limits{time: 10 * time.Second, memory: 1 << 30, over: new(atomic.Int32)}

// maxOver is how many evaluations may exceed their limits before none is begun,
// and leastPart the part of the time that each has at least.
const (
	maxOver   = 8
	leastPart = 10
)

// left returns the limits of the next evaluation. The error says that there is
// none.
func (l limits) left() (limits, error) {
	if l.over == nil {
		return l, nil
	}
	n := l.over.Load()
	if n >= maxOver {
		return l, &watchdog.Exceeded{Kind: watchdog.Rule, Reason: fmt.Sprintf("%d policies before it exceeded their limits, so no more are evaluated", n)}
	}
	l.time = max(l.time>>n, l.time/leastPart)
	return l, nil
}

// exceeded notes that an evaluation has exceeded a limit, and says which.
func (l limits) exceeded(cause error) error {
	if l.over != nil {
		l.over.Add(1)
	}
	return &watchdog.Exceeded{Kind: watchdog.Rule, Reason: cause.Error()}
}

func (l limits) orUsual() limits {
	if l == (limits{}) {
		return usual
	}
	return l
}

// watchEvery is how often the heap is looked at. The first look is the base,
// so an evaluation that is done by then costs nothing.
const watchEvery = 10 * time.Millisecond

// watch returns a context that ends with a cause that says which limit was
// exceeded. stop has to be called.
//
// The heap is one for all that runs, so the memory is what everything takes
// more than at the first look. Only what is still in use after a garbage
// collection counts. A built-in function is not interrupted: it may take as
// much as it makes of its arguments before the evaluation ends.
func (l limits) watch(ctx context.Context) (watched context.Context, stop func()) {
	watched, cancel := context.WithCancelCause(ctx)
	go func() {
		ticks := time.NewTicker(watchEvery)
		defer ticks.Stop()
		end := time.NewTimer(l.time)
		defer end.Stop()
		var base uint64
		for {
			select {
			case <-watched.Done():
				return
			case <-end.C:
				cancel(fmt.Errorf("it did not come to an end within %s", l.time))
			case <-ticks.C:
				if base == 0 {
					base = heap()
				} else if heap() > base+l.memory && settled() > base+l.memory {
					cancel(fmt.Errorf("it takes more than %d MiB of memory", l.memory>>20))
				}
			}
		}
	}()
	return watched, func() { cancel(context.Canceled) }
}

// eval runs a query. The error says which limit it exceeds, or what fails in it.
func (l limits) eval(q rego.PreparedEvalQuery, options ...rego.EvalOption) (rego.ResultSet, error) {
	l, err := l.left()
	if err != nil {
		return nil, err
	}
	ctx, stop := l.watch(context.Background())
	defer stop()
	results, err := q.Eval(ctx, options...)
	switch {
	case err != nil && topdown.IsCancel(err) && ctx.Err() != nil:
		return nil, l.exceeded(context.Cause(ctx))
	case err != nil:
		return nil, fmt.Errorf("evaluating it: %w", err)
	}
	return results, nil
}

// heap returns the bytes that live objects and garbage take.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func settled() uint64 {
	runtime.GC()
	return heap()
}
