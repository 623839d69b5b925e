package text

import (
	"maps"
	"slices"
)

func SortedKeys(set map[string]string) []string { return slices.Sorted(maps.Keys(set)) }
