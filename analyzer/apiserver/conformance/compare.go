package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
)

// trial is one document that both sides are asked about.
type trial struct {
	kind, origin string
	seed         bool
	// said is how it was changed, "" if it stands as it was written.
	said         string
	before, text []byte // before is nil unless text is applied over it
	here, there  answer
	difference   difference
	explained    *explanation // nil if the difference is none, or unexplained
}

// errSeed is returned for a document written for this test that the server
// refuses: what comes from it would compare little.
var errSeed = errors.New("the server refuses a seed")

// compareAll asks both sides about all documents and their mutations: first
// about those that change nothing in the cluster, then about updates, one at a
// time, because each needs an earlier version that is there.
func compareAll(ctx context.Context, o options, c *client, documents []document) ([]trial, error) {
	creates, updates := generate(o, documents)
	if err := askAll(ctx, o.workers, c, creates); err != nil {
		return nil, err
	}
	var errs []error
	for _, t := range creates {
		if t.seed && t.said == "" && t.there.refused() {
			errs = append(errs, fmt.Errorf("%w: %s: %s", errSeed, t.origin, t.there))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := askAll(ctx, 1, c, updates); err != nil {
		return nil, err
	}
	// An earlier version that the server refuses leaves nothing to compare.
	asked := slices.DeleteFunc(updates, func(t trial) bool { return t.there.stage == "" })
	return append(creates, asked...), nil
}

// askAll asks about trials, some at the same time.
func askAll(ctx context.Context, workers int, c *client, trials []trial) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(trials)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				if err := trials[i].ask(ctx, c); err != nil {
					cancel(fmt.Errorf("%s (%s): %w", trials[i].origin, trials[i].said, err))
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// generate returns what both sides will be asked about, in a fixed order: the
// documents as they are, their mutations, and mutations applied over them.
func generate(o options, documents []document) (creates, updates []trial) {
	pool := poolOf(documents)
	for _, d := range documents {
		creates = append(creates, trial{kind: d.kind, origin: d.origin, seed: d.seed, text: d.text})
		h := fnv.New64a()
		h.Write(d.text)
		m := &mutator{random: rand.New(rand.NewPCG(o.seed, h.Sum64())), pool: pool}
		mutants, changes := 1, 0
		if d.seed {
			mutants, changes = o.mutants, o.updates
		}
		seen := map[string]bool{string(d.text): true}
		for range mutants {
			text, said, ok := m.mutate(d)
			if ok && !seen[string(text)] {
				seen[string(text)] = true
				creates = append(creates, trial{kind: d.kind, origin: d.origin, seed: d.seed, said: said, text: text})
			}
		}
		for n, tries := 0, 0; n < changes && tries < 10*changes; tries++ {
			text, said, ok := m.mutate(d)
			if !ok || inProcess(text).refused() {
				continue
			}
			n++
			updates = append(updates, trial{kind: d.kind, origin: d.origin, seed: d.seed, said: said, before: d.text, text: text})
		}
	}
	return creates, updates
}

// ask fills in both answers and how they differ.
func (t *trial) ask(ctx context.Context, c *client) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if t.before == nil {
		t.here = inProcess(t.text)
		t.there, err = c.create(ctx, t.text)
	} else {
		var ok bool
		t.here = inProcessUpdate(t.before, t.text)
		t.there, ok, err = c.update(ctx, t.before, t.text)
		if !ok {
			t.there = answer{}
			return err
		}
		t.here.warnings, t.there.warnings = nil, nil // kubeknot repeats none for a later version
	}
	if err != nil {
		return err
	}
	if t.difference = compare(t.here, t.there); t.difference != same {
		t.explained = explain(t)
	}
	return nil
}
