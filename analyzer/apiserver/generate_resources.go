//go:build ignore

// generate_resources writes resources.txt from the discovery documents that
// Kubernetes keeps in its source (k8s.io/kubernetes api/discovery). They list
// every API of a server, those that are off by default included.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func main() {
	log.SetFlags(0)
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes").Output()
	if err != nil {
		log.Fatal(err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "api", "discovery")
	files, err := filepath.Glob(filepath.Join(dir, "api*__v*.json"))
	if err != nil || len(files) == 0 {
		log.Fatal("no discovery documents in ", dir, err)
	}
	lines := map[string]string{}
	for _, file := range files {
		for key, line := range linesOf(file) {
			lines[key] = line // of the last version: its verbs are those of all
		}
	}
	text := strings.Join(slices.Sorted(maps.Values(lines)), "\n") + "\n"
	if err := os.WriteFile("resources.txt", []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
}

// linesOf returns a line for each resource of a document, by group and name.
func linesOf(file string) map[string]string {
	data, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	var list metav1.APIResourceList
	if err := json.Unmarshal(data, &list); err != nil {
		log.Fatal(file, ": ", err)
	}
	group, _, named := strings.Cut(list.GroupVersion, "/")
	if !named {
		group = ""
	}
	subresources := map[string][]string{}
	for _, r := range list.APIResources {
		if name, sub, ok := strings.Cut(r.Name, "/"); ok {
			subresources[name] = append(subresources[name], sub)
		}
	}
	lines := map[string]string{}
	for _, r := range list.APIResources {
		if strings.Contains(r.Name, "/") {
			continue
		}
		scope := "Cluster"
		if r.Namespaced {
			scope = "Namespaced"
		}
		lines[group+"/"+r.Name] = fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", group, r.Name, r.SingularName, scope,
			strings.Join(r.ShortNames, ","), strings.Join(subresources[r.Name], ","))
	}
	return lines
}
