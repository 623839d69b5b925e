// Command kubeknot says where Kubernetes manifests do not hold together.
package main

//go:generate sh -c "cd ../.. && go run docs/generate.go"
//go:generate sh -c "cd ../.. && go run docs/packages.go"
//go:generate sh -c "cd ../.. && rm -rf docs/reference && go run ./cmd/kubeknot docs markdown docs/reference"

import (
	"os"
	"runtime/debug"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = ""

// softLimit is the memory, in bytes, that is not to be exceeded as long as more
// frequent collection can help.
const softLimit = 1536 << 20

func main() {
	// Beyond the limit garbage is collected more often: see docs/performance.md.
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softLimit)
	}
	os.Exit(run(programName(os.Args[0]), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
