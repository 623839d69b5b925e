package containers

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// runFile is a file that a program executes or has an interpreter read.
type runFile struct {
	name string
	word word
	// executed tells what is executed from what an interpreter reads.
	executed bool
}

// interpreter matches programs whose first argument is a script.
var interpreter = regexp.MustCompile(`^(?:sh|bash|ash|dash|ksh|zsh|python[0-9.]*|node|nodejs|ruby|perl|php|pwsh|Rscript)$`)

// starters are programs that execute their arguments.
var starters = []string{"tini", "dumb-init", "exec", "env", "nohup"}

// plainOption matches options of interpreters that take no value.
var plainOption = regexp.MustCompile(`^-[euxvlBOEIsSTw]+$`)

// runFiles returns the files with an absolute path that a program surely runs
// first: the executable, the script of an interpreter, or the first command of
// a script behind -c.
func runFiles(run program) []runFile {
	if !run.known {
		return nil
	}
	if script := scriptOf(run); script >= 0 {
		return filesOf(firstCommand(run.words[script]))
	}
	return filesOf(run.words)
}

func filesOf(words []word) []runFile {
	var files []runFile
	for len(words) > 0 && slices.Contains(starters, path.Base(words[0].text)) {
		words = words[1:]
		for len(words) > 0 && words[0].text == "--" {
			words = words[1:]
		}
	}
	if len(words) == 0 {
		return nil
	}
	add := func(w word, executed bool) {
		if path.IsAbs(w.text) && !strings.ContainsAny(w.text, "$*?~`'\"{}<> ") {
			files = append(files, runFile{w.text, w, executed})
		}
	}
	add(words[0], true)
	if !interpreter.MatchString(path.Base(words[0].text)) {
		return files
	}
	for _, w := range words[1:] {
		if !plainOption.MatchString(w.text) {
			add(w, false)
			break
		}
	}
	return files
}

// endOfCommand is where the first command of a script ends.
var endOfCommand = regexp.MustCompile(`&&|\|\||[;|&\n>]`)

// firstCommand returns the words of the first command of a script.
func firstCommand(script word) []word {
	text := script.text
	if end := endOfCommand.FindStringIndex(text); end != nil {
		text = text[:end[0]]
	}
	var words []word
	for _, piece := range strings.Fields(text) {
		words = append(words, word{piece, script.path})
	}
	return words
}
