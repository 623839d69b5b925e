package nearmiss

import "slices"

// few is the number of candidates up to which all are compared with a name. Of
// more of them only those are that share something with it, so that thousands
// of dangling names are not compared with thousands of candidates each.
const few = 128

// most bounds how many candidates one thing in common brings in.
const most = 64

// feature is something that a name shares with its misspellings.
type feature struct {
	of   rune
	text string
}

// index finds candidates by the features of their names.
type index[T comparable] struct {
	all       []T
	byFeature map[feature][]T
	byName    map[string][]T
}

func newIndex[T comparable](all []T, names func(T) []string) *index[T] {
	ix := &index[T]{all: all, byName: map[string][]T{}, byFeature: map[feature][]T{}}
	for _, c := range all {
		for _, name := range names(c) {
			ix.byName[name] = append(ix.byName[name], c)
			if len(all) <= few {
				continue
			}
			for _, f := range features(name) {
				ix.byFeature[f] = append(ix.byFeature[f], c)
			}
		}
	}
	return ix
}

// near returns the candidates that a name has to be compared with.
func (ix *index[T]) near(name string) []T {
	if len(ix.all) <= few {
		return ix.all
	}
	found := slices.Clone(ix.byName[name])
	for _, f := range features(name) {
		for _, c := range ix.byFeature[f][:min(most, len(ix.byFeature[f]))] {
			if !slices.Contains(found, c) {
				found = append(found, c)
			}
		}
	}
	return found
}

// features returns what a name is found by: its first and last letters, its
// letters in alphabetical order, for those that are swapped, and its words.
func features(name string) []feature {
	n := min(3, (len(name)+1)/2)
	all := []feature{{'<', name[:n]}, {'>', name[len(name)-n:]}, {'~', letters(unseparated(name))}}
	for _, word := range words(name) {
		if len(word) >= 3 && word != name {
			all = append(all, feature{'w', word})
		}
	}
	return all
}
