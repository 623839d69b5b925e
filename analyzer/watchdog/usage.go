package watchdog

import (
	"runtime/metrics"
	"time"
)

// usage is what the process takes.
type usage struct {
	heap   uint64 // bytes, garbage among them
	live   uint64 // bytes that the last garbage collection has left
	stacks uint64 // bytes
	cpu    time.Duration
}

// measure returns what the process takes now.
func measure() usage {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
	}
	metrics.Read(samples)
	return usage{samples[0].Value.Uint64(), samples[1].Value.Uint64(), samples[2].Value.Uint64(), processorTime()}
}
