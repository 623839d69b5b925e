package suppress

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// BaselineName is what a baseline is called.
const BaselineName = ".kubeknot-baseline"

// Baseline is a list of findings that are known: one line for each, sorted. A
// line that stands there twice stands for two findings.
type Baseline []string

// header explains the file to who opens it.
const header = `# Findings that kubeknot lint does not report, because they are known.
# kubeknot baseline write makes this file; of two versions keep the lines of both.
`

// NewBaseline returns a baseline that knows the findings.
func NewBaseline(findings []analyzer.Finding) Baseline {
	b := Baseline{}
	for i := range findings {
		b = append(b, Line(findings[i].Identity()))
	}
	slices.Sort(b)
	return b
}

// Line returns how a baseline writes down a finding: rule, file, object and
// field, with "-" for what is empty, and the policy that is violated if there is
// one. What has blanks is quoted.
func Line(id analyzer.Identity) string {
	kind := id.Kind
	if id.Group != "" {
		kind += "." + id.Group
	}
	object := kind
	if id.Kind != "" {
		object += "/" + id.Name
	}
	if id.Namespace != "" {
		object = id.Namespace + "/" + object
	}
	words := []string{id.Rule, id.File, object, id.Field}
	if id.Policy != "" {
		words = append(words, id.Policy)
	}
	for i, word := range words {
		words[i] = cmp.Or(word, "-")
		if quoted := strconv.Quote(word); strings.Contains(word, " ") || strings.HasPrefix(word, "#") || quoted != `"`+word+`"` {
			words[i] = quoted
		}
	}
	return strings.Join(words, " ")
}

// ReadBaseline reads a file. Empty lines and those that start with "#" say
// nothing.
func ReadBaseline(name string) (Baseline, error) {
	data, err := source.ReadNamed(name)
	if err != nil {
		return nil, err
	}
	b := Baseline{}
	f := source.NewFile(name, name, data)
	for n := 1; n <= f.Lines(); n++ {
		span := f.Line(n)
		line := string(bytes.TrimSpace(data[span.Start:span.End]))
		if line == "" || line[0] == '#' {
			continue
		}
		if count := len(words(line)); count != 4 && count != 5 {
			return nil, fmt.Errorf("%s:%d: %q is no entry: rule, file, object, field and, for policies, the policy", name, n, line)
		}
		b = append(b, line)
	}
	slices.Sort(b)
	return b, nil
}

// words returns the words of a line, without their quotes; nil if a quote is
// not closed.
func words(line string) []string {
	var all []string
	for line != "" {
		word, rest, _ := strings.Cut(line, " ")
		if line[0] == '"' {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil
			}
			word, _ = strconv.Unquote(quoted)
			rest = strings.TrimPrefix(line[len(quoted):], " ")
		}
		all, line = append(all, word), rest
	}
	return all
}

// Write writes the file.
func (b Baseline) Write(w io.Writer) error {
	text := header
	for _, line := range slices.Sorted(slices.Values(b)) {
		text += line + "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

// Without returns the baseline without some of its lines, each taken out once.
func (b Baseline) Without(lines []string) Baseline {
	left := slices.Clone(b)
	for _, line := range lines {
		if i := slices.Index(left, line); i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
	}
	return left
}

// apply takes out what is known, and notes which lines match nothing although
// their rule has judged their file.
func (b Baseline) apply(out *Outcome, r Run) {
	left := map[string]int{}
	for _, line := range b {
		left[line]++
	}
	var unknown []analyzer.Finding
	for i := range out.Findings {
		f := out.Findings[i]
		if line := Line(f.Identity()); left[line] > 0 {
			left[line]--
			out.Known = append(out.Known, f)
		} else {
			unknown = append(unknown, f)
		}
	}
	out.Findings = unknown
	ran := map[string]bool{}
	for _, rule := range r.Rules {
		ran[rule.ID] = true
	}
	for line, n := range left {
		w := words(line)
		if n > 0 && ran[w[0]] && r.Named(w[1]) && r.Judged(w[0], w[1]) {
			out.Stale = append(out.Stale, slices.Repeat([]string{line}, n)...)
		}
	}
	slices.Sort(out.Stale)
	analyzer.Sort(out.Known)
}

// FindBaseline returns the baseline of a directory: of it or the closest above,
// up to the root of the git repository or, outside of git, of the file system.
// If there is none, file is "" and place is where to write one: the root of the
// repository, outside of git the directory itself. A baseline that is a link out
// of the repository is an error: a message about its lines would quote them.
func FindBaseline(dir string) (file, place string, err error) {
	for d := dir; ; d = filepath.Dir(d) {
		name := filepath.Join(d, BaselineName)
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			return name, name, source.Inside(source.Repository(d), name)
		}
		if source.IsRepository(d) {
			return "", name, nil
		}
		if d == filepath.Dir(d) {
			return "", filepath.Join(dir, BaselineName), nil
		}
	}
}
