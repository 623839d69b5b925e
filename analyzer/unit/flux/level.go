package flux

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hbollon/go-edlib"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

func index(i int) string { return strconv.Itoa(i) }

// level builds Kustomizations and returns those that they apply.
func (f *finder) level(ctx context.Context, all []*applied) ([]*applied, error) {
	var overlays []*kustomize.Overlay
	var building []*applied
	f.all = append(f.all, all...)
	for _, a := range all {
		f.plan(a)
		if a.overlay != nil {
			overlays, building = append(overlays, a.overlay), append(building, a)
		}
	}
	builds, err := f.Build(ctx, overlays)
	if err != nil {
		return nil, err
	}
	for i, a := range building {
		a.take(builds[i])
		if !a.build.Built() {
			a.resources = f.asWritten(a.dir)
		}
		for _, r := range a.resources {
			if r.Group == "" && (r.Kind == "ConfigMap" || r.Kind == "Secret") {
				f.configs[a.cluster] = append(f.configs[a.cluster], r)
			}
		}
	}
	var next []*applied
	for _, a := range building {
		f.substitute(a)
		for _, r := range a.resources {
			if isKustomization(r) {
				next = append(next, &applied{Resource: r, cluster: a.cluster})
			}
		}
	}
	return f.unseen(next), nil
}

// plan finds what a Kustomization builds.
func (f *finder) plan(a *applied) {
	a.delivery, a.dir = &unit.Delivery{By: a.Resource}, pathOf(a.Resource)
	if !f.isOwn(a.Resource) || manifest.IsPlaceholder(manifest.String(a.Node, "spec", "path")) {
		return
	}
	if !f.IsDir(a.dir) {
		return // judged once all are known
	}
	k := f.Kustomizations[a.dir]
	if k == nil {
		g := f.generate(a.dir)
		k, a.delivery.Generated = g.Kustomization, true
		for _, d := range g.refused {
			a.delivery.Problems = append(a.delivery.Problems, f.noManifest(a, d))
		}
		for _, rel := range g.unread {
			a.delivery.Open = append(a.delivery.Open, f.Show(rel)+" could not be read")
		}
		if len(k.Targets) == 0 {
			return
		}
	}
	f.checkComponents(a)
	a.overlay = f.overlayOf(a, k)
}

// take takes over what became of the build.
func (a *applied) take(b *kustomize.Build) {
	a.build, a.resources = b, slices.Clone(b.Resources)
	if b.Failure == nil || !a.delivery.Generated || b.Failure.In != a.overlay.Kustomization {
		return // kustomize-build-fails reports it at its place
	}
	a.delivery.Problems = append(a.delivery.Problems, unit.Problem{
		Kind: unit.BuildFails, Resource: a.Resource, Path: []string{"spec", "path"},
		Message:     a.String() + " cannot be built: " + b.Failure.Text,
		Label:       "Flux generates the kustomization of this directory",
		Consequence: "reconciliation fails with BuildFailed, so none of its objects are applied",
		Help:        "add a kustomization.yaml to the directory that lists what belongs together, or remove what is in conflict",
	})
}

// asWritten returns the objects that a path leads to as their files hold them.
func (f *finder) asWritten(dir string) []*manifest.Resource {
	var all []*manifest.Resource
	for _, rel := range f.closure(dir) {
		if file := f.Parse(rel); file != nil {
			all = append(all, file.Resources()...)
		}
	}
	return all
}

// noManifest says that a file breaks the generated kustomization.
func (f *finder) noManifest(a *applied, d *manifest.Document) unit.Problem {
	at := a.Location("spec", "path")
	return unit.Problem{
		Kind: unit.NoManifest, Resource: a.Resource, Path: []string{"spec", "path"},
		Message:     a.String() + " cannot be built: " + f.Show(d.File.Rel) + " is not a Kubernetes manifest",
		Label:       "every YAML file below is applied",
		Consequence: "reconciliation fails: failed to decode Kubernetes YAML from " + d.File.Rel,
		Help:        "add a kustomization.yaml to " + f.Show(a.dir) + " that lists the manifests, or exclude the file in .sourceignore",
		At:          at,
	}
}

