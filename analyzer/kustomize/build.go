package kustomize

import (
	"context"
	"fmt"
	"log"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	edlib "github.com/hbollon/go-edlib"
	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Tree is the directory tree that builds read.
type Tree struct {
	// Root is absolute, with its links followed.
	Root string
	// Read returns the bytes of a file by its path inside the tree.
	Read func(rel string) ([]byte, error)
	// File returns the parsed file of a path inside the tree, nil if it cannot
	// be read.
	File func(rel string) *manifest.File
	// Kustomizations are all of the tree, by directory.
	Kustomizations map[string]*Kustomization
	// Helm is the helm command that renders Helm charts, which may fetch them
	// and runs as a process of its own; "" leaves them unrendered.
	Helm string
	// Begin is called before each build, from several goroutines at once, and
	// returns what is called when it ends. A reason keeps the directory from being
	// built: as one of Build.Unbuilt, or as one of Build.Failure. It may be nil.
	Begin func(dir string) (end func(), reason *Reason, unbuilt bool)
	// Built is called after each build, from several goroutines at once; nil if
	// nobody counts them.
	Built func()

	mu             sync.Mutex
	configurations map[*Kustomization]*configuration

	looked sync.Map // what the file system has said, see fileSystem
}

// Build is a kustomization that was built, or was to be.
type Build struct {
	Kustomization *Kustomization
	// Resources are what it makes, in kustomize's order. They are nil if it
	// could not be built.
	Resources []*manifest.Resource
	// Parts are the kustomizations it is made of, its own the first.
	Parts []*Kustomization
	// Files are the files that were read, inside the tree, and those that were
	// gone by then.
	Files []string
	// Looked is what was found at further paths that were looked at, absolute,
	// in the words of Look: where nothing is, or a link, or a directory that
	// holds no kustomization. A build of the same Files, Parts and
	// kustomizations is the same as long as that is.
	Looked map[string]string
	// Missing are the files of generators that are not there, as it is with what
	// is kept out of a repository or made before a build. They were taken for
	// empty: the keys that they make are known, their content is not.
	Missing []Reference
	// Unbuilt says what it would need that is not there by design: the network,
	// a plugin, helm. Failure says what kustomize refuses. Both are nil if it
	// was built.
	Unbuilt *Reason
	Failure *Reason

	tree    *Tree
	overlay *Overlay // nil for a kustomization as it is written
}

// Reason is why a kustomization was not built.
type Reason struct {
	// Text is one sentence without a full stop.
	Text string
	// In and Field are the kustomization and the field path of the entry at
	// fault; a nil Field means the kustomization as a whole.
	In    *Kustomization
	Field []string
	// Help says what to do about it; "" if there is nothing particular.
	Help string
}

// Location is the place of the entry at fault.
func (r *Reason) Location() source.Location {
	if len(r.Field) == 1 { // the value of a whole field may begin on the next line
		of := manifest.Resource{Document: r.In.Document, Node: r.In.Document.Root}
		return of.KeyLocation(r.Field...)
	}
	return r.In.Location(r.Field...)
}

// Built reports whether Resources are what a cluster would get.
func (b *Build) Built() bool { return b.Unbuilt == nil && b.Failure == nil }

// building serialises the builds of a process, because kustomize keeps the
// OpenAPI schema in a global variable, and for silence.
var building sync.Mutex

// silence keeps to itself what kustomize prints while it builds, warnings about
// deprecated fields and about variables: they say nothing of the objects. It
// returns what ends it.
func silence() (end func()) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return func() {}
	}
	stderr, logged := os.Stderr, log.Writer()
	os.Stderr = null
	log.SetOutput(null)
	return func() {
		os.Stderr = stderr
		log.SetOutput(logged)
		null.Close()
	}
}

// BuildAll builds the kustomizations of directories, in parallel. The results
// stand in the order of dirs. The error is that of the context.
func (t *Tree) BuildAll(ctx context.Context, dirs []string) ([]*Build, error) {
	return t.buildAll(ctx, len(dirs), func(i int) *Build { return t.prepare(t.Kustomizations[dirs[i]], nil) })
}

