// Package cache remembers what the rules have said of files and units that have
// not changed since. It decides nothing: what is not remembered is judged, and
// a cache that cannot be read or written is as good as none. It imports
// analyzer and what stands before it.
package cache

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Dir is a directory with what earlier runs have left, one file for each tree
// and way of judging it.
type Dir struct {
	// Path is the directory. It is made when it is needed. With "" stores are in
	// memory alone, and have to be Held.
	Path string
	// Judge stands for what judges: the build of kubeknot and the policies that
	// are given to it. What another one has left counts for nothing.
	Judge string
	// Held keeps stores in memory until Flush writes them.
	Held bool

	mu     sync.Mutex
	stores map[string]*Store
}

// extension is that of the files of a Dir.
const extension = ".knot"

// maxAge is how long a store is kept that no run has changed.
const maxAge = 30 * 24 * time.Hour

// Open returns what is remembered of a tree, given by its absolute root, under
// the given key, which stands for everything else that decides what is found.
// It is never nil; the error says why it is empty although there is a file. The
// same store is returned for the same tree and key until the end.
func (d *Dir) Open(root string, key Digest) (*Store, error) {
	name := Sum([]byte(d.Judge), []byte(root), key[:])
	file := filepath.Join(d.Path, hex.EncodeToString(name[:])+extension)
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.stores[file]; s != nil {
		return s, nil
	}
	s := &Store{file: file, held: d.Held}
	s.book = book{Files: map[string]File{}, Units: map[string]Unit{}}
	var err error
	switch info, failure := os.Stat(d.Path); {
	case d.Path == "" || errors.Is(failure, fs.ErrNotExist):
	case failure == nil && foreign(info):
		s.file = ""
		err = fmt.Errorf("cache not used: others may write to %s, or own it", d.Path)
	default:
		err = s.load()
	}
	if d.stores == nil {
		d.stores = map[string]*Store{}
	}
	d.stores[file] = s
	return s, err
}

// Flush writes the stores that were held.
func (d *Dir) Flush() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, s := range d.stores {
		s.held = false
		errs = append(errs, s.Save())
		s.held = d.Held
	}
	return errors.Join(errs...)
}

// Clean removes what runs have left, and returns how many files that were.
func (d *Dir) Clean() (int, error) { return d.remove(func(fs.FileInfo) bool { return true }) }

// remove removes the stores that match. What is not a store stays.
func (d *Dir) remove(match func(fs.FileInfo) bool) (int, error) {
	entries, err := os.ReadDir(d.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	removed := 0
	errs := []error{err}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !strings.HasSuffix(e.Name(), extension) || !match(info) {
			continue
		}
		if err := os.Remove(filepath.Join(d.Path, e.Name())); err != nil {
			errs = append(errs, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(errs...)
}

// Digest stands for some content.
type Digest [16]byte

// Sum returns the digest of parts; where one ends and the next starts counts.
func Sum(parts ...[]byte) Digest {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:", len(p))
		h.Write(p)
	}
	return Digest(h.Sum(nil))
}

// Store is what is remembered of one tree. It is safe for concurrent use.
type Store struct {
	file string // "" for none: Save does nothing
	held bool   // Save does nothing yet

	mu      sync.Mutex
	book    book
	changed bool
}

// book is what the file of a store holds. Files and units are called by their
// paths inside the tree.
type book struct {
	Files map[string]File
	Units map[string]Unit
}

// magic starts the file of a store; the digest of the rest follows it.
const magic = "kubeknot cache 2\n"

// write writes the file, a piece at a time: a large tree's would be much to hold
// at once, beside the tree.
func (b *book) write(file *os.File) error {
	if _, err := file.Write(make([]byte, len(magic)+len(Digest{}))); err != nil {
		return err
	}
	h := sha256.New()
	out := bufio.NewWriter(io.MultiWriter(file, h))
	e := cbor.NewEncoder(out)
	err := errors.Join(e.StartIndefiniteMap(), e.Encode("Files"), encode(e, b.Files), e.Encode("Units"), encode(e, b.Units), e.EndIndefinite(), out.Flush())
	if err != nil {
		return err
	}
	_, err = file.WriteAt(append([]byte(magic), h.Sum(nil)[:len(Digest{})]...), 0)
	return err
}

func encode[V any](e *cbor.Encoder, all map[string]V) error {
	if err := e.StartIndefiniteMap(); err != nil {
		return err
	}
	for name, value := range all {
		if err := errors.Join(e.Encode(name), e.Encode(value)); err != nil {
			return err
		}
	}
	return e.EndIndefinite()
}

// load reads the file. If that fails the store is empty.
func (s *Store) load() error {
	info, err := os.Lstat(s.file)
	if err == nil && !info.Mode().IsRegular() { // a pipe is not waited for, a link not followed
		s.file = ""
		return errors.New("cache not read: an entry of it is not a regular file")
	}
	data, err := os.ReadFile(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cache not read: %w", err)
	}
	head := len(magic) + len(Digest{})
	if len(data) < head || string(data[:len(magic)]) != magic {
		return fmt.Errorf("cache not read: %s is of another form", s.file)
	}
	if sum := sha256.Sum256(data[head:]); !bytes.Equal(sum[:len(Digest{})], data[len(magic):head]) {
		return fmt.Errorf("cache not read: %s is damaged", s.file)
	}
	var b book
	if err := reading.Unmarshal(data[head:], &b); err != nil {
		return fmt.Errorf("cache not read: %s: %w", s.file, err)
	}
	if b.Files != nil && b.Units != nil {
		s.book = b
	}
	return nil
}

// reading allows as many files and findings as there may be.
var reading = must(cbor.DecOptions{MaxArrayElements: 1<<31 - 1, MaxMapPairs: 1<<31 - 1}.DecMode())

func must(mode cbor.DecMode, err error) cbor.DecMode {
	if err != nil { // a constant
		panic(err)
	}
	return mode
}

// Save writes what has been added since it was read, the file as a whole, so
// that other runs see the earlier one or this. Stores that nobody has changed
// for long are removed.
func (s *Store) Save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.changed || s.held || s.file == "" {
		return nil
	}
	dir := filepath.Dir(s.file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cache not written: %w", err)
	}
	temporary, err := os.CreateTemp(dir, filepath.Base(s.file)+".*"+extension) // which Clean removes if the run is killed
	if err != nil {
		return fmt.Errorf("cache not written: %w", err)
	}
	if err = errors.Join(s.book.write(temporary), temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), s.file)
	}
	if err != nil {
		os.Remove(temporary.Name())
		return fmt.Errorf("cache not written: %w", err)
	}
	s.changed = false
	old := &Dir{Path: dir}
	if _, err := old.remove(func(i fs.FileInfo) bool { return time.Since(i.ModTime()) > maxAge }); err != nil {
		return fmt.Errorf("old caches not removed: %w", err)
	}
	return nil
}
