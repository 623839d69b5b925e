package containers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// ResourceUnitWrong reports amounts of memory, storage and CPU that a unit too
// small or too large makes impossible.
var ResourceUnitWrong = &analyzer.Rule{
	ID:    "resource-unit-wrong",
	Title: "An amount of memory or CPU with the wrong unit",
	Claim: analyzer.Broken,
	Kinds: podKinds,
	Why: `A number without a unit is bytes of memory, and m is a thousandth: memory: 256 is 256 bytes, memory: 200m is a fifth of a byte. With such a limit no container starts; such a request reserves nothing. Of CPU a number without a unit is whole cores: cpu: 500 is meant as 500m.

Reported are memory and ephemeral storage below 1 MiB that are not 0, memory above 32 TiB, and CPUs in hundreds or fifties from 100 on, unless the container has memory to match: those who use machines of that size have 32 GiB and more.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      resources: {limits: {memory: 256}}
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      resources: {limits: {memory: 256Mi}}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-memory",
		"https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-cpu",
		"k8s.io/apimachinery/pkg/api/resource/quantity.go: ParseQuantity",
	},
	Supersedes: verdict.Causes(apiserver.FractionalBytes),
	Run: func(p *analyzer.Pass) error {
		eachContainer(p, func(w *graph.Workload, c graph.Container) {
			for _, name := range []string{"memory", "ephemeral-storage", "cpu"} {
				judgeAmount(p, w, c, name)
			}
		})
		return nil
	},
}

// amount is a quantity of a container's resources that cannot be meant.
type amount struct {
	list, written, meant string
	path                 []string
	small                bool
}

// judgeAmount reports the limit of a resource or else its request, if it cannot
// be meant, and says the other in the help.
func judgeAmount(p *analyzer.Pass, w *graph.Workload, c graph.Container, name string) {
	var wrong []amount
	for _, list := range []string{"limits", "requests"} {
		path := slices.Concat(c.Path, []string{"resources", list, name})
		if a, ok := readAmount(manifest.String(w.Node, path...), name); ok && !(name == "cpu" && hasMuchMemory(c)) {
			a.list, a.path = list, path
			wrong = append(wrong, a)
		}
	}
	if len(wrong) == 0 {
		return
	}
	a := wrong[0]
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s: container %s has %s.%s: %s, which is %s", w, c.Name, a.list, name, a.written, meaning(a.written, name)),
		Label:       "the unit is missing or wrong",
		Consequence: consequenceOf(a, name),
		Location:    w.EntryLocation(a.path...),
		Path:        a.path,
		Resource:    w.Resource,
	}
	if len(wrong) > 1 {
		f.Path = slices.Concat(c.Path, []string{"resources"})
	}
	if a.small == (a.list == "requests") || name == "cpu" { // it may still run
		f.Claim = analyzer.Suspect
	}
	var help []string
	for _, a := range wrong {
		help = append(help, fmt.Sprintf("%s.%s to %s", a.list, name, a.meant))
	}
	f.Help = fmt.Sprintf("set %s, if that is meant", strings.Join(help, " and "))
	p.Report(f)
}

var number = regexp.MustCompile(`^([0-9.]+)([a-zA-Z]*)$`)

const (
	mebi      = 1 << 20
	manyTebi  = 32 << 40 // more than the largest machines have
	manyCPUs  = 100
	roundCPUs = 50 // what is meant in thousandths is a multiple of this
	muchGibi  = 32 << 30
)

// hasMuchMemory reports whether a container asks for the memory of a large
// machine.
func hasMuchMemory(c graph.Container) bool {
	for _, list := range []string{"limits", "requests"} {
		if q, err := resource.ParseQuantity(manifest.String(c.Node, "resources", list, "memory")); err == nil && q.Value() >= muchGibi {
			return true
		}
	}
	return false
}

// readAmount says what a quantity was meant to be; ok is false if it may be
// meant as it is.
func readAmount(written, name string) (a amount, ok bool) {
	q, err := resource.ParseQuantity(written)
	m := number.FindStringSubmatch(written)
	if err != nil || m == nil || q.Sign() <= 0 {
		return a, false
	}
	a.written = written
	switch value := q.Value(); {
	case name == "cpu":
		a.meant = m[1] + "m"
		return a, m[2] == "" && value >= manyCPUs && value%roundCPUs == 0 && !strings.Contains(m[1], ".")
	case value < mebi:
		a.meant, a.small = m[1]+"Mi", true
		if strings.EqualFold(m[2], "g") {
			a.meant = m[1] + "Gi"
		}
		return a, true
	case name == "memory" && value > manyTebi:
		a.meant = m[1] + smaller[m[2]]
		if m[2] == "" {
			a.meant = "the amount in Mi or Gi"
		}
		return a, a.meant != m[1]
	}
	return a, false
}

// smaller is the unit below one that is too large for its number.
var smaller = map[string]string{"": " ", "k": " bytes", "Ki": " bytes", "M": "k", "Mi": "Ki", "G": "M", "Gi": "Mi", "T": "G", "Ti": "Gi", "P": "G", "Pi": "Gi", "E": "G", "Ei": "Gi"}

// meaning says what the API server reads.
func meaning(written, name string) string {
	q := resource.MustParse(written)
	switch m := number.FindStringSubmatch(written); {
	case name == "cpu":
		return m[1] + " whole CPUs"
	case m[2] == "m":
		return fmt.Sprintf("%s thousandths of a byte", m[1])
	case q.Value() == 1:
		return "1 byte"
	case q.Value() < mebi:
		return fmt.Sprintf("%d bytes", q.Value())
	}
	return fmt.Sprintf("%d TiB", q.Value()>>40)
}

func consequenceOf(a amount, name string) string {
	switch {
	case !a.small && a.list == "requests":
		return "no node has that much, so the pods stay Pending: FailedScheduling"
	case !a.small:
		return "a limit above what any node has; without a request it is the request too, and the pods stay Pending"
	case a.list == "requests":
		return "the scheduler reserves nothing, and the pods are among the first to be evicted when the node runs out"
	case name == "ephemeral-storage":
		return "kubelet evicts the pod as soon as it writes a log or a file"
	}
	return "the container cannot start with so little memory: RunContainerError, then CrashLoopBackOff"
}