// checkComponents looks for the components of a Kustomization. A missing one fails
// the build unless spec.ignoreMissingComponents is set.
func (f *finder) checkComponents(a *applied) {
	if manifest.Bool(a.Node, "spec", "ignoreMissingComponents") {
		return
	}
	for i, n := range manifest.Items(a.Get("spec", "components")) {
		text := manifest.String(n)
		rel := path.Join(a.dir, text)
		if text == "" || manifest.IsPlaceholder(text) || strings.Contains(text, "://") || f.Kustomizations[rel] != nil || strings.HasPrefix(rel, "../") {
			continue
		}
		p := unit.Problem{
			Kind: unit.ComponentMissing, Resource: a.Resource, Path: []string{"spec", "components", index(i)},
			Message:     a.String() + " uses component " + text + ", which does not exist",
			Label:       "no kustomization at " + f.Show(rel),
			Consequence: "reconciliation fails with BuildFailed, so none of its objects are applied",
			Help:        "use the path of a component, relative to spec.path (" + manifest.String(a.Node, "spec", "path") + ")",
		}
		if other := f.nearest(rel); other != "" {
			p.Help = "use " + relative(a.dir, other)
		}
		a.delivery.Problems = append(a.delivery.Problems, p)
	}
}

// checkPath reports a path that does not exist: one that is close to another, or of
// a source that other paths have proven to be this tree.
func (f *finder) checkPath(a *applied) {
	text := manifest.String(a.Node, "spec", "path")
	if text == "" || !f.isOwn(a.Resource) || manifest.IsPlaceholder(text) || f.IsDir(a.dir) {
		return
	}
	other := f.nearest(a.dir)
	first, _, _ := strings.Cut(a.dir, "/")
	if other == "" && !(f.proven(a.Resource) && f.IsDir(first)) {
		return
	}
	p := unit.Problem{
		Kind: unit.PathMissing, Resource: a.Resource, Path: []string{"spec", "path"},
		Message:     a.String() + " applies " + text + ", which does not exist",
		Label:       "no such directory",
		Consequence: "reconciliation fails with ArtifactFailed: kustomization path not found, so nothing is applied",
		Help:        "set spec.path to a directory of the repository",
	}
	if other != "" {
		p.Help = "set spec.path to ./" + other
	}
	a.delivery.Problems = append(a.delivery.Problems, p)
}

// nearest returns the directory that a path may have meant: one of the same
// directory whose name is close; "" if there is none, or several.
func (f *finder) nearest(rel string) string {
	found := map[string]bool{}
	var best []string
	for _, file := range f.Files {
		for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
			if found[dir] {
				break
			}
			found[dir] = true
			if strings.Count(dir, "/") == strings.Count(rel, "/") && slip(dir, rel) {
				best = append(best, dir)
			}
		}
	}
	if len(best) != 1 {
		return ""
	}
	return best[0]
}

// slip reports whether two paths of equal length differ in one step, by a slip.
func slip(a, b string) bool {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	off := 0
	for i := range x {
		if x[i] == y[i] {
			continue
		}
		limit := 1
		if len(x[i]) >= 4 && len(y[i]) >= 4 {
			limit = 2
		}
		far := edlib.OSADamerauLevenshteinDistance(x[i], y[i]) > limit
		if off++; off > 1 || far || min(len(x[i]), len(y[i])) < 3 || strings.Map(noDigits, x[i]) == strings.Map(noDigits, y[i]) {
			return false
		}
	}
	return off == 1
}

// noDigits drops digits: web-1 and web-2 are two things.
func noDigits(r rune) rune {
	if '0' <= r && r <= '9' {
		return -1
	}
	return r
}

// relative returns the way from a directory to another.
func relative(from, to string) string {
	for up := ""; ; up += "../" {
		if from == "." {
			return up + to
		}
		if rest, ok := strings.CutPrefix(to, from+"/"); ok {
			return up + rest
		}
		from = path.Dir(from)
	}
}
