//go:build unix

package cache

import (
	"io/fs"
	"os"
	"syscall"
)

// foreign reports whether somebody else can decide what a directory holds, and so
// what is found.
func foreign(dir fs.FileInfo) bool {
	stat, ok := dir.Sys().(*syscall.Stat_t)
	return dir.Mode().Perm()&0o002 != 0 || ok && int(stat.Uid) != os.Geteuid()
}
