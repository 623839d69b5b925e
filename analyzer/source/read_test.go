package source

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// endless never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestReadingEnds(t *testing.T) {
	t.Parallel()
	if data, err := ReadAll(endless{}); !errors.Is(err, ErrTooLarge) || data != nil {
		t.Errorf("of what never ends %d bytes, %v", len(data), err)
	}
	name := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(name, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadNamed(name); err != nil || !bytes.Equal(data, []byte("text")) {
		t.Errorf("%q, %v", data, err)
	}
	if err := os.Truncate(name, MaxSize+1); err != nil {
		t.Skip("no sparse files here:", err)
	}
	if data, err := ReadNamed(name); !errors.Is(err, ErrTooLarge) || data != nil || !strings.Contains(err.Error(), name) {
		t.Errorf("of a large file %d bytes, %v", len(data), err)
	}
	if _, err := ReadNamed(name + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
