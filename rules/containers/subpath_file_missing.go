package containers

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// SubPathFileMissing reports mounts whose subPath names no file of the ConfigMap
// or Secret.
var SubPathFileMissing = &analyzer.Rule{
	ID:    "subpath-file-missing",
	Title: "subPath names a file that the volume does not have",
	Claim: analyzer.Broken,
	Kinds: podKinds,
	Why: `subPath mounts one file of a volume. If the ConfigMap or Secret has no such key, or its items give the key another path, kubelet creates an empty directory of that name and mounts it where the file was meant: the program fails to read its file, or the container does not start because a directory cannot be mounted over a file.

Only volumes are judged whose content is known: an object whose data is empty, or that is annotated for a tool which fills it in, is left alone.`,
	Bad: `apiVersion: v1
kind: ConfigMap
metadata:
  name: config
data:
  application.toml: "a = 1"
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  volumes:
    - name: config
      configMap: {name: config}
  containers:
    - name: web
      image: example/web
      volumeMounts:
        - {name: config, mountPath: /srv/app.toml, subPath: app.toml}
`,
	Good: `apiVersion: v1
kind: ConfigMap
metadata:
  name: config
data:
  application.toml: "a = 1"
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  volumes:
    - name: config
      configMap: {name: config}
  containers:
    - name: web
      image: example/web
      volumeMounts:
        - {name: config, mountPath: /srv/app.toml, subPath: application.toml}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/storage/volumes/#using-subpath",
		"k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go: makeMounts creates the directory of a subPath that does not exist",
	},
	Run: func(p *analyzer.Pass) error {
		eachContainer(p, func(w *graph.Workload, c graph.Container) {
			for _, m := range mountsOf(p, w, c) {
				if m.subPath != "" && m.known && !m.has(m.subPath) {
					p.Report(noSuchFile(w, c, m))
				}
			}
		})
		return nil
	},
}

func noSuchFile(w *graph.Workload, c graph.Container, m mount) analyzer.Finding {
	at := append(slices.Clone(m.entry), "subPath")
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s: container %s mounts subPath %s of %s, which has no such file", w, c.Name, m.subPath, m.called()),
		Label:       "no file of this name",
		Consequence: fmt.Sprintf("kubelet mounts an empty directory at %s, where the program expects a file", m.dir),
		Help:        fmt.Sprintf("set subPath to a file of the volume (%s), or add %s to %s", m.files(), m.subPath, m.called()),
		Location:    w.EntryLocation(at...),
		Path:        at,
		Resource:    w.Resource,
		Related:     inVolume(w, m),
	}
	if best, ok := nearmiss.Nearest(m.subPath, slices.Sorted(maps.Keys(m.modes))); ok || len(m.modes) == 1 {
		if !ok {
			best = m.files()
		}
		f.Help = fmt.Sprintf("set subPath to %s, which %s has", best, m.called())
	}
	return f
}

// inVolume points at the files that a volume has.
func inVolume(w *graph.Workload, m mount) []analyzer.Related {
	related := []analyzer.Related{{Location: w.EntryLocation(m.path...), Message: "the volume has " + m.files()}}
	if len(m.objects) == 1 {
		related[0].Location = m.objects[0].NameLocation()
	}
	return related
}
