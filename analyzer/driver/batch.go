package driver

import (
	"cmp"
	"context"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// A run does not hold all that it reads at once. Units are judged in the order of
// the tree, a batch at a time: the files of a batch are parsed and judged on their
// own, then its units are put together and judged, and then the documents of those
// files that no later unit asks for are let go.

// batchFiles is the number of files at which a batch is closed. It is large enough
// that processors seldom wait for each other at its end, and small beside the
// trees whose memory matters.
const batchFiles = 256

// batches goes over the units of a tree.
type batches struct {
	*run
	world *world
	// opens and closes are, for each unit, the files that it is the first and the
	// last to be judged with; rest are those that are judged alone.
	opens, closes [][]string
	rest          []string
	files         int
}

func newBatches(r *run, w *world) *batches {
	b := &batches{run: r, world: w, opens: make([][]string, len(w.tasks)), closes: make([][]string, len(w.tasks))}
	last := map[string]*int{} // of each file the last unit
	for i, t := range w.tasks {
		for rel := range t.files() {
			if at := last[rel]; at != nil {
				*at = i
				continue
			}
			first := i
			last[rel] = &first
			b.opens[i] = append(b.opens[i], rel)
		}
	}
	for _, opened := range b.opens {
		for _, rel := range opened {
			b.closes[*last[rel]] = append(b.closes[*last[rel]], rel)
		}
	}
	b.rest = slices.DeleteFunc(w.alone, func(rel string) bool { return last[rel] != nil })
	b.files = len(last) + len(b.rest)
	return b
}

// judgeAll judges the units, and the files that were named.
func (b *batches) judgeAll(ctx context.Context) error {
	tasks, enough := b.world.tasks, cmp.Or(b.options.batch, batchFiles)
	for from := 0; from < len(tasks); {
		to, files := from, []string(nil)
		for to < len(tasks) && len(files) < enough {
			files = append(files, b.opens[to]...)
			to++
		}
		if err := b.read(ctx, files); err != nil {
			return err
		}
		if err := b.judge(ctx, tasks[from:to]); err != nil {
			return err
		}
		for _, done := range b.closes[from:to] {
			b.letGo(done)
		}
		from = to
	}
	for files := range slices.Chunk(b.rest, enough) {
		if err := b.read(ctx, files); err != nil {
			return err
		}
		b.letGo(files)
	}
	return nil
}

// judge puts units together and judges them.
func (b *batches) judge(ctx context.Context, tasks []*task) error {
	defer b.options.Stats.Stage("judge")()
	return parallel(ctx, len(tasks), func(i int) {
		if t := tasks[i]; t.recalled == nil {
			t.assemble(&b.options)
			b.judgeUnit(t)
		}
		b.step()
	})
}

// read parses files, and judges those that were named.
func (b *batches) read(ctx context.Context, files []string) error {
	defer b.options.Stats.Stage("read and parse")()
	return parallel(ctx, len(files), func(i int) {
		if f := b.world.read(files[i], manifest.Parse); f != nil && b.world.tree.named(files[i]) {
			b.judgeFile(b.world.knownFile(files[i]))
		}
		b.step()
	})
}

// letGo forgets the documents of files, if it may.
func (b *batches) letGo(files []string) {
	for _, rel := range files {
		if f := b.world.files[rel]; f != nil && b.lean {
			b.world.memory.learnText(f)
			f.Documents = nil
		}
	}
}
