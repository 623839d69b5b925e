package driver

import (
	"context"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// parallel calls do for 0 to n-1 on all processors. Once the context is done
// no further call is made, and its error is returned.
//
// Few goroutines take many numbers each: parsers and policies recurse deeply,
// and every new goroutine would have to grow its stack again.
func parallel(ctx context.Context, n int, do func(i int)) error {
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				do(i)
			}
		})
	}
	return group.Wait()
}

// parallel is the function of that name, with somebody watching.
func (o *Options) parallel(ctx context.Context, work string, n int, do func(i int)) error {
	tell := o.counter(work, n)
	return parallel(ctx, n, func(i int) {
		do(i)
		tell()
	})
}

// counter returns what to call after each of n parts of a work.
func (o *Options) counter(work string, n int) func() {
	if o.Progress == nil {
		return func() {}
	}
	var done atomic.Int64
	return func() { o.Progress(work, int(done.Add(1)), n) }
}
