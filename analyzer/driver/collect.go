package driver

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"sync"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/config"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/suppress"
)

// run collects what the rules say.
type run struct {
	fileRules, unitRules []*analyzer.Rule
	kubernetes           string
	options              Options
	nodes, policies      []*manifest.Resource // of all units
	lean                 bool                 // nobody needs the objects of what was judged
	step                 func()               // told of each file and unit that is done
	paths                func() []string      // of the options, see named
	quoting              map[string]bool      // the rules whose messages policies write
	excluded             int                  // findings in files that the configuration excludes

	offPolicies sync.Map // those whose limits were exceeded, once that is said

	findings  []analyzer.Finding
	notes     []analyzer.NotJudged
	skipped   map[string]map[objectKey]bool // by topic
	unjudged  map[judgement]bool            // what rules have skipped
	foreign   int                           // files without Kubernetes objects
	files     map[string]bool               // paths of those with objects
	resources int
}

func newRun(o Options, l *Loaded) *run {
	r := &run{
		options: o, kubernetes: o.Kubernetes, nodes: l.nodes, policies: l.policies, step: func() {}, paths: sync.OnceValue(o.absolutePaths),
		skipped: map[string]map[objectKey]bool{}, unjudged: map[judgement]bool{}, files: map[string]bool{},
		quoting: map[string]bool{},
	}
	for _, rule := range o.Rules {
		r.quoting[rule.ID] = rule.Policy != ""
		switch {
		case rule.File != nil:
			r.fileRules = append(r.fileRules, rule)
		case rule.Run != nil:
			r.unitRules = append(r.unitRules, rule)
		}
	}
	return r
}

// aboutOf says what a file counts for.
func aboutOf(f *manifest.File) cache.About {
	about := cache.About{Resources: len(f.Resources()), Alone: true}
	for _, d := range f.Documents {
		switch d.Role {
		case manifest.Template:
			about.Template = true
		case manifest.Encrypted:
			about.Encrypted = true
		case manifest.Unreadable:
			about.Unreadable = true
		case manifest.Patch:
			about.Patch = true
		case manifest.Foreign:
			about.Foreign = true
		}
		about.Alone = about.Alone && d.Role == manifest.Foreign
	}
	return about
}

// note counts a file that was named and says what of it is not judged.
func (r *run) note(f *knownFile, l *Loaded) {
	about := f.about
	if !f.again {
		r.resources += about.Resources
	}
	if about.Resources > 0 {
		r.files[f.Path] = true
	}
	say := func(holds bool, reason string) {
		if holds {
			l.notes = append(l.notes, analyzer.NotJudged{File: f.Path, Reason: reason})
		}
	}
	built := l.built[f.File.File]
	say(about.Template, "template, not rendered")
	say(about.Encrypted, "encrypted as a whole")
	say(about.Unreadable, "JSON escapes that cannot be read yet")
	say(about.Patch && !built, "kustomize patch or configuration, not an object of its own")
	say(about.Foreign && about.Resources > 0 && !built, "document without apiVersion and kind")
	own := f.again || kustomize.IsFile(f.Rel) || slices.Contains(config.Names, path.Base(f.Rel)) // those are known for what they are
	if about.Alone && about.Resources == 0 && !own && !built {
		r.foreign++
	}
}

// collect merges the passes in their order; a finding counts if either of its
// ends lies in a file that was named.
func (r *run) collect(l *Loaded) {
	known := faults{}
	in := func(f *source.File) bool { return l.named[f] }
	again := l.foundWithoutVariant()
	for pass := range l.passes() {
		for _, f := range pass.Findings {
			if !f.Touches(in) || again(&f) {
				continue
			}
			if f, ok := r.configured(f); ok {
				r.add(f, known)
			}
		}
		for _, s := range pass.Skipped {
			if !in(s.Resource.File()) {
				continue
			}
			if r.skipped[s.Topic] == nil {
				r.skipped[s.Topic] = map[objectKey]bool{}
			}
			r.skipped[s.Topic][keyOf(s.Resource)] = true
			r.unjudged[judgement{pass.Rule.ID, s.Resource.File().Rel}] = true
		}
	}
}

// objectKey tells the objects that were read apart, and those that were made.
type objectKey struct {
	file  *source.File
	start int
	path  string
	id    manifest.ID
}

func keyOf(r *manifest.Resource) objectKey {
	return objectKey{r.File(), r.Document.Span.Start, manifest.FieldPath(r.Path), r.ID()}
}

// judgement is what a rule says of a file, given by its path inside the tree.
type judgement struct{ rule, rel string }

// suppress orders what was collected and takes out what is suppressed or known.
func (r *run) suppress(o Options, l *Loaded, failed bool) suppress.Outcome {
	analyzer.Sort(r.findings)
	in := suppress.Run{Findings: r.findings, Rules: o.Rules, Units: l.units()}
	for _, f := range l.files {
		in.Files = append(in.Files, f.File)
	}
	for f := range l.named {
		if !l.made[f] {
			in.Texts = append(in.Texts, f)
		}
	}
	slices.SortFunc(in.Texts, func(a, b *source.File) int { return cmp.Compare(a.Path, b.Path) })
	in.Named = func(rel string) bool {
		return slices.ContainsFunc(l.trees, func(t *tree) bool { return t.named(rel) })
	}
	in.Judged = func(rule, rel string) bool { return !failed && !r.unjudged[judgement{rule, rel}] }
	if o.Config != nil {
		o.Suppress.Entries = append(slices.Clip(o.Suppress.Entries), r.ignored(l, failed)...)
	}
	return suppress.Apply(o.Suppress, in)
}

// result counts what is left of what was collected.
func (r *run) result(l *Loaded, left suppress.Outcome) *analyzer.Result {
	result := &analyzer.Result{Findings: left.Findings, Known: left.Known, Stale: left.Stale, NotJudged: l.notes}
	slices.SortStableFunc(result.NotJudged, func(a, b analyzer.NotJudged) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Reason, b.Reason))
	})
	result.NotJudged = slices.Compact(result.NotJudged)
	for _, topic := range slices.Sorted(maps.Keys(r.skipped)) {
		reason := fmt.Sprintf("%s (%d)", topic, len(r.skipped[topic]))
		result.NotJudged = append(result.NotJudged, analyzer.NotJudged{Reason: reason})
	}
	if l.excerpts > 0 {
		result.NotJudged = append(result.NotJudged, analyzer.NotJudged{Reason: fmt.Sprintf("blocks of Markdown: excerpts, templates, and what is no Kubernetes object (%d)", l.excerpts)})
	}
	if r.excluded > 0 {
		result.NotJudged = append(result.NotJudged, analyzer.NotJudged{Reason: fmt.Sprintf("findings in files that the configuration excludes are not shown (%d)", r.excluded)})
	}
	if r.foreign > 0 {
		files := "files hold"
		if r.foreign == 1 {
			files = "file holds"
		}
		result.NotJudged = append(result.NotJudged, analyzer.NotJudged{Reason: fmt.Sprintf("%d %s no Kubernetes objects", r.foreign, files)})
	}
	s := &result.Summary
	s.Files, s.Resources, s.Units, s.Suppressed = len(r.files), r.resources, l.judged(), left.Suppressed
	for _, f := range left.Findings {
		switch f.Severity {
		case analyzer.Error:
			s.Errors++
		case analyzer.Warning:
			s.Warnings++
		default:
			s.Infos++
		}
	}
	return result
}
