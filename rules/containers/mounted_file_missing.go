package containers

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
)

// MountedFileMissing reports programs and scripts in a directory that a ConfigMap
// or Secret covers and that does not have them.
var MountedFileMissing = &analyzer.Rule{
	ID:    "mounted-file-missing",
	Title: "A program lies in a directory that a volume hides",
	Claim: analyzer.Broken,
	Kinds: podKinds,
	Why: `A volume that is mounted at a directory hides what the image has there. Of a ConfigMap or Secret nothing remains but its keys: a program or a script in that directory that is no key does not exist in the container. To add single files to a directory of the image, mount each with subPath.

Looked at are the executable of a command, a probe or a hook, the script that an interpreter runs, and the first command of a script behind sh -c.`,
	Bad: `apiVersion: v1
kind: ConfigMap
metadata:
  name: config
data:
  app.yaml: "a: 1"
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
      command: [/app/server]
      volumeMounts:
        - {name: config, mountPath: /app}
`,
	Good: `apiVersion: v1
kind: ConfigMap
metadata:
  name: config
data:
  app.yaml: "a: 1"
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
      command: [/app/server]
      volumeMounts:
        - {name: config, mountPath: /app/app.yaml, subPath: app.yaml}
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/#populate-a-volume-with-data-stored-in-a-configmap",
		"mount(2): the previous contents of the mount point are hidden",
	},
	Run: func(p *analyzer.Pass) error {
		eachContainer(p, func(w *graph.Workload, c graph.Container) {
			mounts := mountsOf(p, w, c)
			for _, run := range programs(c) {
				for _, file := range runFiles(run) {
					m, inside := at(mounts, file.name)
					// A subPath that names no file is another fault.
					if m != nil && m.known && !m.has(inside) && (m.subPath == "" || m.has(m.subPath)) {
						p.Report(hiddenFile(w, c, run, file, m))
					}
				}
			}
		})
		return nil
	},
}

func hiddenFile(w *graph.Workload, c graph.Container, run program, file runFile, m *mount) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s: the %s of container %s runs %s, but %s is mounted at %s and has no such file", w, run.name, c.Name, file.name, m.called(), m.dir),
		Label:       "does not exist in the container",
		Consequence: run.consequence,
		Help:        fmt.Sprintf("run a file that the volume has (%s), or mount single files with subPath so that the image's %s stays", m.files(), m.dir),
		Location:    w.EntryLocation(file.word.path...),
		Path:        file.word.path,
		Resource:    w.Resource,
		Related:     []analyzer.Related{{Location: w.EntryLocation(append(slices.Clone(m.entry), "mountPath")...), Message: "hides what the image has here"}},
	}
	f.Related = append(f.Related, inVolume(w, *m)...)
	return f
}
