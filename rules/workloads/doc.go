// Package workloads holds the rules about a single workload: its schedule, its
// name, its probes and the Service that it names.
package workloads
