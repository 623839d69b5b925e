package driver

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// BenchmarkRun measures the stages of a run on one processor, over generated
// trees and over the directory that KUBEKNOT_BENCH_DIR names. The metric
// x-parse is the processor time of a stage as a multiple of the floor: what
// kyaml alone takes to parse the same documents, measured in turn with the
// stage. Of both the quickest round counts: what else the machine does can only
// make a round dearer.
func BenchmarkRun(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprintf("objects=%d", n), func(b *testing.B) { benchmarkStages(b, makeTree(b, apps(n))) })
	}
	if dir := os.Getenv("KUBEKNOT_BENCH_DIR"); dir != "" {
		b.Run("dir", func(b *testing.B) { benchmarkStages(b, dir) })
	}
}

func benchmarkStages(b *testing.B, dir string) {
	s := &stages{options: Options{Dir: dir, Paths: []string{"."}, Rules: allRules(b)}}
	s.load(b)
	s.keepDocuments()
	for _, stage := range []struct {
		name string
		run  func() error
	}{
		{"parse", s.parse}, {"units+graphs", s.graphs}, {"rules", s.rules}, {"kyaml", s.kyaml}, {"whole", s.whole}, {"whole-without-verdict", s.withoutVerdict}, {"whole-unbuilt", s.unbuilt}, {"whole-unbuilt-without-verdict", s.neither},
	} {
		if stage.name == "kyaml" { // what is kept makes every garbage collection dearer
			s.loaded = nil
		}
		b.Run(stage.name, func(b *testing.B) { s.measure(b, stage.run) })
	}
}

// stages holds what each stage of a run starts from.
type stages struct {
	options   Options
	documents [][]byte // what is parsed: not what cannot be an object
	size      int64

	loaded *Loaded
}

func (s *stages) load(b *testing.B) {
	b.Helper()
	var err error
	if s.loaded, err = load(b.Context(), s.options); err != nil {
		b.Fatal(err)
	}
	o := s.options
	o.Rules = nil
	if err := newRun(o, s.loaded).judgeAll(b.Context(), s.loaded); err != nil {
		b.Fatal(err)
	}
}

func (s *stages) keepDocuments() {
	for _, f := range s.loaded.files {
		for _, d := range f.Documents {
			if d.Root != nil || d.Role != manifest.Foreign {
				text := bytes.Clone(f.Data[d.Span.Start:d.Span.End])
				s.documents = append(s.documents, text)
				s.size += int64(len(text))
			}
		}
	}
}

// measure runs the floor and a stage in turn.
func (s *stages) measure(b *testing.B, stage func() error) {
	before := runtime.GOMAXPROCS(1) // here: b.Run sets it anew
	defer runtime.GOMAXPROCS(before)
	b.ReportAllocs()
	b.SetBytes(s.size)
	const never = time.Duration(math.MaxInt64)
	took, floor := never, never
	for b.Loop() {
		b.StopTimer()
		runtime.GC()
		floor = min(floor, processorTime(b, s.kyaml))
		runtime.GC()
		b.StartTimer()
		took = min(took, processorTime(b, stage))
	}
	b.ReportMetric(float64(took)/float64(floor), "x-parse")
}

func processorTime(b *testing.B, run func() error) time.Duration {
	before := processorClock()
	if err := run(); err != nil {
		b.Fatal(err)
	}
	return processorClock() - before
}

// kyaml is the floor: no files, no splitting, no places, nothing kept. What
// it refuses is part of the work.
func (s *stages) kyaml() error {
	for _, text := range s.documents {
		var node yaml.Node
		_ = yaml.Unmarshal(text, &node)
	}
	return nil
}

func (s *stages) parse() error {
	for _, f := range s.loaded.files {
		manifest.Parse(source.NewFile(f.Path, f.Rel, f.Data))
	}
	return nil
}

func (s *stages) graphs() error {
	for _, t := range s.loaded.tasks {
		if t.unit != nil && t.world != nil {
			graph.Build(unit.Assemble(t.Spec, t.unit.Name, "", t.world.file), nil)
		}
	}
	return nil
}

// rules builds the graphs again: what they have worked out would be there
// already the second time.
func (s *stages) rules() error {
	r := newRun(s.options, s.loaded)
	for _, f := range s.loaded.files {
		r.judgeFile(&knownFile{File: f.File})
	}
	for _, u := range s.loaded.units() {
		r.judgeUnit(&task{unit: u})
	}
	return nil
}

func (s *stages) whole() error {
	_, err := Run(context.Background(), s.options)
	return err
}

