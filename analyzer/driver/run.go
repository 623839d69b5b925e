// Package driver runs the rules: it discovers files, parses them, plans the
// units, builds their graphs, calls every rule, and puts what they say into
// one order. It imports everything above it but knows no rule by name.
package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/config"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/helm"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/suppress"
	"github.com/kubeknot/kubeknot/analyzer/watchdog"
)

// Options say what to run on what.
type Options struct {
	// Dir is the working directory; "" is the process's own.
	Dir string
	// Paths are files and directories; "-" is Stdin. They choose what is
	// reported, not what is read.
	Paths []string
	Stdin io.Reader
	// Nodes is a file of Node objects, "-" for Stdin, "" for none.
	Nodes string
	// Policies are files of objects that say what the cluster admits:
	// constraints of Gatekeeper, admission policies and what those refer to.
	Policies []string
	// Namespace is what objects without one get; "" leaves it open.
	Namespace string
	// Kubernetes is the version of the cluster, "1.31"; "" for the one that
	// kubeknot knows best.
	Kubernetes string
	// ReleaseName is the name of the release of each chart; "" leaves it open.
	ReleaseName string
	// Values are values files for the charts, as helm template -f takes them.
	Values []string
	// Helm is the helm command for the Helm charts that kustomizations list;
	// "" leaves those kustomizations unbuilt. It is run, and may use the network.
	Helm string
	// Markdown reads the Markdown files of directories too. Those that Paths
	// name are always read.
	Markdown bool
	Rules    []*analyzer.Rule
	// Ties asks for the ties of each unit, which only a picture needs.
	Ties bool
	// Progress is told how many parts of a kind of work are done, of how many,
	// from several goroutines at once; nil if nobody is watching.
	Progress func(work string, done, total int)
	// Config is what the configuration file says, nil if there is none. Where it
	// and another option say the same thing, the option counts.
	Config *config.Config
	// Suppress says what is suppressed besides what stands in the manifests.
	Suppress suppress.Options
	// Cache is what earlier runs have left, and where this one leaves what it
	// learns; nil reads and judges everything. The result is the same.
	Cache *cache.Dir
	// Stats collects where the time goes; nil if nobody asks.
	Stats *Stats
	// Kept is what the run before has left in memory, and where this one leaves
	// what it reads; nil keeps nothing. The result is the same.
	Kept *Kept
	// Watch bounds what the content of the trees may cost; nil does not. What
	// exceeds a limit is a finding, and everything else is judged.
	Watch *watchdog.Watch
	// Record collects what the directories define, for a later run to compare
	// with; nil if nobody asks.
	Record *History
	// Earlier is what the directories defined at an earlier revision, by which
	// references that a change breaks are explained; nil if none is known.
	Earlier *History
	// Debug is told what went wrong that changes nothing of the result, as with a
	// cache; nil is told nothing.
	Debug func(error)

	// intake bounds what is read of the trees.
	intake *intake
	// charts returns what helm does: the values are read once.
	charts func() (helm.Options, error)
	// batch is the number of files at which a batch is closed; 0 for batchFiles.
	batch int
}

func (o *Options) debug(err error) {
	if err != nil && o.Debug != nil {
		o.Debug(err)
	}
}

// ErrNothing is returned when directories were given and none of them holds a
// Kubernetes object.
var ErrNothing = errors.New("no Kubernetes manifests found")

// Run judges what the options name. The result is complete even if an error is
// returned with it: then a rule has failed, or nothing was found. A nil result
// means that the options cannot be used.
func Run(ctx context.Context, o Options) (*analyzer.Result, error) {
	start := time.Now()
	if o.Ties {
		o.Cache = nil // what is recalled has no graph
	}
	o.intake = &intake{}
	l, err := load(ctx, o)
	if err != nil {
		return nil, err
	}
	o.Dir = l.dir
	if o.Config != nil {
		o.Suppress.ReasonOptional = o.Suppress.ReasonOptional || !o.Config.NeedsReason()
		if len(l.nodes) == 0 {
			l.nodes = o.Config.Nodes.List
		}
	}
	r := newRun(o, l)
	r.lean = o.Kept == nil && !o.Ties && !o.needsObjects()
	result, err := r.run(ctx, l)
	if result == nil {
		return nil, err
	}
	o.Kept.keep(l.worlds)
	result.Summary.Elapsed = time.Since(start)
	if err == nil && result.Summary.Resources == 0 && len(result.Findings) == 0 && l.searched {
		err = nothingIn(o.Paths)
	}
	result.Failure = err
	return result, err
}

// RunFile judges the objects of one file together and alone, as those of a
// stream. Of the options only Namespace, Kubernetes, Policies and Rules count. It returns
// what Run does, but finding no object is no error.
func RunFile(ctx context.Context, f *manifest.File, o Options) (*analyzer.Result, error) {
	l := newLoaded()
	var err error
	if l.policies, err = readPolicies(o.Dir, o.Policies); err != nil {
		return nil, err
	}
	l.stream(f, o.Namespace)
	return newRun(o, l).run(ctx, l)
}

