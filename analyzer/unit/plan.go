package unit

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Tree is what planning needs to know of a directory tree. All paths are
// slash-separated and relative to its root; the root itself is ".".
type Tree struct {
	// Files are the manifest files in the order of a lexical walk.
	Files []string
	// Plain are the files that kustomize does not read although they are called
	// as its own: they hold objects.
	Plain []string
	// Charts are the directories with a Chart.yaml.
	Charts []string
	// Configured are the units that the configuration names.
	Configured []Configured
	// Kustomizations are those of the tree.
	Kustomizations []*kustomize.Kustomization
	// Delivered is what GitOps tools apply of it.
	Delivered []Delivered
	// Bounds are the directories whose own directories above are no context; the
	// root is always one.
	Bounds []string
	// GoTests are the directories with tests in Go, Vendored those with the
	// packages that "go mod vendor" copies; see testData.
	GoTests, Vendored []string
	// NotApplied says of files why nothing applies them as they stand. What a
	// kustomization lists or the configuration names is applied all the same.
	NotApplied map[string]PassedOver
}

// Configured is a unit that the configuration names. Its files are in no unit of
// a directory.
type Configured struct {
	Name, Namespace string
	Files, Context  []string
	External        []External
	Nodes           []*manifest.Resource
}

// PassedOver says why a file is no object of its own: "" if it is one.
type PassedOver string

const (
	// HelmTemplate is a part of a chart, which is judged as a whole.
	HelmTemplate PassedOver = "Helm template"
	// ChartFile is what the templates of a chart may read, and no object of its own.
	ChartFile      PassedOver = "file of a Helm chart, which only its templates read"
	kustomizeInput PassedOver = "kustomize patch or configuration, not an object of its own"
	kustomizeFile  PassedOver = "kustomization that no other one uses or builds"
	// part cannot stand alone, and the kustomization that it lies below does not
	// name it.
	part PassedOver = "part of an object, such as a patch that no kustomization references"
)

// Layout is a tree with its files sorted into units.
type Layout struct {
	// Units are the planned units, sorted by directory and kind.
	Units []Spec
	// PassedOver maps the files that no unit judges to the reason.
	PassedOver map[string]PassedOver
}

// layout is the state of planning.
type layout struct {
	tree      Tree
	passed    map[string]PassedOver
	charts    map[string]bool
	byDir     map[string][]string // judged files of each directory
	below     map[string][]string // directories with such files, by their parent, sorted
	custom    map[string]*kustomize.Kustomization
	installed map[string]bool // charts that GitOps tools install
	listed    map[string]bool // files that some kustomization lists
	used      map[string]bool // kustomization directories that another one uses
	data      *testData
}

