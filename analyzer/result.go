package analyzer

import "time"

// Result is what a run found, in the form that reports print.
type Result struct {
	// Findings is sorted by Sort. What is suppressed or known is not in it.
	Findings []Finding
	// Known are the findings that a baseline knows of, sorted too.
	Known []Finding
	// Stale are the entries of baselines that match nothing any more, sorted;
	// those that the run could not judge are not among them.
	Stale []string
	// NotJudged lists what was passed over and why, sorted by file.
	NotJudged []NotJudged
	// Ties has an entry for each unit that makes or finds pods, in the order of
	// the units. It is nil unless it was asked for.
	Ties    []UnitTies
	Summary Summary
	// Failure is why the run did not do all of its work, nil if it did. What it
	// has found holds all the same.
	Failure error
}

// NotJudged is a file, or a part of one, that was not judged.
type NotJudged struct {
	// File is a slash-separated path as people are shown it. It is empty for
	// what concerns the run as a whole.
	File string
	// Reason completes "was not judged:".
	Reason string
}

// Summary counts what was read and found.
type Summary struct {
	Files     int // files that were read and hold Kubernetes objects
	Resources int // Kubernetes objects in them
	Units     int // sets of objects that were judged together
	Errors    int
	Warnings  int
	Infos     int
	// Suppressed counts the findings that are silenced by what people wrote.
	Suppressed int
	Elapsed    time.Duration // wall time; not part of reports that are compared
}
