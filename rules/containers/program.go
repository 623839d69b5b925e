package containers

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// word is an element of an argument vector.
type word struct {
	text string
	// path leads to it in its resource.
	path []string
}

// program is an argument vector that kubelet has a container run. No shell reads
// it (k8s.io/api/core/v1/types.go: Container.Command, ExecAction.Command).
type program struct {
	// name says what runs it: "command", "readiness probe", "preStop hook".
	name string
	// words are the executable and its arguments. Without known they are
	// arguments alone: the image says what is executed.
	words []word
	known bool
	// consequence is what follows if it cannot be executed.
	consequence string
}

// execs are the places of a container that hold an ExecAction.
var execs = []struct {
	path              []string
	name, consequence string
}{
	{[]string{"startupProbe"}, "startup probe", "the probe always fails, so kubelet kills and restarts the container"},
	{[]string{"readinessProbe"}, "readiness probe", "the probe always fails, so the pod never becomes ready"},
	{[]string{"livenessProbe"}, "liveness probe", "the probe always fails, so kubelet restarts the container again and again: CrashLoopBackOff"},
	{[]string{"lifecycle", "postStart"}, "postStart hook", "the hook fails with FailedPostStartHook, and kubelet kills the container each time it starts"},
	{[]string{"lifecycle", "preStop"}, "preStop hook", "the hook fails with FailedPreStopHook, and the container stops without it"},
}

// programs returns what a container runs: its command with its arguments, and
// the commands of its probes and hooks.
func programs(c graph.Container) []program {
	command, args := wordsAt(c, "command"), wordsAt(c, "args")
	var found []program
	if len(command)+len(args) > 0 {
		found = append(found, program{
			name: "command", words: slices.Concat(command, args), known: len(command) > 0,
			consequence: "the container cannot start: StartError, then CrashLoopBackOff",
		})
	}
	for _, e := range execs {
		if words := wordsAt(c, append(slices.Clone(e.path), "exec", "command")...); len(words) > 0 {
			found = append(found, program{name: e.name, words: words, known: true, consequence: e.consequence})
		}
	}
	return found
}

func wordsAt(c graph.Container, field ...string) []word {
	var words []word
	for i, n := range manifest.Items(manifest.Get(c.Node, field...)) {
		words = append(words, word{manifest.String(n), slices.Concat(c.Path, field, []string{strconv.Itoa(i)})})
	}
	return words
}

// executable returns the name of the executable without its directory, "" if
// the image says it.
func (p program) executable() string {
	if !p.known {
		return ""
	}
	return path.Base(p.words[0].text)
}

// shells are the shells that read a script behind -c.
var shells = []string{"sh", "bash", "ash", "dash", "ksh", "mksh", "zsh", "fish", "pwsh", "powershell", "powershell.exe", "cmd", "cmd.exe"}

// readers are programs that hand their arguments to a shell.
var readers = []string{"ssh", "su", "eval", "watch", "parallel", "script", "expect", "entr", "nodemon", "concurrently", "runuser", "xargs", "envsubst", "make"}

// throughShell reports whether a shell may read the words: one is among them, or
// a program that starts one.
func (p program) throughShell() bool {
	return slices.ContainsFunc(p.words, func(w word) bool {
		base := path.Base(w.text)
		return slices.Contains(shells, base) || slices.Contains(readers, base) || w.text == "-c" || w.text == "/c"
	})
}

// isScript reports whether the executable is called like a script, which may do
// anything with its arguments.
func (p program) isScript() bool {
	base := p.executable()
	return strings.HasSuffix(base, ".sh") || strings.Contains(base, "entrypoint")
}