// Plan sorts the files of a tree into units.
func Plan(t Tree) Layout {
	l := &layout{tree: t, passed: map[string]PassedOver{}, charts: map[string]bool{},
		byDir: map[string][]string{}, below: map[string][]string{},
		custom: map[string]*kustomize.Kustomization{}, listed: map[string]bool{}, installed: map[string]bool{}, used: map[string]bool{}, data: newTestData(t)}
	for _, dir := range t.Charts {
		l.charts[dir] = true
	}
	for _, c := range t.Kustomizations {
		l.custom[c.Dir] = c
	}
	var units []Spec
	taken := map[string]bool{}
	for _, c := range t.Configured {
		units = append(units, Spec{Kind: Listed, Dir: path.Dir(c.Files[0]), Name: c.Name, Namespace: c.Namespace,
			Files: c.Files, Context: c.Context, External: c.External, Nodes: c.Nodes})
		for _, f := range c.Files {
			taken[f] = true
		}
	}
	l.cover()
	l.sortFiles(taken)
	units = append(units, l.delivered()...)
	dirs := slices.Sorted(maps.Keys(l.byDir))
	for _, dir := range dirs {
		if dir != "." {
			l.below[path.Dir(dir)] = append(l.below[path.Dir(dir)], dir)
		}
	}
	for _, dir := range dirs {
		if s := l.directory(dir); len(s.Files) > 0 {
			units = append(units, s)
		}
	}
	for _, c := range l.roots() {
		if l.data.holding(c.Dir) == "" {
			units = append(units, l.kustomization(c))
		}
	}
	for _, dir := range t.Charts {
		if !l.inChart(dir) && !l.installed[dir] && l.data.holding(dir) == "" {
			units = append(units, l.chart(dir)...)
		}
	}
	slices.SortStableFunc(units, func(a, b Spec) int {
		return cmp.Or(cmp.Compare(a.Dir, b.Dir), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return Layout{Units: units, PassedOver: l.passed}
}

// roots returns the kustomizations that no other one uses, and one of each cycle:
// kustomize builds none of its members, and nothing else would say so.
func (l *layout) roots() []*kustomize.Kustomization {
	var roots []*kustomize.Kustomization
	reached := map[string]bool{}
	var reach func(c *kustomize.Kustomization)
	reach = func(c *kustomize.Kustomization) {
		if reached[c.Dir] {
			return
		}
		reached[c.Dir] = true
		for _, target := range slices.Concat(c.Targets, c.Inputs) {
			if used := l.custom[target.Path]; used != nil {
				reach(used)
			}
		}
	}
	for _, d := range l.tree.Delivered { // what GitOps tools apply is not judged alone
		if d.Kustomization == nil || l.data.holding(d.By.File().Rel) != "" {
			continue
		}
		for _, target := range append(slices.Clone(d.Kustomization.Targets), kustomize.Reference{Path: d.Kustomization.Dir}) {
			if used := l.custom[target.Path]; used != nil {
				reach(used)
			}
		}
	}
	for _, cycles := range []bool{false, true} {
		for _, c := range l.tree.Kustomizations {
			if c.Component || reached[c.Dir] || l.used[c.Dir] != cycles {
				continue
			}
			if cycles && l.data.holding(c.Dir) != "" {
				continue
			}
			roots = append(roots, c)
			reach(c)
		}
	}
	return roots
}

// sortFiles finds out what each file is.
func (l *layout) sortFiles(taken map[string]bool) {
	custom := slices.DeleteFunc(slices.Clone(l.tree.Kustomizations), func(c *kustomize.Kustomization) bool { return l.data.holding(c.Dir) != "" })
	for _, c := range custom {
		for _, in := range c.Inputs {
			l.passed[in.Path] = kustomizeInput
			if l.custom[in.Path] != nil { // its files configure plugins
				l.used[in.Path] = true
			}
		}
	}
	for _, c := range custom {
		for _, target := range c.Targets {
			if l.custom[target.Path] != nil {
				l.used[target.Path] = true
			} else {
				l.listed[target.Path] = true
				delete(l.passed, target.Path)
			}
		}
	}
	for _, f := range l.tree.Files {
		switch {
		case kustomize.IsFile(f) && (l.custom[path.Dir(f)] != nil || !slices.Contains(l.tree.Plain, f)):
			l.passed[f] = kustomizeFile
		case l.inTemplates(f):
			l.passed[f] = HelmTemplate
		case l.listed[f] || taken[f]:
		case l.inChartFiles(f):
			l.passed[f] = ChartFile
		case l.data.holding(f) != "":
			l.passed[f] = l.data.holding(f)
		case l.passed[f] == "" && l.tree.NotApplied[f] != "":
			l.passed[f] = l.tree.NotApplied[f]
		}
		if l.passed[f] == "" && !taken[f] {
			l.byDir[path.Dir(f)] = append(l.byDir[path.Dir(f)], f)
		}
	}
}

// inTemplates reports whether the file lies below templates/ of a chart.
func (l *layout) inTemplates(f string) bool { return l.inChartDirectory(f, "templates") }

// inChartFiles reports whether the file is one of files/ of a chart, which
// templates read with .Files
// (https://helm.sh/docs/chart_template_guide/accessing_files/), or a values file
// of its ci/.
func (l *layout) inChartFiles(f string) bool {
	return l.inChartDirectory(f, "files") || isVariant(f) && l.charts[path.Dir(path.Dir(f))]
}

// inChartDirectory reports whether the file lies below a directory of a chart.
func (l *layout) inChartDirectory(f, name string) bool {
	for dir := path.Dir(f); dir != "."; dir = path.Dir(dir) {
		if path.Base(dir) == name && l.charts[path.Dir(dir)] {
			return true
		}
	}
	return false
}

// isVariant reports whether a file is called like the values that chart-testing
// installs the chart above with
// (https://github.com/helm/chart-testing/blob/main/doc/ct_install.md).
func isVariant(f string) bool {
	return path.Base(path.Dir(f)) == "ci" && strings.HasSuffix(f, "-values.yaml")
}

// inChart reports whether a chart is a dependency that lies in another one.
func (l *layout) inChart(dir string) bool {
	for ; dir != "."; dir = path.Dir(dir) {
		if path.Base(path.Dir(dir)) == "charts" && l.charts[path.Dir(path.Dir(dir))] {
			return true
		}
	}
	return false
}

// chart plans what a chart makes, first of its own values and then of each values
// file of its ci/. Its custom resource definitions are judged as the manifests
// that they are, and what it makes depends on them.
func (l *layout) chart(dir string) []Spec {
	s := Spec{Dir: dir, Kind: Chart}
	var variants []string
	for _, f := range l.tree.Files {
		if dir != "." && !strings.HasPrefix(f, dir+"/") {
			continue
		}
		s.Configs = append(s.Configs, f)
		if strings.Contains(f, "crds/") && l.passed[f] == "" {
			s.Context = append(s.Context, f)
		}
		if isVariant(f) && path.Dir(path.Dir(f)) == dir {
			variants = append(variants, f)
		}
	}
	s.Context = append(s.Context, l.ancestors(dir)...)
	all := []Spec{s}
	for _, f := range variants {
		s.Values = f
		all = append(all, s)
	}
	return all
}

// directory plans the files of a directory that no kustomization lists.
func (l *layout) directory(dir string) Spec {
	s := Spec{Dir: dir, Kind: Directory}
	var others []string
	for _, f := range l.byDir[dir] {
		if l.listed[f] {
			others = append(others, f)
		} else {
			s.Files = append(s.Files, f)
		}
	}
	if l.custom[dir] != nil || len(others) > 0 {
		s.Kind = Unlisted
		s.Open = []string{"the kustomization of " + dir + " does not list all files"}
	}
	s.Context = append(others, l.ancestors(dir)...)
	s.Generated = l.generatedAbove(dir)
	if c := l.custom[dir]; c != nil {
		s.Generated = append(s.Generated, c.Generated...)
	}
	l.siblings(&s)
	return s
}

// kustomization plans what a root kustomization builds, and the files that are
// judged if it cannot be built.
func (l *layout) kustomization(c *kustomize.Kustomization) Spec {
	s := Spec{Dir: c.Dir, Kind: Kustomization}
	seen := map[string]bool{}
	var add func(c *kustomize.Kustomization)
	add = func(c *kustomize.Kustomization) {
		if seen[c.Dir] {
			return
		}
		seen[c.Dir] = true
		s.Configs = append(s.Configs, c.Document.File.Rel)
		s.Generated = append(s.Generated, c.Generated...)
		s.Rewritten |= c.Rewritten
		for _, u := range c.Unbuilt {
			s.Open = append(s.Open, u.Reason)
		}
		for _, in := range c.Inputs {
			s.Configs = append(s.Configs, in.Path)
		}
		for _, target := range c.Targets {
			switch base := l.custom[target.Path]; {
			case base != nil:
				add(base)
			case target.Field[0] == "components": // nobody knows what it changes
				s.Rewritten = kustomize.Everything
			case seen[target.Path] || target.Path == "":
			case slices.Contains(l.byDir[path.Dir(target.Path)], target.Path):
				seen[target.Path] = true
				s.Files = append(s.Files, target.Path)
			default:
				s.Open = append(s.Open, target.Path+" is listed and not there")
			}
		}
	}
	add(c)
	s.GeneratedAbove = l.generatedAbove(c.Dir)
	s.Context = slices.DeleteFunc(l.ancestors(c.Dir), func(f string) bool { return seen[f] })
	l.siblings(&s)
	s.Siblings = slices.DeleteFunc(s.Siblings, func(f string) bool { return seen[f] })
	return s
}

// ancestors returns the files of the directories above, the closest first.
func (l *layout) ancestors(dir string) []string {
	var files []string
	for dir := range l.above(dir) {
		files = append(files, l.byDir[dir]...)
	}
	return files
}

// generatedAbove returns what the kustomizations of the directories above make.
func (l *layout) generatedAbove(dir string) []kustomize.Generated {
	var all []kustomize.Generated
	for dir := range l.above(dir) {
		if c := l.custom[dir]; c != nil {
			all = append(all, c.Generated...)
		}
	}
	return all
}

// above yields the directories above that are context, the closest first.
func (l *layout) above(dir string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for dir != "." && !slices.Contains(l.tree.Bounds, dir) {
			if dir = path.Dir(dir); !yield(dir) {
				return
			}
		}
	}
}

// maxBeside is the number of directories beside each other up to which they
// are siblings. Beyond it the directories are a catalogue, and reading all of
// them for each would take quadratic time.
const maxBeside = 128

// siblings adds the files of the directories beside the unit's and directly
// below it.
func (l *layout) siblings(s *Spec) {
	below, beside := l.below[s.Dir], []string(nil)
	if s.Dir != "." && !slices.Contains(l.tree.Bounds, s.Dir) {
		beside = l.below[path.Dir(s.Dir)]
	}
	if len(below)+len(beside) > maxBeside {
		s.Open = append(s.Open, fmt.Sprintf("more than %d directories beside it or below are not looked at", maxBeside))
		return
	}
	for _, other := range slices.Concat(below, beside) {
		if other != s.Dir {
			s.Siblings = append(s.Siblings, l.byDir[other]...)
		}
	}
}
