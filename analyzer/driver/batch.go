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
	world  *world
	users  map[string]int  // of each file that is read: the units that have yet to be judged with it
	opened map[string]bool // the files of this batch and of those before
}

func newBatches(r *run, w *world) *batches {
	b := &batches{run: r, world: w, users: map[string]int{}, opened: map[string]bool{}}
	for _, t := range w.tasks {
		for _, rel := range t.files() {
			b.users[rel]++
		}
	}
	for _, rel := range w.alone {
		b.users[rel] += 0
	}
	return b
}

// size is the number of parts of the work.
func (b *batches) size() int { return len(b.users) + len(b.world.tasks) }

// judgeAll judges the units, and the files that were named.
func (b *batches) judgeAll(ctx context.Context) error {
	var files []string
	first, enough := 0, cmp.Or(b.options.batch, batchFiles)
	for i, t := range b.world.tasks {
		if files = b.open(files, t.files()); len(files) >= enough || i == len(b.world.tasks)-1 {
			if err := b.judge(ctx, files, b.world.tasks[first:i+1]); err != nil {
				return err
			}
			files, first = nil, i+1
		}
	}
	for rest := range slices.Chunk(b.open(nil, b.world.alone), enough) {
		if err := b.judge(ctx, rest, nil); err != nil {
			return err
		}
	}
	return nil
}

// open adds those of the files that were not opened before.
func (b *batches) open(files, rels []string) []string {
	for _, rel := range rels {
		if !b.opened[rel] {
			b.opened[rel] = true
			files = append(files, rel)
		}
	}
	return files
}

// judge judges a batch.
func (b *batches) judge(ctx context.Context, files []string, tasks []*task) error {
	if err := b.read(ctx, files); err != nil {
		return err
	}
	defer b.options.Stats.Stage("judge")()
	err := parallel(ctx, len(tasks), func(i int) {
		if t := tasks[i]; t.recalled == nil {
			t.assemble(&b.options)
			b.judgeUnit(t)
		}
		b.step()
	})
	for _, rel := range files {
		if b.users[rel] == 0 {
			b.letGo(rel)
		}
	}
	for _, t := range tasks {
		for _, rel := range t.files() {
			if b.users[rel]--; b.users[rel] == 0 {
				b.letGo(rel)
			}
		}
	}
	return err
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

// letGo forgets the documents of a file that was read, if it may.
func (b *batches) letGo(rel string) {
	if f := b.world.files[rel]; f != nil && b.lean {
		b.world.memory.learnText(f)
		f.Documents = nil
	}
}
