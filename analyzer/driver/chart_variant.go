package driver

import (
	"cmp"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/helm"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// This file renders a chart with each values file of its ci/, as chart-testing
// does. What is found with such values and without them is a fault of the chart.

// withThese is said of the values file of a finding that a chart does not have
// by itself.
const withThese = "found when the chart is rendered with these values"

// renderTask renders a chart, or a variant of it.
func (w *world) renderTask(t *task, options helm.Options) (*helm.Rendering, error) {
	options, err := w.withVariant(t, options)
	if err != nil {
		return nil, err
	}
	return w.renderChart(t.Dir, options)
}

// withVariant adds the values file of a variant to the options of all charts,
// whose values count more.
func (w *world) withVariant(t *task, options helm.Options) (helm.Options, error) {
	if r := t.Release; r != nil {
		options.Values = append(slices.Clone(r.Values), options.Values...)
		options.ReleaseName, options.Namespace = cmp.Or(options.ReleaseName, r.Name), cmp.Or(options.Namespace, r.Namespace)
		return options, nil
	}
	if t.Values == "" {
		return options, nil
	}
	text, err := w.source(t.Values)
	if err != nil {
		return options, err
	}
	own := source.NewFile(text.Path, text.Rel, text.Data)
	options.Values = append([]*source.File{own}, options.Values...)
	return options, nil
}

// foundWithoutVariant returns a function that reports whether a finding about a
// variant says of the chart what is found of it without those values.
func (l *Loaded) foundWithoutVariant() func(*analyzer.Finding) bool {
	type key struct {
		spot
		said string
	}
	ofVariant := func(f *analyzer.Finding) bool {
		return slices.ContainsFunc(f.Related, func(r analyzer.Related) bool { return r.Message == withThese })
	}
	variants, own := map[key]bool{}, map[key]analyzer.Severity{}
	for pass := range l.passes() {
		for i := range pass.Findings {
			if f := &pass.Findings[i]; ofVariant(f) {
				variants[key{spotOf(f), f.Message}] = true
			}
		}
	}
	if len(variants) == 0 {
		return func(*analyzer.Finding) bool { return false }
	}
	for pass := range l.passes() {
		for i := range pass.Findings {
			f := &pass.Findings[i]
			k := key{spotOf(f), f.Message}
			if variants[k] && !ofVariant(f) && (own[k] == "" || f.Severity.AtLeast(own[k])) {
				own[k] = f.Severity
			}
		}
	}
	return func(f *analyzer.Finding) bool {
		known := own[key{spotOf(f), f.Message}]
		return known != "" && ofVariant(f) && known.AtLeast(f.Severity)
	}
}

// nameValues adds the values file to what was found of a variant, unless it is
// shown there.
func (t *task) nameValues() {
	if t.values == nil {
		return
	}
	end := analyzer.Related{Location: source.Location{File: t.values, Span: t.values.Line(1)}, Message: withThese}
	for _, p := range t.passes {
		for i := range p.Findings {
			if f := &p.Findings[i]; f.Location.File == nil || f.Location.File.Rel != t.Values {
				f.Related = append(slices.Clip(f.Related), end)
			}
		}
	}
}
