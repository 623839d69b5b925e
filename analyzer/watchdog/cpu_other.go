//go:build !unix

package watchdog

import "time"

var began = time.Now()

// processorTime is the wall time where the system tells no other in this way.
func processorTime() time.Duration { return time.Since(began) }
