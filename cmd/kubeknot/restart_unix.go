//go:build unix

package main

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// replaceProcess begins the program again in this process, with another
// environment: memory, goroutines and stacks are gone then. It returns only if
// that fails.
func replaceProcess(environment []string) error {
	name, err := executable()
	if err != nil {
		return err
	}
	return syscall.Exec(name, os.Args, environment)
}

// asStandardInput makes a file the standard input of the process.
func asStandardInput(file *os.File) error { return unix.Dup2(int(file.Fd()), 0) }
