package driver

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"runtime/debug"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/helm"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/analyzer/watchdog"
)

// This file takes the steps of a run under the eyes of the watchdog, and says
// where one is left out.

// guard calls a rule. It turns a panic into an error that names the rule: the
// other rules still report, and the run fails. A rule that exceeds its limits is
// a finding at a place. A policy is not asked again then, because it would not end
// elsewhere either.
func (r *run) guard(p *analyzer.Pass, where string, at source.Location, call func() error) (err error) {
	rule, w := p.Rule, r.options.Watch
	if _, off := r.offPolicies.Load(rule.Policy); off {
		return nil
	}
	end, left := w.Begin(watchdog.Rule, cmp.Or(rule.Policy, rule.ID+" on "+where))
	if left != nil {
		return r.leftOut(p, at, left)
	}
	defer end()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("rule %s failed on %s: panic: %v\n%s", rule.ID, where, v, debug.Stack())
		}
	}()
	err = call()
	var exceeded *watchdog.Exceeded
	if errors.As(err, &exceeded) { // it watches itself
		return r.leftOut(p, at, exceeded)
	}
	if err != nil {
		return fmt.Errorf("rule %s failed on %s: %w", rule.ID, where, err)
	}
	return nil
}

// leftOut reports a rule that was left out: a policy once in a run.
func (r *run) leftOut(p *analyzer.Pass, at source.Location, err error) error {
	var left *watchdog.Exceeded
	if !errors.As(err, &left) || left.Run {
		return err
	}
	message := fmt.Sprintf("rule %s is not judged here: %s", p.Rule.ID, left.Reason)
	if p.Rule.Policy != "" {
		if _, said := r.offPolicies.LoadOrStore(p.Rule.Policy, true); said {
			return nil
		}
		message = fmt.Sprintf("policy %s (%s) is not asked: %s", p.Rule.ID, p.Rule.Policy, left.Reason)
	}
	p.Report(analyzer.Finding{
		Severity:    analyzer.Error,
		Message:     message,
		Consequence: "nothing is known of what the rule would find",
		Help:        "look at what was changed there: no honest manifest or policy takes as much",
		Location:    at,
	})
	return nil
}

// placeOfUnit is where a finding about a unit as a whole stands.
func placeOfUnit(u *unit.Unit) source.Location {
	switch {
	case len(u.Resources) > 0:
		return u.Resources[0].Location()
	case u.Build != nil:
		return u.Build.Kustomization.Location()
	case u.Refused != nil:
		return u.Refused.At
	}
	return source.Location{}
}

// parse parses a file. One that exceeds the limits is a document that cannot be
// read.
func (w *world) parse(rel string, text *source.File, parse func(*source.File) *manifest.File) (*manifest.File, error) {
	end, err := w.options.Watch.Begin(watchdog.File, rel)
	var left *watchdog.Exceeded
	if errors.As(err, &left) && !left.Run {
		return manifest.NotReadable(text, "kubeknot gives up: "+left.Reason), nil
	}
	if err != nil {
		return nil, err
	}
	defer end()
	return parse(text), nil
}

// watched renders a chart within the limits.
func (w *world) watched(rel string, render func() (*helm.Rendering, error)) (*helm.Rendering, error) {
	end, err := w.options.Watch.Begin(watchdog.Chart, rel)
	if err != nil {
		return nil, w.chartLeftOut(rel, err)
	}
	defer end()
	return render()
}

// chartLeftOut says of a chart that it is left out, which is a fault of it unless
// the run as a whole is over.
func (w *world) chartLeftOut(rel string, err error) error {
	var left *watchdog.Exceeded
	if !errors.As(err, &left) || left.Run {
		return err
	}
	refused := &helm.NotRendered{Reason: left.Reason, Broken: true}
	name := path.Join(rel, "Chart.yaml")
	text, err := w.source(name)
	if err != nil {
		return refused
	}
	refused.At = source.Location{File: text, Span: text.Line(1)}
	return refused
}

// begin begins to build a kustomization.
func (w *world) begin(dir string) (end func(), reason *kustomize.Reason, unbuilt bool) {
	end, err := w.options.Watch.Begin(watchdog.Kustomization, dir)
	if err == nil {
		return end, nil, false
	}
	var left *watchdog.Exceeded
	run := errors.As(err, &left) && left.Run
	return nil, &kustomize.Reason{Text: err.Error(), In: w.kustomizations[dir]}, run
}
