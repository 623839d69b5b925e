// Command kubeknot says where Kubernetes manifests do not hold together.
package main

import "os"

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = ""

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
