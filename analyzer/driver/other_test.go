//go:build !unix

package driver

import "time"

var started = time.Now()

// processorClock takes the time of day for want of anything better.
func processorClock() time.Duration { return time.Since(started) }
