// Command conformance compares what kubeknot's in-process API server says to
// manifests with what a real kube-apiserver says, and writes the result to
// docs/conformance.md. It is a module of its own, so that etcd and the whole
// server do not become requirements of kubeknot. Run it by "make conformance".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// options are what the command line may change.
type options struct {
	root    string // of the repository
	out     string // file to write, below root
	seed    uint64
	mutants int // of each document written for this test
	updates int // of each of them
	workers int
	verbose bool
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", "../../..", "root of the repository")
	flag.StringVar(&o.out, "out", "docs/conformance.md", "file to write the result to, \"\" for none")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the mutations")
	flag.IntVar(&o.mutants, "mutants", 150, "mutations of each document that is written for this test")
	flag.IntVar(&o.updates, "updates", 25, "changes of each of them that are applied over it")
	flag.IntVar(&o.workers, "workers", 4, "requests at the same time")
	flag.BoolVar(&o.verbose, "v", false, "print explained differences too, and a document of each")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

var errUnexplained = errors.New("there are disagreements that nothing explains")

func run(ctx context.Context, o options) error {
	documents, err := gather(o)
	if err != nil {
		return err
	}
	server, err := start(ctx)
	if err != nil {
		return err
	}
	defer server.stop()
	c, err := connect(server)
	if err != nil {
		return err
	}
	all, err := compareAll(ctx, o, c, documents)
	if err != nil {
		return err
	}
	r := result{all}
	r.print(os.Stdout, o.verbose)
	if o.out != "" {
		if err := r.write(o, documents); err != nil {
			return err
		}
	}
	if r.unexplained() > 0 {
		return errUnexplained
	}
	return nil
}
