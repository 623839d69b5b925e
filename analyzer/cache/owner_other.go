//go:build !unix

package cache

import "io/fs"

// foreign is for systems on which the directory for caches is the user's alone.
func foreign(fs.FileInfo) bool { return false }
