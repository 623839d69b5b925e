package containers

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// FileModeDecimal reports modes of files that were meant in octal and are read
// as decimal numbers.
var FileModeDecimal = &analyzer.Rule{
	ID:    "file-mode-decimal",
	Title: "A file mode without its leading zero",
	Claim: analyzer.Suspect,
	Kinds: podKinds,
	Why:   `The modes of files in volumes are numbers. YAML reads 0400 as octal and 400 as decimal, and 400 is 0620: the group may write the file, and programs such as ssh refuse it. Numbers above 511, which is 0777, are refused by the API server. JSON has no octal numbers: the decimal value has to be written.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: git
spec:
  volumes:
    - name: key
      secret: {secretName: ssh-key, defaultMode: 400}
  containers:
    - name: git
      image: example/git
      volumeMounts: [{name: key, mountPath: /root/.ssh}]
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: git
spec:
  volumes:
    - name: key
      secret: {secretName: ssh-key, defaultMode: 0400}
  containers:
    - name: git
      image: example/git
      volumeMounts: [{name: key, mountPath: /root/.ssh}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/storage/volumes/#secret",
		"k8s.io/api/core/v1/types.go: SecretVolumeSource.DefaultMode",
		"k8s.io/kubernetes/pkg/apis/core/validation/validation.go: validateSecretVolumeSource",
	},
	Supersedes: verdict.Causes(verdict.Generic(apiserver.Invalid)),
	Run: func(p *analyzer.Pass) error {
		eachWorkload(p, func(w *graph.Workload) {
			for i, v := range manifest.Items(w.PodField("spec", "volumes")) {
				for _, at := range modes(v) {
					decimalMode(p, w, w.At(slices.Concat([]string{"spec", "volumes", strconv.Itoa(i)}, at)...))
				}
			}
		})
		return nil
	},
}

// modes returns the paths of the modes in a volume.
func modes(volume *manifest.Node) [][]string {
	sources := [][]string{{"secret"}, {"configMap"}, {"downwardAPI"}, {"projected"}}
	for i := range manifest.Items(manifest.Get(volume, "projected", "sources")) {
		for _, kind := range []string{"secret", "configMap", "downwardAPI"} {
			sources = append(sources, []string{"projected", "sources", strconv.Itoa(i), kind})
		}
	}
	var found [][]string
	for _, s := range sources {
		found = append(found, append(slices.Clone(s), "defaultMode"))
		for i := range manifest.Items(manifest.Get(volume, append(slices.Clone(s), "items")...)) {
			found = append(found, append(slices.Clone(s), "items", strconv.Itoa(i), "mode"))
		}
	}
	return found
}

// threeDigits matches a number that can be an octal mode without its zero.
var threeDigits = regexp.MustCompile(`^[0-7]{3}$`)

// usual are the modes that people give files.
var usual = []int64{
	0o400, 0o440, 0o444, 0o500, 0o550, 0o555, 0o600, 0o640, 0o644, 0o660, 0o664, 0o666,
	0o700, 0o740, 0o744, 0o750, 0o754, 0o755, 0o760, 0o764, 0o770, 0o774, 0o775, 0o776, 0o777,
}

// decimalMode reports the mode at a path if only its octal reading makes sense.
func decimalMode(p *analyzer.Pass, w *graph.Workload, path []string) {
	n := w.Get(path...)
	if n == nil || n.Tag != manifest.IntTag || !threeDigits.MatchString(n.Value) {
		return
	}
	octal, _ := strconv.ParseInt(n.Value, 8, 32)
	decimal, _ := strconv.ParseInt(n.Value, 10, 32)
	if !slices.Contains(usual, octal) || slices.Contains(usual, decimal) && decimal != 0o764 {
		return
	}
	field := path[len(path)-1]
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s: %s is %s, a decimal number, which is the mode 0%o", w, field, n.Value, decimal),
		Label:       "decimal, not octal",
		Consequence: fmt.Sprintf("the files get mode 0%o instead of 0%o", decimal, octal),
		Help:        fmt.Sprintf("set %s to 0%o, with a leading zero, or to %d in JSON", field, octal, octal),
		Location:    w.EntryLocation(path...),
		Path:        path,
		Resource:    w.Resource,
	}
	if decimal > 0o777 {
		f.Claim = analyzer.Rejected
		f.Message = fmt.Sprintf("%s: %s is %s, a decimal number above 511, the highest mode (0777)", w, field, n.Value)
		f.Consequence = "the API server refuses it: must be a number between 0 and 0777 (octal)"
	}
	p.Report(f)
}
