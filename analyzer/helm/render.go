package helm

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	chartutil "helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	dependencies "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/secret"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Render makes the objects of a chart. The error is always a *NotRendered. Not
// rendered are: libraries, charts whose dependencies do not lie in charts/, and
// what Helm itself refuses.
func Render(c Chart, o Options) (*Rendering, error) {
	r, err := open(c)
	if err != nil {
		e := (&renderer{}).explain(err)
		e.hide()
		return nil, e
	}
	texts, err := r.render(o)
	if err == nil {
		var result *Rendering
		if result, err = r.collect(texts); err == nil {
			return result, nil
		}
	}
	e := r.explain(err)
	if len(r.missing) > 0 {
		e.Broken = false // what is missing may define what it lacks
		e.Reason += " (its charts/ lacks " + strings.Join(r.missing, ", ") + ")"
	}
	e.Reason = secret.Without(r.secrets(e.At.File), e.Reason)
	e.hide()
	return nil, e
}

// hide hides the text of a file that is shown and was not read as what it is: a
// template that makes a Secret, and values in which credentials are not found.
func (e *NotRendered) hide() {
	if e.Broken && (manifest.DefinesSecret(e.At.File.Data) || isBroken(e.At.File)) {
		e.At.File.Hide(source.Span{End: len(e.At.File.Data)})
	}
}

// isBroken reports whether a values file is no YAML.
func isBroken(f *source.File) bool {
	return !strings.Contains(f.Rel, "templates/") && checkValues(f) != nil
}

// secrets are the values of the chart that an error may quote: those whose key is
// that of a credential; all of them in a file that makes a Secret.
func (r *renderer) secrets(at *source.File) []string {
	if r.values == nil {
		return nil
	}
	var all []string
	for _, s := range r.values.charts {
		for _, d := range s.files {
			all = append(all, manifest.Secrets(d.Root, at != nil && manifest.DefinesSecret(at.Data))...)
		}
	}
	return all
}

// renderer is the state of rendering.
type renderer struct {
	*loaded
	values    *values
	templates map[string]*template // by the names that Helm gives them
	numbered  []*template
	outputs   map[string]*output // by the names of their templates

	crds map[string]*manifest.File // by the names that Helm gives them; for Retrace
}

// open reads a chart. The renderer is nil if there is nothing to render at all.
func open(c Chart) (*renderer, error) {
	l, err := load(c)
	if l == nil {
		return nil, err
	}
	return &renderer{loaded: l, templates: map[string]*template{}, outputs: map[string]*output{}, crds: map[string]*manifest.File{}}, err
}

// render returns what the templates make, with marks, by their names.
func (r *renderer) render(o Options) (map[string]string, error) {
	r.openValues(o.Values)
	data, err := r.data(o)
	if err != nil {
		return nil, err
	}
	r.mark()
	functions := bounded()
	functions[markFunction] = r.emit
	return engine.Engine{CustomTemplateFuncs: functions}.Render(r.chart, data)
}

