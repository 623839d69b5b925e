package analyzer

import "github.com/agnivade/levenshtein"

// Closest returns the candidate that a mistyped name may have meant, "" if
// none is close: at most a third of its letters may differ, and never more
// than three.
func Closest(name string, candidates []string) string {
	best, limit := "", min(3, max(1, len(name)/3))+1
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(name, c); d < limit {
			best, limit = c, d
		}
	}
	return best
}