// buildAll builds what prepare returns for 0 to n-1.
func (t *Tree) buildAll(ctx context.Context, n int, prepare func(i int) *Build) ([]*Build, error) {
	building.Lock()
	defer building.Unlock()
	defer silence()()
	builds := make([]*Build, n)
	var alone []int // builds that change the schema for everybody
	var next atomic.Int64
	group, running := errgroup.WithContext(ctx)
	var mu sync.Mutex
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || running.Err() != nil {
					return running.Err()
				}
				b := prepare(i)
				builds[i] = b
				if b.ownSchema() {
					mu.Lock()
					alone = append(alone, i)
					mu.Unlock()
					continue
				}
				t.build(b)
			}
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, i := range alone {
		t.build(builds[i])
		openapi.ResetOpenAPI()
	}
	for _, b := range builds {
		b.hideSecrets()
	}
	return builds, ctx.Err()
}

// prepare finds the parts of a kustomization and what keeps it from being
// built. The overlay may be nil.
func (t *Tree) prepare(root *Kustomization, overlay *Overlay) *Build {
	b := &Build{Kustomization: root, tree: t, Looked: map[string]string{}, overlay: overlay}
	seen := map[string]bool{}
	var visit func(k *Kustomization)
	visit = func(k *Kustomization) {
		if seen[k.Dir] {
			return
		}
		seen[k.Dir] = true
		b.Parts = append(b.Parts, k)
		for _, u := range k.Unbuilt {
			if b.Unbuilt == nil && (u.Reason != needsHelm || t.Helm == "") {
				b.Unbuilt = &Reason{Text: u.Reason, In: k, Field: u.Field}
			}
		}
		for _, target := range k.Targets {
			switch base := t.Kustomizations[target.Path]; {
			case base != nil:
				visit(base)
			case target.Path != "":
				b.need(k, target)
			}
		}
		for _, input := range k.Inputs {
			if input.Path != "" && t.Kustomizations[input.Path] == nil {
				b.need(k, input)
			}
		}
	}
	visit(b.Kustomization)
	for _, k := range b.Parts {
		t.generatorFiles(b, k)
	}
	if b.Unbuilt != nil {
		b.Failure = nil
	}
	return b
}

// need looks for what an entry names. What does not exist fails the build,
// unless something makes it before each build: then it is not built here.
func (b *Build) need(k *Kustomization, r Reference) {
	reason := b.missing(k, r)
	if reason == nil {
		return
	}
	if maker := b.madeBefore(k, r); maker != "" {
		if b.Unbuilt == nil {
			b.Unbuilt = &Reason{Text: fmt.Sprintf("%s does not exist: %s, so it is made before each build", r.Text, maker), In: k, Field: r.Field}
		}
	} else if b.Failure == nil {
		b.Failure = reason
	}
}

// generatorFiles looks for the files that the generators of a kustomization
// read. A list of variables that does not exist leaves it unbuilt, because its
// keys are unknown; any other file is taken for empty, unless its name is a
// slip for one that exists.
func (t *Tree) generatorFiles(b *Build, k *Kustomization) {
	for _, m := range t.readMakers(k) { // not the patches, which count as read once they are
		for _, g := range k.inputsOf(m) {
			if g.Path == "" || b.missing(k, g.Reference) == nil {
				continue
			}
			switch other := b.similar(g.Path); {
			case other != "" && b.Failure == nil:
				b.Failure = &Reason{Text: fmt.Sprintf("%s does not exist, but %s does", path.Base(g.Path), other), In: k, Field: g.Field}
			case !g.variables:
				b.Missing = append(b.Missing, g.Reference)
			case b.Unbuilt == nil:
				b.Unbuilt = &Reason{Text: g.Text + " does not exist, and it would say which keys are made", In: k, Field: g.Field}
			}
		}
	}
}

// similar returns the name of a file that a path may have meant, "" if there is
// none beside it.
func (b *Build) similar(rel string) string {
	dir := b.tree.abs(path.Dir(rel)) + "/"
	b.Looked[dir] = b.tree.state(dir)
	for other := range strings.SplitSeq(b.Looked[dir], "/") {
		if name := path.Base(rel); len(name) > 4 && edlib.OSADamerauLevenshteinDistance(other, name) == 1 {
			return other
		}
	}
	return ""
}

