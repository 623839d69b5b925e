package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// shapes are the trees that are measured: where the files of an application lie.
var shapes = []struct {
	name, dir string
	place     func(app int) string
}{
	{"Many directories", "many", func(app int) string { return fmt.Sprintf("team-%d/%d", app/30, app/3%10) }},
	{"One directory", "one", func(int) string { return "." }},
}

// parts are the two files of an application, as the benchmarks of the driver have
// them, by what is added to its name.
var parts = map[string]string{"": "../testdata/app/app.yaml", "-more": "../testdata/app/more.yaml"}

// writeTree writes applications of four objects.
func writeTree(dir string, objects int, place func(app int) string) (files []string, size int, err error) {
	texts := map[string]string{}
	for suffix, from := range parts {
		text, err := os.ReadFile(from)
		if err != nil {
			return nil, 0, err
		}
		texts[suffix] = string(text)
	}
	for i := range objects / 4 {
		name := fmt.Sprintf("app-%d", i)
		for suffix, text := range texts {
			file := filepath.Join(dir, filepath.FromSlash(place(i)), name+suffix+".yaml")
			text = strings.NewReplacer("NAME", name, "LABEL", name).Replace(text)
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				return nil, 0, err
			}
			if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
				return nil, 0, err
			}
			files, size = append(files, file), size+len(text)
		}
	}
	time.Sleep(3 * time.Second) // a cache trusts no file that has just been written
	return files, size, nil
}
