package helm

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/ignore"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// loaded is a chart with those it depends on, and where their files stand.
type loaded struct {
	from  Chart
	chart *chart.Chart
	// files are the templates, values.yaml and the files of crds/ of all charts.
	// Helm copies charts, but not the files they hold.
	files map[*common.File]*source.File
	// sources are those files in order, and the values that were given.
	sources []*source.File
	// missing are the dependencies that are not there, by name.
	missing []string
	// local reports that a dependency was found by file://.
	local bool
	depth int // of dependencies by file://
}

// load reads a chart. Helm's own loader would open files by name.
func load(from Chart) (*loaded, error) {
	files, err := list(from.FS)
	if err != nil {
		return nil, err
	}
	l := &loaded{from: from, files: map[*common.File]*source.File{}}
	if l.chart, err = l.load("", files); err != nil {
		return nil, err
	}
	return l, l.installable()
}

// Name returns the name that a chart has, which need not be that of its
// directory; "" if its Chart.yaml says none or cannot be read.
func Name(dir fs.FS) string {
	data, err := read(dir, "Chart.yaml")
	if err != nil {
		return ""
	}
	for _, d := range manifest.ParseAny(source.NewFile("", "", data)).Documents {
		if d.Root != nil {
			return manifest.String(d.Root, "name")
		}
	}
	return ""
}

// read does not wait for what is no regular file.
func read(dir fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(dir, name)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	if err != nil {
		return nil, err
	}
	return fs.ReadFile(dir, name)
}

// list reads the files that .helmignore does not name.
func list(dir fs.FS) ([]*archive.BufferedFile, error) {
	rules := ignore.Empty()
	if data, err := read(dir, ignore.HelmIgnore); err == nil {
		if rules, err = ignore.Parse(bytes.NewReader(data)); err != nil {
			return nil, fmt.Errorf("%s: %w", ignore.HelmIgnore, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	rules.AddDefaults()
	var files []*archive.BufferedFile
	err := fs.WalkDir(dir, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		info, err := fs.Stat(dir, name) // with links followed
		switch {
		case err != nil:
			return err
		case rules.Ignore(name, info) && e.IsDir():
			return fs.SkipDir
		case rules.Ignore(name, info) || e.IsDir():
			return nil
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is not a regular file, or a link to a directory", name)
		case info.Size() > archive.MaxDecompressedFileSize:
			return fmt.Errorf("%s is larger than Helm reads (%d bytes)", name, archive.MaxDecompressedFileSize)
		}
		data, err := fs.ReadFile(dir, name)
		files = append(files, &archive.BufferedFile{Name: name, Data: bytes.TrimPrefix(data, []byte(source.BOM))})
		return err
	})
	return files, err
}

// load makes a chart of files; at is where they stand below the chart that was
// asked for.
func (l *loaded) load(at string, files []*archive.BufferedFile) (*chart.Chart, error) {
	var own []*archive.BufferedFile
	below := map[string][]*archive.BufferedFile{}
	for _, f := range files {
		name, isBelow := strings.CutPrefix(f.Name, "charts/")
		dir, rest, isDir := strings.Cut(name, "/")
		switch {
		case !isBelow:
			own = append(own, f)
		case strings.HasPrefix(dir, "_") || strings.HasPrefix(dir, "."):
		case isDir:
			below[dir] = append(below[dir], &archive.BufferedFile{Name: rest, Data: f.Data})
		case path.Ext(dir) == ".tgz":
			packed, err := archive.LoadArchiveFiles(bytes.NewReader(f.Data))
			if err != nil {
				return nil, fmt.Errorf("charts/%s: %w", dir, err)
			}
			below[dir] = packed
		}
	}
	for _, f := range own {
		if f.Name != valuesFile {
			continue
		}
		if err := checkValues(l.file(path.Join(at, f.Name), f.Data)); err != nil {
			return nil, err
		}
	}
	c, err := loader.LoadFiles(own)
	if err != nil {
		return nil, err
	}
	l.remember(at, c)
	for _, dir := range slices.Sorted(maps.Keys(below)) {
		dependency, err := l.load(path.Join(at, "charts", dir), below[dir])
		if err != nil {
			return nil, fmt.Errorf("charts/%s: %w", dir, err)
		}
		c.AddDependency(dependency)
	}
	return c, l.addLocal(at, c)
}

// maxLocal bounds how deep dependencies by file:// lead: one may name itself.
const maxLocal = 8

// addLocal adds the dependencies that a chart names by file:// and that are not in
// its charts/, where "helm dependency build" puts them.
func (l *loaded) addLocal(at string, c *chart.Chart) error {
	for _, d := range c.Metadata.Dependencies {
		if d == nil || has(c, d.Name) {
			continue
		}
		way, isLocal := strings.CutPrefix(d.Repository, "file://")
		if !isLocal || path.IsAbs(way) || l.from.Local == nil || l.depth >= maxLocal {
			continue
		}
		at := path.Join(at, way)
		dir, err := l.from.Local(at)
		if err != nil {
			continue // it is missing
		}
		files, err := list(dir)
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		l.local = true
		l.depth++
		dependency, err := l.load(at, files)
		l.depth--
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if dependency.Name() == d.Name {
			c.AddDependency(dependency)
		}
	}
	return nil
}

// has reports whether a dependency of a chart is there.
func has(c *chart.Chart, name string) bool {
	return slices.ContainsFunc(c.Dependencies(), func(d *chart.Chart) bool { return d.Name() == name })
}

func (l *loaded) remember(at string, c *chart.Chart) {
	values := slices.DeleteFunc(slices.Clone(c.Raw), func(f *common.File) bool { return f.Name != valuesFile })
	for _, f := range slices.Concat(c.Templates, values, c.Files) {
		name := path.Join(at, f.Name)
		if strings.HasPrefix(f.Name, "templates/") || strings.HasPrefix(f.Name, "crds/") || f.Name == valuesFile {
			l.files[f] = l.file(name, f.Data)
			l.sources = append(l.sources, l.files[f])
		}
	}
}

func (l *loaded) file(name string, data []byte) *source.File {
	return source.NewFile(path.Join(l.from.Path, name), path.Join(l.from.Rel, name), data)
}

const valuesFile = "values.yaml"

// installable returns why Helm would not even begin (helm pkg/cmd/install.go
// checkIfInstallable). It notes the dependencies that are missing, for which Helm
// refuses the chart (pkg/action CheckDependencies): "helm dependency build"
// fetches them.
func (l *loaded) installable() error {
	if t := l.chart.Metadata.Type; t != "" && t != "application" {
		return fmt.Errorf("a %s chart is not installed by itself", t)
	}
	for _, d := range l.chart.Metadata.Dependencies {
		if d != nil && !has(l.chart, d.Name) && !slices.Contains(l.missing, d.Name) {
			l.missing = append(l.missing, d.Name)
		}
	}
	return nil
}
