package driver

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/helm"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/suppress"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/analyzer/watchdog"
)

// render renders the charts among the units. One that cannot be rendered is
// noted as not judged.
func (w *world) render(ctx context.Context, tasks []*task) error {
	charts := slices.DeleteFunc(slices.Clone(tasks), func(t *task) bool { return t.Kind != unit.Chart })
	if len(charts) == 0 {
		return nil
	}
	defer w.options.Stats.Stage("render charts")()
	options, err := w.options.charts()
	if err != nil {
		return err
	}
	w.sources = map[string][]*source.File{}
	made := make([]*helm.Rendering, len(charts))
	failed := make([]error, len(charts))
	err = w.options.parallel(ctx, "rendering charts", len(charts), func(i int) {
		if charts[i].recalled != nil {
			return
		}
		w.options.Stats.Count("charts rendered", 1)
		made[i], failed[i] = w.renderTask(charts[i], options)
	})
	counted := map[string]bool{} // the directories of charts that were rendered before
	for i, t := range charts {
		switch {
		case t.recalled != nil:
			w.recalledChart(t, counted)
		case w.refusedChart(t, failed[i]):
		case failed[i] != nil:
			w.charts = append(w.charts, w.notRendered(t.Spec, failed[i]))
			w.memory.expectChart(rendered{task: t, notes: w.charts[len(w.charts)-1:], again: w.options.Watch.Over() != nil})
		case made[i] != nil:
			w.renderedChart(t, made[i], options, counted)
		}
	}
	return err
}

// refusedChart takes over why Helm refuses a chart with any values, and reports
// whether it does.
func (w *world) refusedChart(t *task, err error) bool {
	var refused *helm.NotRendered
	if !errors.As(err, &refused) || !refused.Broken {
		return false
	}
	t.Refused = refused
	w.sources[refused.At.File.Rel] = append(w.sources[refused.At.File.Rel], refused.At.File)
	w.memory.expectChart(rendered{task: t, again: true})
	return true
}

// renderChart renders the chart of a directory.
func (w *world) renderChart(rel string, options helm.Options) (*helm.Rendering, error) {
	dir, err := os.OpenRoot(filepath.Join(w.tree.root, filepath.FromSlash(rel)))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	options.APIVersions = slices.Concat(options.APIVersions, w.definitions())
	var open []*os.Root
	defer func() {
		for _, r := range open {
			r.Close()
		}
	}()
	local := func(way string) (fs.FS, error) {
		other := path.Join(rel, way)
		if !filepath.IsLocal(other) {
			return nil, fs.ErrNotExist
		}
		dir, err := os.OpenRoot(filepath.Join(w.tree.root, filepath.FromSlash(other)))
		if err != nil {
			return nil, err
		}
		open = append(open, dir)
		return chartFS{dir.FS().(rootFS), w, other}, nil
	}
	return w.watched(rel, func() (*helm.Rendering, error) {
		return helm.Render(helm.Chart{FS: chartFS{dir.FS().(rootFS), w, rel}, Path: w.show(rel), Rel: rel, Local: local}, options)
	})
}

// chartFS is the directory of a chart. Its files are read as all others are, once
// a run, so what is remembered of them is what was rendered, and directories
// are listed as all others are, so they are watched.
type chartFS struct {
	rootFS
	world *world
	dir   string // inside the tree
}

// rootFS is what os.Root.FS returns.
type rootFS interface {
	fs.StatFS
	fs.ReadFileFS
	fs.ReadDirFS
	fs.ReadLinkFS
}

// ReadFile follows links as os.Root does: to nothing outside.
func (c chartFS) ReadFile(name string) ([]byte, error) {
	if info, err := c.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return c.rootFS.ReadFile(name)
	}
	f, err := c.world.source(path.Join(c.dir, name))
	return f.Data, err
}

func (c chartFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if info, err := c.Lstat(name); err != nil || !info.IsDir() {
		return c.rootFS.ReadDir(name)
	}
	return c.world.options.Kept.readDir(c.world.abs(path.Join(c.dir, name)))
}

// renderedChart takes over what a chart makes with the options that all charts
// get.
func (w *world) renderedChart(t *task, made *helm.Rendering, options helm.Options, counted map[string]bool) {
	given, known := options.Values, options.APIVersions
	t.Made = w.resources(made)
	c := rendered{task: t}
	for _, f := range made.Files {
		if w.layout.PassedOver[f.Rel] == "" {
			continue // a definition, which is judged as it is written
		}
		c.made = append(c.made, &knownFile{File: f, again: counted[t.Dir]})
	}
	counted[t.Dir] = true
	for _, f := range made.Sources {
		w.sources[f.Rel] = append(w.sources[f.Rel], f)
		if t.Values == f.Rel {
			t.values = f
		}
		c.again = c.again || unsteady.Match(f.Data) || bytes.Contains(f.Data, []byte(suppress.Mark)) || asksForCustom(f.Data, known) // values may be templates too
		// A chart has copies of the given files, whose paths are not those of the tree.
		if !slices.ContainsFunc(given, func(g *source.File) bool { return g.Path == f.Path && g.Rel == f.Rel }) {
			c.sources = append(c.sources, f)
		}
	}
	c.again = c.again || made.Local
	for _, name := range made.Missing {
		t.Open = append(t.Open, "the dependency "+name+" is not in charts/")
		c.notes = append(c.notes, analyzer.NotJudged{File: w.show(path.Join(t.Dir, "Chart.yaml")), Reason: "dependency " + name + " is not in charts/: the chart is rendered without it"})
	}
	if n := made.Tests; n > 0 {
		c.notes = append(c.notes, []analyzer.NotJudged{{File: w.show(path.Join(t.Dir, "Chart.yaml")), Reason: fmt.Sprintf("objects that only helm test creates: %d", n)}}...)
	}
	w.rendered, w.charts = append(w.rendered, c.made...), append(w.charts, c.notes...)
	w.memory.expectChart(c)
}