// asking are the rules that speak for the API server: without them it is not
// asked.
var asking = []string{"api-warning", "field-missing", "immutable-field-changed", "invalid-value", "pods-refused",
	"selector-missing", "selector-template-mismatch", "unknown-field", "unknown-kind", "wrong-type"}

// withoutVerdict runs the rules that do not ask the API server.
func (s *stages) withoutVerdict() error {
	o := s.options
	o.Rules = slices.DeleteFunc(slices.Clone(o.Rules), func(r *analyzer.Rule) bool { return slices.Contains(asking, r.ID) })
	_, err := Run(context.Background(), o)
	return err
}

// neither builds nor asks the API server.
func (s *stages) neither() error {
	all := s.options.Rules
	defer func() { s.options.Rules = all }()
	s.options.Rules = slices.DeleteFunc(slices.Clone(all), func(r *analyzer.Rule) bool { return slices.Contains(asking, r.ID) })
	return s.unbuilt()
}

// unbuilt is whole for a tree in which nothing is built or rendered, which the
// floor does not do either: it judges the units of files alone.
func (s *stages) unbuilt() error {
	o := s.options
	trees, err := openTrees(o.Dir, o.Paths, nil)
	if err != nil {
		return err
	}
	l := newLoaded()
	for _, t := range trees {
		w, err := openWorld(context.Background(), t, func(rel string) string { return rel }, &o)
		if err != nil {
			return err
		}
		w.layout.Units = slices.DeleteFunc(w.layout.Units, func(u unit.Spec) bool { return u.Kind == unit.Kustomization || u.Kind == unit.Chart })
		if err := l.tree(context.Background(), w, &o); err != nil {
			return err
		}
	}
	r := newRun(o, l)
	r.lean = true
	_, err = r.run(context.Background(), l)
	return err
}

// BenchmarkKustomizations measures a run over 200 overlays of ten bases, as a
// multiple (x-kustomize) of the processor time that kustomize alone takes to
// build them, measured in turn.
func BenchmarkKustomizations(b *testing.B) {
	files := map[string]string{}
	for i := range 10 {
		base := fmt.Sprintf("base-%d", i)
		files[base+"/kustomization.yaml"] = "resources: [app.yaml]\n"
		files[base+"/app.yaml"] = app(base, base)
		for j := range 20 {
			files[fmt.Sprintf("over/%d-%d/kustomization.yaml", i, j)] = fmt.Sprintf("resources: [../../%s]\nnamePrefix: o%d-\nlabels: [{pairs: {env: e%d}}]\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    - {op: replace, path: /spec/replicas, value: 3}\n", base, j, j)
		}
	}
	dir := makeTree(b, files)
	o := Options{Dir: dir, Paths: []string{"."}, Rules: allRules(b)}
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	alone := func() error {
		for i := range 10 {
			for j := range 20 {
				k := krusty.MakeKustomizer(krusty.MakeDefaultOptions())
				if _, err := k.Run(filesys.MakeFsOnDisk(), filepath.Join(dir, fmt.Sprintf("over/%d-%d", i, j))); err != nil {
					return err
				}
			}
		}
		return nil
	}
	var took, floor time.Duration
	for b.Loop() {
		b.StopTimer()
		floor += processorTime(b, alone)
		b.StartTimer()
		took += processorTime(b, func() error { _, err := Run(context.Background(), o); return err })
	}
	b.ReportMetric(float64(took)/float64(floor), "x-kustomize")
}

// apps returns a tree of about n objects: applications of four objects in two
// files, three of them in a directory, ten such directories below another.
func apps(n int) map[string]string {
	files := map[string]string{}
	for i := range n / 4 {
		dir := fmt.Sprintf("team-%d/%d", i/30, i/3%10)
		files[fmt.Sprintf("%s/app-%d.yaml", dir, i)] = app(fmt.Sprintf("app-%d", i), fmt.Sprintf("app-%d", i))
		files[fmt.Sprintf("%s/app-%d-more.yaml", dir, i)] = strings.ReplaceAll(moreManifests, "NAME", fmt.Sprintf("app-%d", i))
	}
	return files
}

// app returns a Deployment whose pods have a label, and a Service that selects
// them.
func app(name, label string) string {
	return strings.NewReplacer("NAME", name, "LABEL", label).Replace(appManifests)
}

// The application that generated trees are made of; "make bench" uses it too.
var (
	//go:embed testdata/app/app.yaml
	appManifests string
	//go:embed testdata/app/more.yaml
	moreManifests string
)

