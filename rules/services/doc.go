// Package services holds the rules about Services and what reaches pods through
// them: which pods they select, their ports, and the monitors of both.
package services