// helm returns the options of charts.
func (o *Options) helm() (helm.Options, error) {
	options := helm.Options{ReleaseName: o.ReleaseName, Namespace: o.Namespace, KubernetesVersion: cmp.Or(o.Kubernetes, apiserver.KubernetesVersion)}
	version, err := apiserver.ParseVersion(options.KubernetesVersion)
	if err != nil {
		return options, err
	}
	options.APIVersions = apiserver.APIVersions(version)
	for _, name := range o.Values {
		file := name
		if !filepath.IsAbs(file) {
			file = filepath.Join(o.Dir, name)
		}
		data, err := source.ReadNamed(file)
		if err != nil {
			return options, fmt.Errorf("values: %s: %s", name, reason(err))
		}
		shown := shower(o.Dir, filepath.Dir(file), !filepath.IsAbs(name))(filepath.Base(file))
		options.Values = append(options.Values, source.NewFile(shown, shown, data))
	}
	return options, nil
}

// notRendered says why a chart is not judged.
func (w *world) notRendered(s unit.Spec, err error) analyzer.NotJudged {
	what := "Helm chart not rendered: "
	if s.Values != "" {
		what = "Helm chart not rendered with " + path.Join("ci", path.Base(s.Values)) + ": "
	}
	note := analyzer.NotJudged{File: w.show(path.Join(s.Dir, "Chart.yaml")), Reason: what + err.Error()}
	var refused *helm.NotRendered
	if errors.As(err, &refused) {
		note.Reason = what + refused.Reason
		if !refused.At.IsZero() {
			note.File = refused.At.File.Path
			note.Reason = fmt.Sprintf("%sline %d: %s", what, refused.At.Start().Line, refused.Reason)
		}
	}
	return note
}

// charts returns the files of the charts that were rendered.
func (l *Loaded) charts(w *world) []*knownFile {
	l.notes = append(l.notes, w.charts...)
	var files []*knownFile
	for _, f := range w.rendered {
		l.made[f.File.File] = true
		if w.tree.named(f.Rel) {
			files = append(files, f)
		}
	}
	for rel, files := range w.sources {
		for _, f := range files {
			l.named[f] = l.named[f] || w.tree.named(rel)
		}
	}
	return files
}

// retrace leads the objects that "helm template" has printed back to their
// charts, if these lie in the tree of the working directory.
func (l *Loaded) retrace(f *manifest.File, dir string, o *Options) error {
	if !slices.ContainsFunc(f.Documents, func(d *manifest.Document) bool { name, _ := helm.Source(d); return name != "" }) {
		return nil
	}
	options, err := o.charts()
	if err != nil {
		return err
	}
	trees, err := openTrees(dir, []string{"."}, nil)
	if err != nil {
		return err
	}
	var open []*os.Root
	defer func() {
		for _, r := range open {
			r.Close()
		}
	}()
	charts := map[string]helm.Chart{} // by name
	for _, t := range trees {
		show := shower(dir, t.root, true)
		at := t.rel(dir)
		slices.SortStableFunc(t.charts, func(a, b string) int { // those below the working directory first
			return cmp.Compare(outside(at, a), outside(at, b))
		})
		for _, rel := range t.charts {
			root, err := os.OpenRoot(filepath.Join(t.root, filepath.FromSlash(rel)))
			if err != nil {
				continue
			}
			open = append(open, root)
			if name := helm.Name(root.FS()); name != "" {
				if _, known := charts[name]; !known {
					charts[name] = helm.Chart{FS: root.FS(), Path: show(rel), Rel: rel}
				}
			}
		}
	}
	end, err := o.Watch.Begin(watchdog.Chart, f.Path)
	if err != nil {
		l.notes = append(l.notes, analyzer.NotJudged{File: f.Path, Reason: "not led back to its charts: " + err.Error()})
		return nil
	}
	defer end()
	traced := helm.Retrace(f, options, func(name string) (helm.Chart, bool) { c, ok := charts[name]; return c, ok })
	for _, s := range traced.Sources {
		l.named[s] = true
	}
	for _, name := range traced.Missing {
		l.notes = append(l.notes, analyzer.NotJudged{File: f.Path, Reason: "template " + name + " is not in this tree: its objects are judged, and shown where they stand in the stream"})
	}
	return nil
}

// outside is 1 for a directory that is not below another one.
func outside(dir, rel string) int {
	if dir == "." || rel == dir || strings.HasPrefix(rel, dir+"/") {
		return 0
	}
	return 1
}