// data merges what the templates get, as helm pkg/action/install.go does.
func (r *renderer) data(o Options) (common.Values, error) {
	given := map[string]any{}
	for _, f := range o.Values {
		if err := checkValues(f); err != nil {
			return nil, err
		}
		v, err := loader.LoadValues(bytes.NewReader(f.Data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
		given = loader.MergeMaps(given, v)
	}
	if err := dependencies.ProcessDependencies(r.chart, given); err != nil {
		return nil, err
	}
	r.missing = slices.DeleteFunc(r.missing, func(name string) bool { // those that are switched off
		return !slices.ContainsFunc(r.chart.Metadata.Dependencies, func(d *chart.Dependency) bool { return d.Name == name })
	})
	cluster := common.DefaultCapabilities.Copy()
	if len(o.APIVersions) > 0 {
		cluster.APIVersions = slices.Concat(common.VersionSet(o.APIVersions), r.defines())
	}
	if o.KubernetesVersion != "" {
		version, err := common.ParseKubeVersion(o.KubernetesVersion)
		if err != nil {
			return nil, err
		}
		cluster.KubeVersion = *version
	}
	if needs := r.chart.Metadata.KubeVersion; needs != "" && !dependencies.IsCompatibleRange(needs, cluster.KubeVersion.String()) {
		return nil, fmt.Errorf("the chart wants Kubernetes %s, and this is %s", needs, cluster.KubeVersion.Version)
	}
	r.scopes(r.chart, nil)
	release := common.ReleaseOptions{
		Name:      releaseName(o, r.chart.Name()),
		Namespace: cmp.Or(o.Namespace, ReleaseNamespace),
		Revision:  1,
		IsInstall: true,
	}
	// Helm's own check of the schema may open files and the network.
	data, err := chartutil.ToRenderValuesWithSchemaValidation(r.chart, given, release, cluster, true)
	if err != nil {
		return nil, err
	}
	all, err := data.Table("Values")
	if err != nil {
		return nil, err
	}
	return data, r.checkSchema(r.chart, all)
}

// scopes names the templates of a chart and those it depends on, as Helm does,
// and finds the values that each of them gets.
func (r *renderer) scopes(c *chart.Chart, above *scope) {
	s := r.values.scope(c, above, r.file(c.Raw, valuesFile))
	for _, f := range c.Templates {
		name := path.Join(c.ChartFullPath(), f.Name)
		r.templates[name] = &template{file: r.files[f], scope: s}
	}
	for _, d := range c.Dependencies() {
		r.scopes(d, s)
	}
}

// file returns the file of a name, nil if there is none.
func (r *renderer) file(files []*common.File, name string) *source.File {
	for _, f := range files {
		if f.Name == name {
			return r.files[f]
		}
	}
	return nil
}

// mark puts marks into the templates that make objects. Charts with an alias
// share their files.
func (r *renderer) mark() {
	var charts func(c *chart.Chart)
	marked := map[*common.File]*template{}
	charts = func(c *chart.Chart) {
		for _, f := range c.Templates {
			name := path.Join(c.ChartFullPath(), f.Name)
			t := r.templates[name]
			if before := marked[f]; before != nil {
				t.number, t.pieces, t.loops = before.number, before.pieces, before.loops
				before.names = append(before.names, name)
				continue
			}
			if isPartial(name) {
				continue
			}
			t.number, t.names = len(r.numbered), []string{name}
			r.numbered = append(r.numbered, t)
			marked[f] = t
			f.Data = []byte(t.mark())
		}
		for _, d := range c.Dependencies() {
			charts(d)
		}
	}
	charts(r.chart)
}

// isPartial reports whether a template makes no object: what Helm shows to
// people, or what only others include.
func isPartial(name string) bool {
	return strings.HasSuffix(name, "NOTES.txt") || strings.HasPrefix(path.Base(name), "_")
}

// emit is the function that marks call.
func (r *renderer) emit(data any, number int, mark string) string {
	var rendered any
	if top, ok := data.(common.Values); ok {
		if t, ok := top["Template"].(common.Values); ok {
			rendered = t["Name"]
		}
	}
	for _, name := range r.numbered[number].names {
		if name == rendered {
			return markByte + mark + markByte
		}
	}
	return ""
}

// place is where an error of Helm or of text/template says it is, evaluated
// what it says it was at.
var (
	place     = regexp.MustCompile(`([^\s()":]+):(\d+)(?::\d+)?`)
	evaluated = regexp.MustCompile(`executing ".*" at <(.*)>:$`)
)

// explain makes an error of Helm one that names a file of the tree. Of an error
// that went through named templates, the innermost place counts.
func (r *renderer) explain(err error) *NotRendered {
	var e *NotRendered
	if errors.As(err, &e) {
		return e
	}
	e = notRendered("%s", oneLine(err))
	for _, m := range place.FindAllStringSubmatch(err.Error(), -1) {
		if t := r.templates[m[1]]; t != nil {
			line, _ := strconv.Atoi(m[2])
			e.At = source.Location{File: t.file, Span: t.file.Line(line)}
		}
	}
	if strings.HasPrefix(err.Error(), "parse error at (") || strings.HasSuffix(e.Reason, tooMuch) {
		return e.broken()
	}
	return e
}

// oneLine shortens an error to what it ends with, which is what went wrong.
// Helm indents the way there.
func oneLine(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	if n := len(lines); n > 1 && place.MatchString(lines[0]) {
		at := evaluated.FindStringSubmatch(lines[n-2])
		if lines = lines[n-1:]; at != nil {
			lines[0] = at[1] + ": " + lines[0]
		}
	}
	text := strings.Join(lines, " ")
	for _, stage := range []string{"execution error at (", "parse error at (", "execution error in ("} {
		if rest, ok := strings.CutPrefix(text, stage); ok {
			if _, reason, ok := strings.Cut(rest, "): "); ok {
				return reason
			}
		}
	}
	return text
}

// sorted returns the names of the texts that hold more than blanks, sorted.
func sorted(texts map[string]string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(texts)), func(name string) bool {
		return isPartial(name) || strings.TrimSpace(texts[name]) == ""
	})
}
