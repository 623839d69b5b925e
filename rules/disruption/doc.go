// Package disruption holds the rules about PodDisruptionBudgets.
package disruption
