// Package workload holds what several families ask about controllers and their
// pods.
package workload
