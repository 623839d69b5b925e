// Package scheduling holds the rules about where pods can run: nodes, affinity,
// topology and ports of the node.
package scheduling