// missing says that an entry names nothing that can be built; nil if it does.
func (b *Build) missing(k *Kustomization, r Reference) *Reason {
	name := b.tree.abs(r.Path)
	info, err := os.Stat(name)
	switch {
	case os.IsNotExist(err):
		b.Looked[name] = b.tree.state(name)
		return &Reason{Text: r.Text + " does not exist", In: k, Field: r.Field}
	case err == nil && info.IsDir():
		b.Looked[name] = b.tree.state(name)
		return &Reason{Text: r.Text + " is a directory without a kustomization", In: k, Field: r.Field}
	}
	return nil
}

// ownSchema reports whether the kustomization brings an OpenAPI schema.
func (b *Build) ownSchema() bool {
	for _, k := range b.Parts {
		if manifest.Get(k.Document.Root, "openapi") != nil {
			return true
		}
	}
	return false
}

// build runs kustomize on what prepare found nothing against.
func (t *Tree) build(b *Build) {
	if t.Built != nil {
		defer t.Built()
	}
	if !b.Built() {
		return
	}
	if t.Begin != nil {
		end, reason, unbuilt := t.Begin(b.Kustomization.Dir)
		if reason != nil {
			reason.In = b.Kustomization
		}
		if reason != nil && unbuilt {
			b.Unbuilt = reason
			return
		}
		if reason != nil {
			b.Failure = reason
			return
		}
		defer end()
	}
	origins, err := t.origins(b)
	if err != nil {
		t.explain(b, err)
		return
	}
	b.Resources = []*manifest.Resource{}
	for _, o := range origins {
		b.Resources = append(b.Resources, manifest.Made(o.node, o))
	}
}

// origins runs kustomize and returns what it makes. Kustomizations that ask for
// annotations themselves get those that are needed here.
func (t *Tree) origins(b *Build) ([]*origin, error) {
	tracer := newTracer(t, b)
	if manifest.Get(b.Kustomization.Document.Root, "buildMetadata") == nil {
		made, err := t.run(b, false)
		if err != nil {
			return nil, err
		}
		if origins := tracer.guess(made.Resources()); origins != nil {
			return origins, nil
		}
	}
	made, err := t.run(b, true)
	if err != nil {
		return nil, err
	}
	var origins []*origin
	for _, r := range made.Resources() {
		origins = append(origins, tracer.said(r))
	}
	return origins, nil
}

// run is a build as "kustomize build --load-restrictor LoadRestrictionsNone"
// does it, which is how GitOps controllers build too. Plugins are off. origins
// has kustomize say where each object comes from.
func (t *Tree) run(b *Build, origins bool) (resmap.ResMap, error) {
	return t.runOn(b, &fileSystem{origins: origins})
}

// runWithout is run without an entry of a kustomization.
func (t *Tree) runWithout(b *Build, in *Kustomization, entry []string) (resmap.ResMap, error) {
	return t.runOn(b, &fileSystem{cut: in, entry: entry})
}

// runOn is run on a file system of which the options are set.
func (t *Tree) runOn(b *Build, fs *fileSystem) (made resmap.ResMap, err error) {
	fs.FileSystem, fs.tree, fs.root, fs.looked = filesys.MakeFsOnDisk(), t, b.Kustomization.Dir, b.Looked
	fs.overlay = b.overlay
	fs.empty = map[string]bool{}
	for _, m := range b.Missing {
		fs.empty[m.Path] = true
	}
	files := b.Files
	defer func() { b.Files = append(slices.Clip(files), fs.read...); fs.forgetRead() }()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("kustomize panics: %v", p)
		}
	}()
	o := krusty.MakeDefaultOptions()
	o.LoadRestrictions = types.LoadRestrictionsNone
	if t.Helm != "" {
		o.PluginConfig.HelmConfig.Enabled = true
		o.PluginConfig.HelmConfig.Command = t.Helm
	}
	return krusty.MakeKustomizer(o).Run(fs, t.abs(b.Kustomization.Dir))
}

// at returns the kustomization of a directory or file that an error names.
func (t *Tree) at(name string) *Kustomization {
	rel, ok := t.inside(name)
	if !ok {
		return nil
	}
	if k := t.Kustomizations[rel]; k != nil {
		return k
	}
	return t.Kustomizations[path.Dir(rel)]
}
