package source_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// tree makes a repository beside a directory of somebody else, with links
// between the two, and returns the directory that holds both.
func tree(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"repo/.git", "repo/sub/deep", "home"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"repo/a", "repo/sub/b", "home/secret"} {
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"repo/sub/in": "../a", "repo/out": "../home/secret", "repo/outdir": "../home", "repo/sub/deep/abs": filepath.Join(dir, "home/secret"),
		"repo/twice": "out", "link": "repo",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip("no symbolic links here")
		}
	}
	return dir
}

func TestInside(t *testing.T) {
	t.Parallel()
	dir := tree(t)
	for path, want := range map[string]error{
		"repo/a": nil, "repo/sub/in": nil, "repo/sub/../a": nil, "link/a": nil,
		"home/secret": source.ErrOutside, "repo/../home/secret": source.ErrOutside, "repo/out": source.ErrOutside,
		"repo/outdir/secret": source.ErrOutside, "repo/twice": source.ErrOutside, "repo/sub/deep/abs": source.ErrOutside,
		"home/missing": source.ErrOutside, "repo/missing": fs.ErrNotExist,
	} {
		for _, root := range []string{"repo", "link"} {
			if path == "link/a" && root == "repo" {
				continue // bounded by the name it was asked with
			}
			if err := source.Inside(filepath.Join(dir, root), filepath.Join(dir, path)); !errors.Is(err, want) {
				t.Errorf("%s in %s: %v, want %v", path, root, err, want)
			}
		}
	}
	if err := source.Inside("", filepath.Join(dir, "home/secret")); err != nil {
		t.Errorf("an empty root bounds something: %v", err)
	}
}

func TestLinksInside(t *testing.T) {
	t.Parallel()
	dir := tree(t)
	for path, want := range map[string]error{"repo/a": nil, "repo/sub/b": nil, "repo/sub/deep": source.ErrOutside, "repo": source.ErrOutside} {
		if err := source.LinksInside(filepath.Join(dir, "repo"), filepath.Join(dir, path)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
}

func TestRepository(t *testing.T) {
	t.Parallel()
	dir := tree(t)
	for from, want := range map[string]string{"repo": "repo", "repo/sub/deep": "repo", "home": "home"} {
		if got := source.Repository(filepath.Join(dir, from)); got != filepath.Join(dir, want) {
			t.Errorf("the repository of %s is %s", from, got)
		}
	}
}