// run judges what was loaded. The result is nil if the context was done before.
func (r *run) run(ctx context.Context, l *Loaded) (*analyzer.Result, error) {
	if err := r.judgeAll(ctx, l); err != nil {
		return nil, err
	}
	o := r.options
	saved := o.Stats.Stage("write the cache")
	o.debug(l.remember())
	saved()
	defer o.Stats.Stage("collect")()
	for _, f := range l.files {
		r.note(f, l)
	}
	r.collect(l)
	failure := errors.Join(l.failure(), o.Watch.Over(), o.intake.failure())
	if !o.Ties {
		l.forget() // all that was said is in r now
	}
	result := r.result(l, r.suppress(o, l, failure != nil))
	o.Stats.loaded(l, result)
	if o.Ties {
		result.Ties = markTies(l, result.Findings)
	}
	return result, failure
}

// judgeAll judges all units, and the files that were named, which are known then.
func (r *run) judgeAll(ctx context.Context, l *Loaded) error {
	var trees []*batches
	work := 0
	for _, w := range l.worlds {
		b := newBatches(r, w)
		trees = append(trees, b)
		work += len(w.tasks) + b.files
	}
	r.step = r.options.counter("judging", work)
	for _, b := range trees {
		if err := b.judgeAll(ctx); err != nil {
			return err
		}
	}
	l.name()
	defer r.options.Stats.Stage("judge")()
	if err := parallel(ctx, len(l.files), func(i int) { r.judgeFile(l.files[i]) }); err != nil {
		return err
	}
	return parallel(ctx, len(l.tasks), func(i int) {
		if t := l.tasks[i]; t.world == nil {
			r.judgeUnit(t)
		}
	})
}

// nothingIn names the path if there is one alone.
func nothingIn(paths []string) error {
	switch {
	case len(paths) != 1:
		return ErrNothing
	case paths[0] == "-":
		return fmt.Errorf("%w in standard input", ErrNothing)
	}
	return fmt.Errorf("%w in %s", ErrNothing, paths[0])
}

// judgeFile runs the rules that look at a file on its own, unless they did.
func (r *run) judgeFile(f *knownFile) {
	if f.judged {
		return
	}
	var errs []error
	clock := r.options.Stats.ruleClock(nil)
	for _, rule := range r.fileRules {
		pass := &analyzer.Pass{Rule: rule, Kubernetes: r.kubernetes, Options: r.ruleOptions(rule)}
		call := func() error { return clock.run(rule, func() error { return rule.File(pass, f.File) }) }
		if err := r.guard(pass, f.Path, source.Location{File: f.File.File, Span: f.File.Line(1)}, call); err != nil {
			errs = append(errs, err)
		}
		f.passes = keep(f.passes, pass)
	}
	f.about, f.judged, f.failure = aboutOf(f.File), true, errors.Join(errs...)
	if f.world != nil && f.failure == nil {
		f.world.memory.learnFile(f.File, f.passes)
	}
	r.detach(f.passes)
}

// keep adds a pass that has something to say. Its unit and graph go, or those of
// all units would be kept to the end.
func keep(passes []*analyzer.Pass, p *analyzer.Pass) []*analyzer.Pass {
	if len(p.Findings)+len(p.Skipped) == 0 {
		return passes
	}
	p.Unit, p.Graph = nil, nil
	return append(passes, p)
}

// judgeUnit builds the graph of a unit that was put together and runs the rules on
// it.
func (r *run) judgeUnit(t *task) {
	u := t.unit
	if u == nil {
		return
	}
	t.annotated = annotated(u)
	if len(r.unitRules) > 0 || r.options.Ties {
		t.failure = r.askUnit(t)
		r.confirm(t)
		t.nameValues()
	}
	if t.world != nil && t.failure == nil {
		t.world.memory.learnUnit(t)
	}
	if !r.lean || t.annotated {
		return
	}
	r.detach(t.passes)
	t.unit, t.Made = nil, nil
	if t.Build != nil {
		t.Build.Resources = nil
	}
}

func (r *run) askUnit(t *task) error {
	u, nodes := t.unit, r.nodes
	if len(u.Nodes) > 0 {
		nodes = u.Nodes
	}
	u.Policies = r.policies
	built := r.options.Stats.working("graphs")
	g := graph.Build(u, nodes)
	built()
	clock := r.options.Stats.ruleClock(g)
	var errs []error
	for _, rule := range r.unitRules {
		pass := &analyzer.Pass{Rule: rule, Unit: u, Graph: g, Kubernetes: r.kubernetes, Options: r.ruleOptions(rule)}
		call := func() error { return clock.run(rule, func() error { return rule.Run(pass) }) }
		if err := r.guard(pass, u.Name, placeOfUnit(u), call); err != nil {
			errs = append(errs, err)
		}
		pass.Findings = withinText(u, pass.Findings)
		t.passes = keep(t.passes, pass)
	}
	t.passes = withoutSuperseded(t.passes)
	if r.options.Ties {
		ties := readTies(g, t.passes)
		t.ties = &ties
	}
	return errors.Join(errs...)
}
