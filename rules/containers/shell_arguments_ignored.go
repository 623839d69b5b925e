package containers

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
)

// ShellArgumentsIgnored reports scripts behind sh -c that were split, so that
// their arguments go nowhere.
var ShellArgumentsIgnored = &analyzer.Rule{
	ID:    "shell-arguments-ignored",
	Title: "The elements behind the script of sh -c are ignored",
	Claim: analyzer.Suspect,
	Kinds: podKinds,
	Why: `A shell with -c runs one argument, the script. What follows are the script's positional parameters $0, $1 and so on: a script that does not use them ignores them. ["sh", "-c", "nginx", "-g", "daemon off;"] runs nginx without arguments.

Only scripts that use no parameter at all are reported, and one further element behind a script of several words is not: it is the name that the shell shows in its messages.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: nginx
      command: ["sh", "-c", "nginx", "-g", "daemon off;"]
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: nginx
      command: ["sh", "-c", "nginx -g 'daemon off;'"]
`,
	References: []string{
		"https://pubs.opengroup.org/onlinepubs/9799919799/utilities/sh.html",
		"https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/#run-a-command-in-a-shell",
	},
	Run: func(p *analyzer.Pass) error {
		eachContainer(p, func(w *graph.Workload, c graph.Container) {
			for _, run := range programs(c) {
				script := scriptOf(run)
				if script < 0 || script+1 >= len(run.words) || usesParameters(run.words[script].text) {
					continue
				}
				rest := run.words[script+1:]
				if len(rest) == 1 && len(strings.Fields(run.words[script].text)) > 1 {
					continue
				}
				p.Report(ignoredArguments(w, c, run, script))
			}
		})
		return nil
	},
}

// shellOption matches a group of options of a shell that ends in -c, such as
// -ec.
var shellOption = regexp.MustCompile(`^-[a-zA-Z]*c[a-zA-Z]*$`)

// posixShells are the shells that take parameters behind the script of -c.
var posixShells = []string{"sh", "bash", "ash", "dash", "ksh", "mksh", "zsh"}

// scriptOf returns the place of the script that a shell reads behind -c, -1 if
// there is none. The shell is the executable, or follows "--".
func scriptOf(run program) int {
	shell := -1
	for i, w := range run.words {
		if slices.Contains(posixShells, path.Base(w.text)) && (i == 0 && run.known || i > 0 && (run.words[i-1].text == "--" || run.executable() == "busybox" && i == 1)) {
			shell = i
			break
		}
	}
	if shell < 0 {
		return -1
	}
	withScript := false
	for i := shell + 1; i < len(run.words); i++ {
		switch option := run.words[i].text; {
		case shellOption.MatchString(option):
			withScript = true
		case option == "-o" || option == "+o" || option == "-O":
			i++
		case option == "--":
			if i+1 < len(run.words) && withScript {
				return i + 1
			}
			return -1
		case option == "" || option[0] != '-' && option[0] != '+':
			if withScript {
				return i
			}
			return -1
		}
	}
	return -1
}

// parameter finds what may use the positional parameters: their expansions, and
// the commands that work on all of them or read another script.
var parameter = regexp.MustCompile(`\$[0-9@*#{(]|\$$|(?:^|[\s;&|])(?:shift|getopts|set|source|eval|\.|for)(?:[\s;]|$)`)

func usesParameters(script string) bool { return parameter.MatchString(script) }

func ignoredArguments(w *graph.Workload, c graph.Container, run program, script int) analyzer.Finding {
	text, rest := run.words[script], run.words[script+1:]
	var words []string
	for _, r := range rest {
		words = append(words, r.text)
	}
	whole := text.text
	for _, word := range words {
		if strings.ContainsAny(word, " \t\n;&|<>$'\"*") {
			word = "'" + word + "'"
		}
		whole += " " + word
	}
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s: the %s of container %s passes %s behind the script %s of -c, which does not use them", w, run.name, c.Name, shown(strings.Join(words, " ")), shown(text.text)),
		Label:       "the whole script",
		Consequence: fmt.Sprintf("the shell runs %s and ignores the rest", shown(text.text)),
		Help:        "put the whole script into one element: " + shown(whole),
		Location:    w.EntryLocation(text.path...),
		Path:        text.path,
		Resource:    w.Resource,
		Related:     []analyzer.Related{{Location: w.EntryLocation(rest[0].path...), Message: "ignored from here on"}},
	}
}
