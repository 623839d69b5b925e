package containers

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// PreStopExceedsGrace reports preStop hooks that sleep longer than the pod's
// grace period.
var PreStopExceedsGrace = &analyzer.Rule{
	ID:    "prestop-exceeds-grace",
	Title: "A preStop hook takes longer than the grace period",
	Claim: analyzer.Suspect,
	Kinds: podKinds,
	Why: `The time of a preStop hook counts into terminationGracePeriodSeconds, 30 seconds by default. A hook that is not done by then is ended, and the container has 2 seconds between SIGTERM and SIGKILL: connections that the hook should have drained are cut.

The time of a command is known only where it sleeps for a fixed time, on its own or in a script without branches.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: nginx
      lifecycle:
        preStop:
          exec: {command: [sh, -c, "sleep 60; nginx -s quit"]}
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  terminationGracePeriodSeconds: 90
  containers:
    - name: web
      image: nginx
      lifecycle:
        preStop:
          exec: {command: [sh, -c, "sleep 60; nginx -s quit"]}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/#hook-handler-execution",
		"k8s.io/kubernetes/pkg/kubelet/kuberuntime/kuberuntime_container.go: executePreStopHook, killContainer",
	},
	Run: func(p *analyzer.Pass) error {
		eachContainer(p, func(w *graph.Workload, c graph.Container) {
			grace, where := gracePeriod(w)
			if grace <= 0 {
				return
			}
			for _, run := range programs(c) {
				if run.name != "preStop hook" {
					continue
				}
				if seconds := leastSeconds(run); seconds > float64(grace) {
					p.Report(tooLongHook(w, c, run, seconds, grace, where))
				}
			}
		})
		return nil
	},
}

// gracePeriod returns the grace period of the pods, 0 if it cannot be read, and
// its path, nil for the default.
func gracePeriod(w *graph.Workload) (seconds int, path []string) {
	const field, byDefault = "terminationGracePeriodSeconds", 30
	if w.PodField("spec", field) == nil {
		return byDefault, nil
	}
	seconds, _ = manifest.Int(w.PodField("spec", field))
	return seconds, w.At("spec", field)
}

var (
	branch   = regexp.MustCompile(`(?:^|[\s;&|(])(?:if|for|while|until|case|function|exit|exec|timeout|trap|return)(?:[\s;(]|$)|\|\||[^&>]&(?:[^&>]|$)|[(){}` + "`" + `]`)
	sentence = regexp.MustCompile(`&&|;|\n`)
	duration = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)([smhd]?)$`)
	unitOf   = map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
)

// leastSeconds returns how long a program sleeps at least, as sleep(1) of GNU and
// BusyBox reads its arguments; 0 if that is not known.
func leastSeconds(run program) float64 {
	script := scriptOf(run)
	if script < 0 {
		var words []string
		for _, w := range run.words {
			words = append(words, w.text)
		}
		return sleeps(words)
	}
	text := run.words[script].text
	if branch.MatchString(strings.TrimPrefix(strings.TrimSpace(text), "exec ")) {
		return 0
	}
	var sum float64
	for _, command := range sentence.Split(text, -1) {
		words := strings.Fields(command)
		if len(words) > 0 && words[0] == "exec" {
			words = words[1:]
		}
		sum += sleeps(words)
	}
	return sum
}

// sleeps returns the time that a command of sleep takes, 0 for other commands.
func sleeps(words []string) float64 {
	if len(words) < 2 || path.Base(words[0]) != "sleep" {
		return 0
	}
	var sum float64
	for _, word := range words[1:] {
		m := duration.FindStringSubmatch(strings.Trim(word, `"'`))
		if m == nil {
			return 0
		}
		n, _ := strconv.ParseFloat(m[1], 64)
		sum += n * unitOf[m[2]]
	}
	return sum
}

func tooLongHook(w *graph.Workload, c graph.Container, run program, seconds float64, grace int, where []string) analyzer.Finding {
	at := run.words[len(run.words)-1].path
	took := strconv.FormatFloat(seconds, 'f', -1, 64)
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s: the preStop hook of container %s sleeps %s seconds, longer than terminationGracePeriodSeconds: %d", w, c.Name, took, grace),
		Label:       "ended before it is done",
		Consequence: fmt.Sprintf("kubelet ends the hook after %d seconds, and kills the container 2 seconds after SIGTERM", grace),
		Help:        fmt.Sprintf("set terminationGracePeriodSeconds to more than %s, with time for the program to stop, or sleep for less than %d seconds", took, grace),
		Location:    w.EntryLocation(at...),
		Path:        slices.Clone(at),
		Resource:    w.Resource,
	}
	if where == nil {
		f.Notes = []string{"the pods do not set terminationGracePeriodSeconds: the default is 30"}
	} else {
		f.Related = []analyzer.Related{{Location: w.EntryLocation(where...), Message: "the grace period"}}
	}
	return f
}
