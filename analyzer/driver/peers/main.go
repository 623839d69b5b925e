// Command peers measures kubeknot against other linters: whole processes, on the
// same generated trees, in turn. It writes what it has measured into a page,
// between two marks. "make bench" installs what it needs and
// runs it in this directory.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	bin := flag.String("bin", "", "the directory with kubeknot and the others")
	page := flag.String("page", "", "the page whose marked section is written")
	schemas := flag.String("schemas", "", "the swagger.json of Kubernetes, for kubeconform")
	objects := flag.Int("objects", 10000, "the size of each tree")
	rounds := flag.Int("rounds", 3, "how often each is run")
	flag.Parse()
	if err := run(*bin, *page, *schemas, *objects, *rounds); err != nil {
		log.Fatal(err)
	}
}

func run(bin, page, schemas string, objects, rounds int) error {
	scratch, err := os.MkdirTemp("", "kubeknot-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	tools, err := prepare(bin, scratch, schemas)
	if err != nil {
		return err
	}
	var tables []table
	for _, shape := range shapes {
		dir := filepath.Join(scratch, shape.dir)
		files, size, err := writeTree(dir, objects, shape.place)
		if err != nil {
			return err
		}
		t := table{title: fmt.Sprintf("%s: %d objects in %d files, %.1f MB", shape.name, objects, len(files), float64(size)/1e6)}
		if t.rows, err = measure(tools, dir, files, rounds); err != nil {
			return err
		}
		tables = append(tables, t)
	}
	return writeSection(page, tables, rounds)
}
