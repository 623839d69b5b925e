//go:build unix

package watchdog

import (
	"syscall"
	"time"
)

// processorTime returns what the process has used so far, on all processors.
func processorTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
