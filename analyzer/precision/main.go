// Command precision measures how many of kubeknot's errors are right over a
// directory of repositories. It lints each repository, recalls what a person
// has said about each error by the error's fingerprint, prints a table by rule,
// and prints a random sample of the errors that nobody has judged yet.
//
// Verdicts live in a file of JSON lines beside the repositories. The sample is
// added to that file with an empty verdict; replace it with "right",
// "worthless" (true, but nobody would change anything) or "wrong", and say why.
// The next run recalls it.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
)

type options struct {
	kubeknot, tree, verdicts, page string
	sample                         int
	seed                           uint64
}

func main() {
	var o options
	flag.StringVar(&o.kubeknot, "kubeknot", "kubeknot", "the kubeknot binary to measure")
	flag.StringVar(&o.tree, "tree", "", "a directory whose subdirectories are repositories")
	flag.StringVar(&o.verdicts, "verdicts", "", "the file of verdicts (default TREE/verdicts.jsonl)")
	flag.StringVar(&o.page, "page", "", "a page whose marked section receives the table")
	flag.IntVar(&o.sample, "sample", 3, "how many unjudged errors of each rule to add to the file; -1 adds all")
	flag.Uint64Var(&o.seed, "seed", 1, "the seed of the random sample")
	flag.Parse()
	if o.tree == "" {
		log.Fatal("precision: -tree is required")
	}
	if o.verdicts == "" {
		o.verdicts = filepath.Join(o.tree, "verdicts.jsonl")
	}
	if err := run(o, os.Stdout); err != nil {
		log.Fatal("precision: ", err)
	}
}

func run(o options, out io.Writer) error {
	known, err := readVerdicts(o.verdicts)
	if err != nil {
		return err
	}
	repositories, err := subdirectories(o.tree)
	if err != nil {
		return err
	}
	var errors []finding
	for _, name := range repositories {
		found, err := lint(o.kubeknot, filepath.Join(o.tree, name))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, f := range found {
			f.repository = name
			errors = append(errors, f)
		}
	}
	table := count(errors, known)
	text := table.markdown(len(repositories))
	fmt.Fprintln(out, text)
	asked := pick(errors, known, o.sample, rand.New(rand.NewPCG(o.seed, o.seed)))
	for _, f := range asked {
		fmt.Fprintf(out, "%s\n\n", f)
	}
	if len(asked) > 0 {
		fmt.Fprintf(out, "%d errors to judge were added to %s: fill in their verdicts and run again.\n", len(asked), o.verdicts)
	}
	if err := writeVerdicts(o.verdicts, known, asked); err != nil {
		return err
	}
	if o.page == "" {
		return nil
	}
	return writeSection(o.page, text)
}
