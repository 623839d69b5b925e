package main

// explanation is why the two sides differ, and may.
type explanation struct {
	title, why string
	matches    func(*trial) bool
}

var explanations = []*explanation{}

// explain returns the first explanation that fits a difference, nil if none
// does.
func explain(t *trial) *explanation {
	for _, e := range explanations {
		if e.matches(t) {
			return e
		}
	}
	return nil
}
