package driver

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestReadFile(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, maxQuick - 1, maxQuick, maxQuick + 1, 3 * maxQuick} {
		name := filepath.Join(t.TempDir(), "a.yaml")
		want := bytes.Repeat([]byte("0123456789abcdef\n"), size/17+1)[:size]
		if err := os.WriteFile(name, want, 0o600); err != nil {
			t.Fatal(err)
		}
		got, _, err := readFile(name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("of %d bytes it reads %d, %v", size, len(got), err)
		}
	}
	for _, name := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		_, _, got := readFile(name)
		_, want := os.ReadFile(name)
		if got == nil || got.Error() != want.Error() {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
