package source

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// MaxSize is how much is read of one file or stream. What is judged takes a
// multiple of its size in memory, which docs/robustness.md has.
const MaxSize = 256 << 20

// ErrTooLarge says that there is more.
var ErrTooLarge = fmt.Errorf("larger than %d MB", MaxSize>>20)

// ReadNamed reads what somebody has named, whatever it is: pipes too, of which some
// never end.
func ReadNamed(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > MaxSize {
		return nil, &fs.PathError{Op: "read", Path: name, Err: ErrTooLarge}
	}
	data, err := ReadAll(f)
	if err == ErrTooLarge {
		err = &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return data, err
}

// ReadAll reads a stream to its end.
func ReadAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err == nil && len(data) > MaxSize {
		return nil, ErrTooLarge
	}
	return data, err
}
