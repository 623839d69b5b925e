package containers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// CommandNotAProgram reports commands whose first element cannot be the name of
// an executable.
var CommandNotAProgram = &analyzer.Rule{
	ID:    "command-not-a-program",
	Title: "A command whose first element is not a program",
	Claim: analyzer.Broken,
	Kinds: podKinds,
	Why:   `command is a list: its first element is the executable, each further one is one argument. No shell splits it at spaces. A whole command line in one element names a file with spaces in its name, and an option as the first element is taken for the executable. Neither exists, so the container cannot start. The same holds for the commands of probes and lifecycle hooks.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: report
spec:
  containers:
    - name: report
      image: example/report
      command: ["python /srv/report.py --all"]
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: report
spec:
  containers:
    - name: report
      image: example/report
      command: ["python", "/srv/report.py", "--all"]
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/",
		"k8s.io/api/core/v1/types.go: ExecAction.Command",
		"execve(2): ENOENT",
	},
	Run: func(p *analyzer.Pass) error {
		eachContainer(p, func(w *graph.Workload, c graph.Container) {
			for _, run := range programs(c) {
				if run.known {
					judgeExecutable(p, w, c, run)
				}
			}
		})
		return nil
	},
}

// judgeExecutable reports the first word of a program if no file is called so.
func judgeExecutable(p *analyzer.Pass, w *graph.Workload, c graph.Container, run program) {
	first := run.words[0]
	f := analyzer.Finding{
		Consequence: run.consequence,
		Location:    w.EntryLocation(first.path...),
		Path:        first.path,
		Resource:    w.Resource,
	}
	pieces := strings.Fields(first.text)
	switch {
	case len(pieces) == 0, startsOpen(first.text):
		return
	case strings.HasPrefix(first.text, "-"):
		f.Message = fmt.Sprintf("%s: the %s of container %s starts with the option %s", w, run.name, c.Name, shown(first.text))
		f.Label = "taken for the executable"
		f.Help = "put the executable before it"
		if run.name == "command" {
			f.Help = "rename command to args, which go to the program of the image, or put the executable before it"
		}
	case len(pieces) > 1 && !strings.Contains(first.text, `\`): // a path of Windows may have blanks
		f.Message = fmt.Sprintf("%s: the %s of container %s is %s, one element with spaces that no shell splits", w, run.name, c.Name, shown(first.text))
		f.Label = "the name of one file"
		f.Help = "use " + splitCommand(first.text)
	default:
		return
	}
	p.Report(f)
}

// startsOpen reports whether the executable itself is still to be filled in.
func startsOpen(text string) bool {
	return strings.HasPrefix(text, "$") || strings.HasPrefix(text, "{{") || strings.HasPrefix(text, "<") || manifest.IsPlaceholder(strings.Fields(text)[0])
}

// splitCommand returns the elements that a command line was meant to be: its
// words, or a shell and the line if only a shell understands it.
func splitCommand(line string) string {
	const long = 120
	pieces := strings.Fields(line)
	switch {
	case len(pieces) > 2 && slices.Contains(shells, afterSlash(pieces[0])) && strings.HasPrefix(pieces[1], "-") && strings.HasSuffix(pieces[1], "c"):
		_, script, _ := strings.Cut(line, pieces[1])
		pieces = []string{pieces[0], pieces[1], strings.Trim(strings.TrimSpace(script), `'"`)}
	case strings.ContainsAny(line, "|&;<>$`'\"*(\n"):
		pieces = []string{"/bin/sh", "-c", line}
	}
	var quoted []string
	for _, piece := range pieces {
		quoted = append(quoted, strconv.Quote(piece))
	}
	if list := "[" + strings.Join(quoted, ", ") + "]"; len(list) <= long {
		return list
	}
	return fmt.Sprintf("[%s, ...]: one element for each word, or [\"/bin/sh\", \"-c\", ...] with the line as the script", quoted[0])
}
