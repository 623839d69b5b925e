package helm_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer/helm"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// TestCorpus renders every chart below the directory that KUBEKNOT_CORPUS
// names and, if helm is on the PATH, compares the objects with those of "helm
// template". Measured by hand: the charts are not ours.
func TestCorpus(t *testing.T) {
	root := os.Getenv("KUBEKNOT_CORPUS")
	if root == "" {
		t.Skip("KUBEKNOT_CORPUS names no directory")
	}
	tool, err := exec.LookPath("helm")
	if err != nil {
		t.Log("helm is not on the PATH: nothing to compare with")
	}
	err = filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.Name() != "Chart.yaml" {
			return err
		}
		dir := filepath.Dir(p)
		if _, err := os.Stat(filepath.Join(dir, "../../Chart.yaml")); err != nil { // else it is a part of that one
			compare(t, root, dir, tool)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func compare(t *testing.T, root, dir, tool string) {
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	start := time.Now()
	made, refused := helm.Render(helm.Chart{FS: opened.FS(), Path: rel, Rel: rel}, helm.Options{KubernetesVersion: "1.36.0"})
	took := time.Since(start).Round(time.Millisecond / 10)
	var got []string
	if refused != nil {
		t.Logf("%-60s %8s not rendered: %v", rel, took, refused)
	} else {
		places := map[string]int{}
		for _, f := range made.Files {
			got = append(got, objects(f)...)
			for _, o := range f.Resources() {
				lead(t, o, places)
			}
		}
		t.Logf("%-60s %8s %d objects, %d tests, fields from %v", rel, took, len(got), made.Tests, places)
	}
	if tool == "" {
		return
	}
	cmd := exec.Command(tool, "template", dir, "--kube-version", "1.36.0", "--include-crds", "--skip-tests")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if (err != nil) != (refused != nil) {
		t.Errorf("%s: helm says %v %s, Render %v", rel, err, stderr.String(), refused)
		return
	}
	if err != nil {
		t.Logf("   helm: %s", strings.TrimSpace(stderr.String()))
		return
	}
	want := objects(manifest.Parse(source.NewFile("out", "out", out)))
	slices.Sort(got)
	slices.Sort(want)
	for _, o := range want {
		if !slices.Contains(got, o) {
			t.Errorf("%s: helm makes %s", rel, o)
		}
	}
	for _, o := range got {
		if !slices.Contains(want, o) {
			t.Errorf("%s: only Render makes %s", rel, o)
		}
	}
}

// lead checks that the text which a scalar leads to, if it is no action, reads
// as the scalar, and counts what they lead to.
func lead(t *testing.T, o *manifest.Resource, places map[string]int) {
	for _, path := range scalars(o.Node, nil) {
		at := o.Location(path...)
		text, value := string(at.Text()), o.Get(path...)
		var again manifest.Node
		switch {
		case value == nil:
			places["null"]++
		case strings.Contains(text, "{{"):
			places["an action"]++
		case yaml.Unmarshal(at.Text(), &again) != nil || len(again.Content) != 1 || strings.TrimSpace(again.Content[0].Value) != strings.TrimSpace(value.Value):
			places["elsewhere"]++
			t.Errorf("%s %v is %q and leads to %s", o, path, value.Value, where(at))
		case filepath.Base(at.File.Path) == "values.yaml":
			places["values"]++
		default:
			places["text"]++
		}
	}
}

// objects returns the objects of a file as canonical JSON.
func objects(f *manifest.File) []string {
	var all []string
	for _, r := range f.Resources() {
		data, _ := manifest.AppendJSON(nil, r.Node)
		var v any
		if json.Unmarshal(data, &v) == nil {
			data, _ = json.Marshal(v)
		}
		all = append(all, string(data))
	}
	return all
}
