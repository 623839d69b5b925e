// Package storage holds the rules about volumes and claims.
package storage
