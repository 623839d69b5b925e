package unit

import (
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// FromBlocks makes the units of a text that shows objects in blocks, in the
// order of the text. All blocks are one unit until a block shows an object
// again: a text tells a story, so that block replaces what it repeats, and a
// further unit begins with it. What a unit does not define itself it takes
// from the other blocks: those before it, the closest first, then those behind.
func FromBlocks(blocks []*manifest.File, namespace string) []*Unit {
	get := func(i string) *manifest.File { n, _ := strconv.Atoi(i); return blocks[n] }
	starts := versions(blocks)
	var units []*Unit
	for v, start := range starts {
		end := len(blocks)
		if v+1 < len(starts) {
			end = starts[v+1]
		}
		before := numbers(0, start)
		slices.Reverse(before)
		u := Assemble(Spec{
			Kind: Document, Files: numbers(start, end),
			Context: append(before, numbers(end, len(blocks))...),
			Open:    []string{"a document shows a part of what there is"},
		}, blocks[0].Path, namespace, get)
		u.Replaced = nil // a text may go back to another state, or show two to choose from
		if len(u.Resources) > 0 {
			units = append(units, u)
		}
	}
	return units
}

// versions returns the blocks that a unit begins with: the first, and each one
// that shows an object of the unit before it again.
func versions(blocks []*manifest.File) []int {
	var starts []int
	var seen []*manifest.Resource
	for i, block := range blocks {
		again := slices.ContainsFunc(block.Resources(), func(r *manifest.Resource) bool {
			return slices.ContainsFunc(seen, func(s *manifest.Resource) bool { return SameObject(r, s) })
		})
		if i == 0 || again {
			starts, seen = append(starts, i), nil
		}
		seen = append(seen, block.Resources()...)
	}
	return starts
}

// numbers returns the numbers from start to before end, as texts.
func numbers(start, end int) []string {
	var all []string
	for i := start; i < end; i++ {
		all = append(all, strconv.Itoa(i))
	}
	return all
}
