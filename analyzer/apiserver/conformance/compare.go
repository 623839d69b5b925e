package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
)

// trial is one document that both sides are asked about.
type trial struct {
	kind, origin string
	// said is how it was changed, "" if it stands as it was written.
	said         string
	before, text []byte // before is nil unless text is applied over it
	here, there  answer
	difference   difference
	explained    *explanation // nil if the difference is none, or unexplained
}

// errSeed is returned for a document written for this test that the server
// refuses: what comes from it would compare little.
var errSeed = errors.New("a seed is refused")

// compareAll asks both sides about all documents and their mutations.
func compareAll(ctx context.Context, o options, c *client, documents []document) ([]trial, error) {
	trials := generate(o, documents)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan int)
	var wg sync.WaitGroup
	for range o.workers {
		wg.Go(func() {
			for i := range work {
				if err := trials[i].ask(ctx, c); err != nil {
					cancel(fmt.Errorf("%s (%s): %w", trials[i].origin, trials[i].said, err))
				}
			}
		})
	}
feed:
	for i := range trials {
		select {
		case work <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(work)
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	var comparable []trial
	for _, t := range trials {
		if t.there.stage != "" {
			comparable = append(comparable, t)
		}
	}
	return comparable, nil
}

// generate returns what both sides will be asked about, in a fixed order: the
// documents as they are, their mutations, and mutations applied over them.
func generate(o options, documents []document) []trial {
	var trials []trial
	pool := poolOf(documents)
	for _, d := range documents {
		trials = append(trials, trial{kind: d.kind, origin: d.origin, text: d.text})
		h := fnv.New64a()
		h.Write(d.text)
		m := &mutator{random: rand.New(rand.NewPCG(o.seed, h.Sum64())), pool: pool}
		mutants, updates := 1, 0
		if d.seed {
			mutants, updates = o.mutants, o.updates
		}
		seen := map[string]bool{string(d.text): true}
		for range mutants {
			text, said, ok := m.mutate(d)
			if ok && !seen[string(text)] {
				seen[string(text)] = true
				trials = append(trials, trial{kind: d.kind, origin: d.origin, said: said, text: text})
			}
		}
		for n := 0; n < updates; {
			text, said, ok := m.mutate(d)
			if !ok || inProcess(text).refused() {
				continue
			}
			n++
			trials = append(trials, trial{kind: d.kind, origin: d.origin, said: said, before: d.text, text: text})
		}
	}
	return trials
}

// exclusive keeps two updates from creating the same object at once.
var exclusive sync.Mutex

func (t *trial) ask(ctx context.Context, c *client) error {
	var err error
	if t.before == nil {
		t.here = inProcess(t.text)
		t.there, err = c.create(ctx, t.text)
	} else {
		var ok bool
		t.here = inProcessUpdate(t.before, t.text)
		exclusive.Lock()
		t.there, ok, err = c.update(ctx, t.before, t.text)
		exclusive.Unlock()
		if !ok {
			t.there = answer{}
			return err
		}
	}
	if err != nil {
		return err
	}
	if t.difference = compare(t.here, t.there); t.difference != same {
		t.explained = explain(t)
	}
	return nil
}
