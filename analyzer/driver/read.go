package driver

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// maxQuick is the size of file up to which readOnce takes the quick way.
const maxQuick = 1 << 18

var quickBuffers = sync.Pool{New: func() any { return new([maxQuick]byte) }}

// attempts is how often a file is read that changes meanwhile. A change within
// tick of another one may not show in the time of the file, as systems count it.
const (
	attempts = 5
	tick     = 20 * time.Millisecond
)

var (
	errNotRegular = errors.New("not a regular file")
	errChanging   = errors.New("it changes while it is read")
	errChanged    = errors.New("it has changed since this run began")
)

// readFile returns what a file held at one time, and the stamp that it had then:
// a file that somebody rewrites meanwhile would be read as half of one text and
// half of another. It never waits for what is no regular file, whatever was there
// when it was listed.
func readFile(name string) ([]byte, cache.Stamp, error) {
	for range attempts {
		before, err := os.Stat(name)
		if err == nil && !before.Mode().IsRegular() && !before.IsDir() {
			return nil, cache.Stamp{}, errNotRegular
		}
		if err == nil && before.Size() > source.MaxSize {
			return nil, cache.Stamp{}, source.ErrTooLarge
		}
		if err == nil && justNow(before.ModTime()) {
			time.Sleep(tick)
			continue
		}
		data, failure := readOnce(name)
		if failure != nil {
			return nil, cache.Stamp{}, failure
		}
		if after, failure := os.Stat(name); err == nil && failure == nil && unchanged(before, after) {
			return data, cache.NewStamp(before), nil
		}
	}
	return nil, cache.Stamp{}, errChanging
}

func justNow(t time.Time) bool {
	ago := time.Since(t)
	return 0 <= ago && ago < tick
}

func unchanged(before, after fs.FileInfo) bool {
	return os.SameFile(before, after) && before.Size() == after.Size() && before.ModTime().Equal(after.ModTime())
}

// readOnce is os.ReadFile for trees of thousands of small files: it asks the
// system four times instead of ten, and keeps no more than the content. What
// does not go well is left to os.ReadFile, so its errors are the only ones.
func readOnce(name string) ([]byte, error) {
	if data, ok := readQuickly(name); ok {
		return data, nil
	}
	return os.ReadFile(name)
}

func readQuickly(name string) (data []byte, ok bool) {
	file, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, false
	}
	defer syscall.Close(file)
	buffer := quickBuffers.Get().(*[maxQuick]byte)
	defer quickBuffers.Put(buffer)
	for read := 0; read < maxQuick; {
		n, err := syscall.Read(file, buffer[read:])
		if err != nil {
			return nil, false
		}
		if n == 0 && read == 0 {
			return nil, false // empty, or a pipe that nobody writes to
		}
		if n == 0 {
			return append(make([]byte, 0, read), buffer[:read]...), true
		}
		read += n
	}
	return nil, false // there may be more
}
