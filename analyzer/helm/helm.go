// Package helm renders charts as "helm template" does, with Helm's own engine,
// and leads every field of what comes out back to the template, or to the
// values file, that it is written in. It reads nothing outside of a chart's
// directory, asks no cluster and no network, and imports source and manifest.
package helm

import (
	"cmp"
	"fmt"
	"io/fs"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Chart is a directory with a Chart.yaml.
type Chart struct {
	// FS is the directory. Only what it holds is read: of a directory of the
	// disk take os.Root.FS, which follows no link that leads out of it.
	FS fs.FS
	// Path and Rel name the directory for people and inside the tree, as the
	// fields of source.File do.
	Path, Rel string
	// Local opens the chart that a dependency names by file://, by its path from
	// this chart, as "../common". It may be nil: then none is found.
	Local func(path string) (fs.FS, error)
}

// Options are what "helm template" gets by flags. The zero value is what it
// does without any.
type Options struct {
	// Values are further values files; of two the later one wins.
	Values []*source.File
	// ReleaseName is the name of the chart if empty, cut to what Helm allows.
	ReleaseName string
	// Namespace is ReleaseNamespace if empty.
	Namespace string
	// KubernetesVersion is what the chart gets to know as the cluster's, as
	// "1.31" or "v1.31.2"; Helm's own default if empty.
	KubernetesVersion string
	// APIVersions are what the cluster serves, as "apps/v1" and
	// "apps/v1/Deployment"; Helm's own set if empty. Those of the chart's own
	// crds/ are added.
	APIVersions []string
}

// ReleaseNamespace stands for the namespace that "helm install -n" will name. No
// fixed namespace is known to be the same, or another one.
const ReleaseNamespace = "release-namespace"

// maxReleaseName is how long Helm lets the name of a release be (helm
// pkg/chart/common/util ValidateReleaseName).
const maxReleaseName = 53

// releaseName returns the name under which a chart is rendered.
func releaseName(o Options, chart string) string {
	name := cmp.Or(o.ReleaseName, strings.ToLower(chart))
	return strings.TrimRight(name[:min(len(name), maxReleaseName)], "-.")
}

// Rendering is what a chart makes.
type Rendering struct {
	// Name is the chart's, from its Chart.yaml.
	Name string
	// Files holds the custom resource definitions of the chart as they stand,
	// and then one file for each template that makes an object, sorted by path.
	// Their resources have an Origin.
	Files []*manifest.File
	// Sources are all files that a place of an object can lie in: templates,
	// values, also those that were given, and custom resource definitions. They
	// are files of this rendering alone, because it hides secrets of them.
	Sources []*source.File
	// Missing are the dependencies without which the chart was rendered, by name:
	// they lie neither in charts/ nor elsewhere in the tree.
	Missing []string
	// Local reports that files outside of the directory went into it.
	Local bool
	// Tests counts the objects that only "helm test" creates. Files does not
	// hold them.
	Tests int
}

// NotRendered is the error of a chart that cannot be rendered, which need not
// be a fault of it: many charts want values first.
type NotRendered struct {
	// At is the place that Helm names, of a template or a values file; zero if it
	// names none.
	At source.Location
	// Reason is what Helm says, on one line.
	Reason string
	// Broken reports that no values and no dependency mend it: a template or a
	// values file that cannot be read, values that the chart's own schema
	// refuses, output that is no YAML. At is known then.
	Broken bool
}

// broken marks an error as a fault of the chart.
func (e *NotRendered) broken() *NotRendered {
	e.Broken = !e.At.IsZero()
	return e
}

// Error returns the place and the reason.
func (e *NotRendered) Error() string {
	if e.At.IsZero() {
		return e.Reason
	}
	return fmt.Sprintf("%s:%d: %s", e.At.File.Path, e.At.Start().Line, e.Reason)
}

func notRendered(format string, args ...any) *NotRendered {
	return &NotRendered{Reason: fmt.Sprintf(format, args...)}
}
