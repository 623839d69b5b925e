package driver

import (
	"errors"
	"fmt"
	"sync"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// The input of a run is bounded, because files of zeros take no room in a
// repository and all of it in memory. Beyond maxInput only small files are read.
const (
	maxInput  = 1 << 30
	smallFile = 1 << 20
)

var errInput = fmt.Errorf("the files of this run hold more than %d MB, so no more large ones are read", maxInput>>20)

// intake counts what a run has read of its trees, and notes what it had to read
// and did not: then the run has not done its work. A nil one bounds nothing.
type intake struct {
	mu     sync.Mutex
	bytes  int
	failed error
}

// take counts a text that was read. The error says that it must not be kept.
func (i *intake) take(size int) error {
	if i == nil {
		return nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if size > smallFile && i.bytes+size > maxInput {
		i.failed = fmt.Errorf("the run is incomplete: %w", errInput)
		return errInput
	}
	i.bytes += size
	return nil
}

// refused notes a file that was named and is too large to be read.
func (i *intake) refused(name string, err error) {
	if i == nil || !errors.Is(err, source.ErrTooLarge) {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.failed = errors.Join(i.failed, fmt.Errorf("%s is not read: %w", name, err))
}

func (i *intake) failure() error {
	if i == nil {
		return nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.failed
}
