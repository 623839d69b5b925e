//go:build !unix

package main

import (
	"errors"
	"os"
)

// replaceProcess is not known how to do here: the run ends.
func replaceProcess([]string) error { return errors.ErrUnsupported }

func asStandardInput(*os.File) error { return errors.ErrUnsupported }
