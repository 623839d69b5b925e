package text

import (
	"path"
	"path/filepath"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// RelativeDir names the directory of a resource as seen from the unit.
func RelativeDir(u *unit.Unit, r *manifest.Resource) string {
	dir := path.Dir(r.File().Path)
	rel, err := filepath.Rel(filepath.FromSlash(u.Name), filepath.FromSlash(dir))
	if err != nil {
		return dir
	}
	return filepath.ToSlash(rel)
}
