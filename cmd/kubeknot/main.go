// Command kubeknot says where Kubernetes manifests do not hold together.
package main

//go:generate sh -c "cd ../.. && go run docs/generate.go"

import (
	"os"
	"runtime/debug"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = ""

func main() {
	// What is parsed is kept until the end, so collecting garbage less often
	// saves a fifth of the time and costs little memory.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
