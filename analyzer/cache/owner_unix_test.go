//go:build unix

package cache_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/cache"
)

// TestDirectoriesOfOthers: somebody else could leave there what hides findings.
func TestDirectoriesOfOthers(t *testing.T) {
	t.Parallel()
	file := cache.File{Digest: cache.Digest{1}}
	save := func(dir string) (error, error) {
		s, err := (&cache.Dir{Path: dir}).Open("/tree", cache.Digest{})
		s.PutFile("a.yaml", file)
		return err, s.Save()
	}
	recalled := func(dir string) bool {
		s, _ := (&cache.Dir{Path: dir}).Open("/tree", cache.Digest{})
		_, ok := s.File("a.yaml")
		return ok
	}
	dir := filepath.Join(t.TempDir(), "cache")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if opened, saved := save(dir); opened != nil || saved != nil || !recalled(dir) || !recalled(link) {
		t.Fatalf("our own: %v, %v, recalled %v, by a link %v", opened, saved, recalled(dir), recalled(link))
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if opened, saved := save(link); opened == nil || saved != nil || recalled(dir) || recalled(link) {
		t.Errorf("one that others may write to: %v, %v", opened, saved)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Chown(dir, os.Geteuid()+1, -1) == nil { // which only root may
		if opened, saved := save(dir); opened == nil || saved != nil || recalled(dir) {
			t.Errorf("somebody else's: %v, %v", opened, saved)
		}
	}
	left, err := fs.Glob(os.DirFS(dir), "*")
	if err != nil || len(left) != 1 {
		t.Errorf("there is %q, %v", left, err)
	}
}
