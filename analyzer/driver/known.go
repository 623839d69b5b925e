package driver

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// knownFile is a file that was named, and what is known of it. Once it was judged,
// or recalled from an earlier run, its documents are not needed any more.
type knownFile struct {
	*manifest.File
	about   cache.About
	judged  bool
	passes  []*analyzer.Pass
	failure error  // of a rule
	again   bool   // another rendering of the chart makes it too: its objects are counted there
	world   *world // that it is a file of; nil for a stream, what a chart makes, and a text
}

// knownFile returns a file that was read or recalled, nil for others.
func (w *world) knownFile(rel string) *knownFile {
	w.mu.Lock()
	defer w.mu.Unlock()
	k := w.known[rel]
	if k == nil && w.files[rel] != nil {
		k = &knownFile{File: w.files[rel], world: w}
		w.known[rel] = k
	}
	return k
}

// detach lets go of the objects that findings are about, of which reports and
// suppressions ask only for who they are.
func (r *run) detach(passes []*analyzer.Pass) {
	if !r.lean {
		return
	}
	for _, p := range passes {
		for i := range p.Findings {
			p.Findings[i] = p.Findings[i].Detached()
		}
		for i, s := range p.Skipped {
			p.Skipped[i].Resource = s.Resource.Detached()
		}
	}
}
