package api

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// What is said to be judged with its template has to be accepted as a Pod.
func TestPodsThatAreNotAskedAboutAreAccepted(t *testing.T) {
	t.Parallel()
	judged := 0
	err := filepath.WalkDir("../../testdata", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(name) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		u := unit.FromFile(manifest.Parse(source.NewFile(name, name, data)), "")
		for _, w := range graph.Build(u, nil).Workloads {
			if v, ok := verdict.Create(w.Resource); !ok || !v.PodsJudged {
				continue
			}
			judged++
			pod, ok := w.PodObject()
			if v := apiserver.Create(pod); !ok || len(v.Refusals) > 0 {
				t.Errorf("%s: %s: %v", name, w, v.Refusals)
			}
		}
		return nil
	})
	if err != nil || judged < 100 {
		t.Errorf("%d workloads, %v", judged, err)
	}
}
