package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// grace is how long a run that is interrupted may take to end by itself: to put
// a report in place that is nearly written, and to remove what it has made for
// itself.
const grace = 500 * time.Millisecond

// interruptible returns a context that is done once the process is to end, the
// exit code then, 0 before, and what gives the signals back to the system. A run
// that does not heed its context, because it is reading or parsing, ends all the
// same; a second signal ends it at once. Reports and caches are put in place by
// renaming, so none of them is ever cut short.
func interruptible() (ctx context.Context, code func() int, end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var number atomic.Int32
	code = func() int { return int(number.Load()) }
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		s, ok := <-signals
		if !ok {
			return
		}
		signal.Reset(os.Interrupt, syscall.SIGTERM)
		number.Store(exitSignal + int32(s.(syscall.Signal)))
		cancel()
		time.Sleep(grace)
		removeUnfinished()
		os.Exit(code())
	}()
	return ctx, code, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
	}
}