// BenchmarkShapes measures trees in which a careless step would be quadratic:
// the second of each pair has twice the size and should take twice the time.
func BenchmarkShapes(b *testing.B) {
	for _, shape := range []struct {
		name string
		n    int
		make func(n int) map[string]string
	}{
		{"same-labels", 2500, sameLabels},
		{"missed-labels", 500, missedLabels},
		{"services-of-one-label", 2500, servicesOfOneLabel},
		{"versions-of-one-object", 1000, versionsOfOneObject},
		{"nested-directories", 100, nestedDirectories},
		{"flat-directories", 1500, flatDirectories},
		{"documents-of-a-file", 10000, documentsOfAFile},
		{"one-kustomization", 1500, oneKustomization},
		{"many-kustomizations", 1500, manyKustomizations},
		{"overlays-of-a-base", 500, overlaysOfABase},
		{"context-of-all", 500, contextOfAll},
	} {
		for _, n := range []int{shape.n, 2 * shape.n} {
			b.Run(fmt.Sprintf("%s/n=%d", shape.name, n), func(b *testing.B) {
				o := Options{Dir: makeTree(b, shape.make(n)), Paths: []string{"."}, Rules: allRules(b)}
				b.ReportAllocs()
				for b.Loop() {
					lint(b, o)
				}
			})
		}
	}
}

func sameLabels(n int) map[string]string {
	return map[string]string{"all.yaml": joined(n, func(i int) string { return app(fmt.Sprintf("app-%d", i), "web") })}
}

// missedLabels: no Service finds its pods, and something close explains it.
func missedLabels(n int) map[string]string {
	return map[string]string{
		"deployments.yaml": joined(n, func(i int) string { return app(fmt.Sprintf("app-%d", i), fmt.Sprintf("app-%d", i)) }),
		"services.yaml":    joined(n, func(i int) string { return service(fmt.Sprintf("service-%d", i), fmt.Sprintf("missed-%d", i)) }),
	}
}

// servicesOfOneLabel: each Service selects the pods of all workloads, and leads
// to a port that they do not declare.
func servicesOfOneLabel(n int) map[string]string {
	return map[string]string{
		"deployments.yaml": joined(n, func(i int) string { return app(fmt.Sprintf("app-%d", i), "web") }),
		"services.yaml":    joined(n, func(i int) string { return service(fmt.Sprintf("service-%d", i), "web") }),
	}
}

// versionsOfOneObject: one file defines an object again and again.
func versionsOfOneObject(n int) map[string]string {
	return map[string]string{"all.yaml": joined(n, func(i int) string { return app("app", fmt.Sprintf("app-%d", i)) })}
}

func nestedDirectories(n int) map[string]string {
	files, dir := map[string]string{}, ""
	for i := range n {
		dir += fmt.Sprintf("%d/", i%10)
		files[dir+"app.yaml"] = app(fmt.Sprintf("app-%d", i), fmt.Sprintf("app-%d", i))
	}
	return files
}

func flatDirectories(n int) map[string]string {
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf("%d/app.yaml", i)] = app(fmt.Sprintf("app-%d", i), fmt.Sprintf("app-%d", i))
	}
	return files
}

func documentsOfAFile(n int) map[string]string {
	return map[string]string{"all.yaml": joined(n/2, func(i int) string { return app(fmt.Sprintf("app-%d", i), fmt.Sprintf("app-%d", i)) })}
}

func oneKustomization(n int) map[string]string {
	files := manyKustomizations(n)
	files["kustomization.yaml"] = "resources:\n" + joined(n, func(i int) string { return fmt.Sprintf("- %d\n", i) })
	return files
}

func manyKustomizations(n int) map[string]string {
	files := flatDirectories(n)
	for i := range n {
		files[fmt.Sprintf("%d/kustomization.yaml", i)] = "resources: [app.yaml]\n"
	}
	return files
}

func overlaysOfABase(n int) map[string]string {
	files := map[string]string{"base/kustomization.yaml": "resources: [all.yaml]\n", "base/all.yaml": documentsOfAFile(40)["all.yaml"]}
	for i := range n {
		files[fmt.Sprintf("%d/kustomization.yaml", i)] = "resources: [../base]\n"
	}
	return files
}

// contextOfAll: every directory leans on all the files of the root.
func contextOfAll(n int) map[string]string {
	files := flatDirectories(n)
	for i := range n {
		files[fmt.Sprintf("service-%d.yaml", i)] = service(fmt.Sprintf("service-%d", i), fmt.Sprintf("app-%d", i))
	}
	return files
}

func joined(n int, document func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(document(i))
	}
	return b.String()
}
