// Command newrule writes the files of a new native rule: an example that
// compiles and passes, a fixture that it reports, and one that it accepts. It
// runs in the root of the repository; "make rule" calls it.
package main

import (
	"embed"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

//go:embed template
var template embed.FS

func main() {
	log.SetFlags(0)
	name := flag.String("name", "", "the id of the rule, as deployment-paused")
	family := flag.String("family", "", "the directory of rules/ that it belongs to, as workloads")
	flag.Parse()
	files, err := scaffold(".", *name, *family)
	if err != nil {
		log.Fatal("newrule: ", err)
	}
	for _, f := range files {
		if err := write(f); err != nil {
			log.Fatal("newrule: ", err)
		}
		fmt.Println(f.path)
	}
}

type file struct{ path, text string }

var id = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)+$`)

// scaffold returns the files of a rule below root. It is an error if the name is
// no rule id, the family does not exist, or one of the files does.
func scaffold(root, name, family string) ([]file, error) {
	if !id.MatchString(name) {
		return nil, fmt.Errorf("NAME=%q: a rule id is kebab-case of two words or more, as deployment-paused", name)
	}
	if info, err := os.Stat(filepath.Join(root, "rules", family)); family == "" || strings.ContainsAny(family, `/\.`) || err != nil || !info.IsDir() {
		return nil, fmt.Errorf("FAMILY=%q: rules/ has no such family", family)
	}
	files := []file{
		{filepath.Join(root, "rules", family, strings.ReplaceAll(name, "-", "_")+".go"), "rule.go.txt"},
		{filepath.Join(root, "testdata", name, "bad-example", "example.yaml"), "bad.yaml"},
		{filepath.Join(root, "testdata", name, "ok-example", "example.yaml"), "ok.yaml"},
	}
	replace := strings.NewReplacer("FAMILY", family, "VARIABLE", variable(name), "NAME", name)
	for i, f := range files {
		if _, err := os.Stat(f.path); err == nil {
			return nil, fmt.Errorf("%s exists", f.path)
		}
		text, err := template.ReadFile("template/" + f.text)
		if err != nil {
			return nil, err
		}
		files[i].text = replace.Replace(string(text))
	}
	return files, nil
}

// variable returns the name of the rule's Go variable: DeploymentPaused for
// deployment-paused.
func variable(name string) string {
	var b strings.Builder
	for _, word := range strings.Split(name, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func write(f file) error {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(f.path, []byte(f.text), 0o644)
}
