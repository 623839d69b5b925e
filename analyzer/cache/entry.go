package cache

import (
	"os"
	"time"

	"github.com/djherbis/times"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// File is what is remembered of a file.
type File struct {
	_      struct{} `cbor:",toarray"`
	Stamp  Stamp
	Digest Digest // of the content
	// Parsed reports whether the next two are known.
	Parsed bool
	About  About
	// Hidden are its secrets, see source.File.Hide.
	Hidden []source.Span
	// Judged reports whether the next is known.
	Judged bool
	// Said is what the rules say that look at files, see Pack.
	Said []byte
}

// About is what a file counts for, apart from what rules say of it.
type About struct {
	_ struct{} `cbor:",toarray"`
	// Resources is the number of Kubernetes objects.
	Resources int
	// Patch and the others report what else it holds, by the manifest.Role of
	// its documents.
	Patch, Template, Encrypted, Unreadable, Foreign bool
	// Alone reports that it holds nothing but what is foreign.
	Alone bool
}

// Unit is what is remembered of a unit.
type Unit struct {
	_ struct{} `cbor:",toarray"`
	// Inputs is the digest of its plan and of what its files hold.
	Inputs Digest
	// Reads are further files that went into it, whose contents have to be the
	// same too.
	Reads map[string]Digest
	// Looked is what was found at paths that were looked at for it, see
	// kustomize.Look.
	Looked map[string]string
	// Files are those that were read for it besides those of its plan, as they
	// were judged: patches.
	Files []string
	// Notes say what of it was not judged.
	Notes []analyzer.NotJudged
	// Empty reports that it holds nothing to judge.
	Empty bool
	// Made is what a chart makes, and Hidden are the secrets of its files, by
	// their paths inside the tree.
	Made   []Made
	Hidden map[string][]source.Span
	// Said is what the rules say, see Pack.
	Said []byte
}

// Made is what a template of a chart makes.
type Made struct {
	_     struct{} `cbor:",toarray"`
	Rel   string
	About About
	Said  []byte
}

// File returns what is remembered of a file.
func (s *Store) File(rel string) (File, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.book.Files[rel]
	return f, ok
}

// Unit returns what is remembered of a unit.
func (s *Store) Unit(name string) (Unit, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.book.Units[name]
	return u, ok
}

// PutFile remembers a file.
func (s *Store) PutFile(rel string, f File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book.Files[rel] = f
	s.changed = true
}

// PutUnit remembers a unit.
func (s *Store) PutUnit(name string, u Unit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book.Units[name] = u
	s.changed = true
}

// Keep forgets the files and units for which it returns false.
func (s *Store) Keep(file, unit func(string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = forget(s.book.Files, file) || s.changed
	s.changed = forget(s.book.Units, unit) || s.changed
}

func forget[V any](all map[string]V, keep func(string) bool) (some bool) {
	for name := range all {
		if !keep(name) {
			delete(all, name)
			some = true
		}
	}
	return some
}

// Stamp is by what a file is known to be unchanged without reading it, as git
// does it: its size, and when it was last written to and changed. The zero
// value is never the same as another one.
type Stamp struct {
	_                struct{} `cbor:",toarray"`
	Size             int64
	Written, Changed int64 // nanoseconds
}

// settled is how long a file must have been left alone before its stamp says
// anything: file systems count time in steps of up to two seconds, so a second
// change in the same step would not show.
const settled = 2500 * time.Millisecond

// NewStamp returns the stamp of a file that is read now. It is zero if nothing
// can be told by it: the file has just changed, or the system does not say when
// it did.
func NewStamp(info os.FileInfo) Stamp {
	if !times.HasChangeTime {
		return Stamp{}
	}
	changed, written := times.Get(info).ChangeTime(), info.ModTime()
	if time.Since(changed) < settled || time.Since(written) < settled {
		return Stamp{}
	}
	return Stamp{Size: info.Size(), Written: written.UnixNano(), Changed: changed.UnixNano()}
}

// Same reports whether a file with the stamp t is unchanged since s was made.
func (s Stamp) Same(t Stamp) bool { return s == t && s != Stamp{} }
