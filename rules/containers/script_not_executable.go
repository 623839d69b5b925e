package containers

import (
	"fmt"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
)

// ScriptNotExecutable reports scripts from ConfigMaps and Secrets that are run
// without the mode for it.
var ScriptNotExecutable = &analyzer.Rule{
	ID:    "script-not-executable",
	Title: "A script from a ConfigMap is executed without an executable mode",
	Claim: analyzer.Broken,
	Kinds: podKinds,
	Why:   `The files of ConfigMap and Secret volumes get mode 0644 unless defaultMode or the mode of an item says otherwise, and the volume is read-only, so that no chmod helps. A file without an executable bit cannot be executed, not by root either: permission denied. fsGroup adds no such bit to files.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  volumes:
    - name: scripts
      configMap: {name: scripts}
  containers:
    - name: web
      image: example/web
      command: [/scripts/run.sh]
      volumeMounts:
        - {name: scripts, mountPath: /scripts}
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  volumes:
    - name: scripts
      configMap: {name: scripts, defaultMode: 0755}
  containers:
    - name: web
      image: example/web
      command: [/scripts/run.sh]
      volumeMounts:
        - {name: scripts, mountPath: /scripts}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/storage/volumes/#configmap",
		"k8s.io/api/core/v1/types.go: ConfigMapVolumeSourceDefaultMode",
		"execve(2): EACCES",
	},
	Run: func(p *analyzer.Pass) error {
		eachContainer(p, func(w *graph.Workload, c graph.Container) {
			mounts := mountsOf(p, w, c)
			for _, run := range programs(c) {
				for _, file := range runFiles(run) {
					m, inside := at(mounts, file.name)
					if !file.executed || m == nil || m.modes == nil || m.known && !m.has(inside) {
						continue
					}
					mode, ok := m.modes[inside]
					if !ok {
						mode = m.rest
					}
					if mode&0o111 == 0 {
						p.Report(notExecutable(w, c, run, file, m, mode))
					}
				}
			}
		})
		return nil
	},
}

func notExecutable(w *graph.Workload, c graph.Container, run program, file runFile, m *mount, mode int) analyzer.Finding {
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s: the %s of container %s executes %s of %s, whose mode is 0%o", w, run.name, c.Name, file.name, m.called(), mode),
		Label:       "not executable",
		Consequence: run.consequence + ": permission denied",
		Help:        fmt.Sprintf("set defaultMode: 0755 on the volume, or start an interpreter: [\"/bin/sh\", %s]", strconv.Quote(file.name)),
		Location:    w.EntryLocation(file.word.path...),
		Path:        file.word.path,
		Resource:    w.Resource,
		Related:     []analyzer.Related{{Location: w.EntryLocation(m.path...), Message: "the volume sets no executable mode"}},
	}
}
