package analyzertest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// The files of a fixture that are no manifests.
const (
	wantFile      = "WANT"
	nodesFile     = "NODES"
	namespaceFile = "NAMESPACE"
)

// place is a line of a file of a fixture.
type place struct {
	file string // slash-separated, inside the fixture
	line int    // 1-based
}

func (p place) String() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

// expectations are what a fixture says about itself.
type expectations struct {
	findings map[place][]*regexp.Regexp
	marks    map[place][]*regexp.Regexp // of the text that a finding marks
	related  map[place][]*regexp.Regexp
	notes    []*regexp.Regexp // of what was not judged
}

// readExpectations collects the expectations of a fixture.
func readExpectations(dir string) (*expectations, error) {
	e := &expectations{
		findings: map[place][]*regexp.Regexp{},
		marks:    map[place][]*regexp.Regexp{},
		related:  map[place][]*regexp.Regexp{},
	}
	var errs []error
	err := filepath.WalkDir(dir, func(p string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		if rel == wantFile {
			errs = append(errs, e.readWant(dir, data))
		} else {
			errs = append(errs, e.readComments(filepath.ToSlash(rel), data))
		}
		return nil
	})
	return e, errors.Join(append(errs, err)...)
}

var marker = regexp.MustCompile(`#\s*(want|marks|related)\b`)

// readComments reads the comments at the ends of the lines of a file.
func (e *expectations) readComments(name string, data []byte) error {
	var errs []error
	f := source.NewFile(name, name, data)
	for n := 1; n <= f.Lines(); n++ {
		span := f.Line(n)
		text := string(data[span.Start:span.End])
		for {
			at := marker.FindStringSubmatchIndex(text)
			if at == nil {
				break
			}
			word := text[at[2]:at[3]]
			var patterns []*regexp.Regexp
			var err error
			if patterns, text, err = quoted(text[at[1]:]); err == nil {
				err = e.add(word, place{name, n}, patterns)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s:%d: %w", name, n, err))
			}
		}
		// What follows an expectation on its line is another one or nothing:
		// a stray word would mean that something is not read as it was meant.
		if marker.MatchString(string(data[span.Start:span.End])) && strings.TrimSpace(text) != "" {
			errs = append(errs, fmt.Errorf("%s:%d: %q behind an expectation", name, n, strings.TrimSpace(text)))
		}
	}
	return errors.Join(errs...)
}

// add files the expectations of one marker.
func (e *expectations) add(word string, at place, patterns []*regexp.Regexp) error {
	switch {
	case len(patterns) == 0:
		return fmt.Errorf("%s without a quoted regular expression", word)
	case word == "related":
		e.related[at] = append(e.related[at], patterns...)
	case at.file == nodesFile:
		return errors.New("nothing is found in the inventory of nodes")
	case word == "marks":
		e.marks[at] = append(e.marks[at], patterns...)
	default:
		e.findings[at] = append(e.findings[at], patterns...)
	}
	return nil
}

// readWant reads the file of expectations.
func (e *expectations) readWant(dir string, data []byte) error {
	var errs []error
	for i, line := range bytes.Split(data, []byte("\n")) {
		text := strings.TrimSpace(string(line))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if err := e.readWantLine(dir, text); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", wantFile, i+1, err))
		}
	}
	return errors.Join(errs...)
}

func (e *expectations) readWantLine(dir, text string) error {
	head, rest, _ := strings.Cut(text, " ")
	word := "want"
	switch head {
	case "related", "marks":
		word = head
		head, rest, _ = strings.Cut(rest, " ")
	case "note":
		word = head
	}
	patterns, left, err := quoted(rest)
	switch {
	case err != nil:
		return err
	case strings.TrimSpace(left) != "":
		return fmt.Errorf("%q behind an expectation", strings.TrimSpace(left))
	case word == "note":
		e.notes = append(e.notes, patterns...)
		return nil
	}
	file, number, _ := strings.Cut(head, ":")
	line, err := strconv.Atoi(number)
	if err != nil {
		return fmt.Errorf("%q is not of the form file:line", head)
	}
	if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(file))); err != nil {
		return err
	}
	return e.add(word, place{file, line}, patterns)
}

// quoted reads the quoted regular expressions at the start of a text and
// returns what is left of it.
func quoted(text string) (patterns []*regexp.Regexp, rest string, err error) {
	for {
		text = strings.TrimLeft(text, " \t")
		literal, err := strconv.QuotedPrefix(text)
		if err != nil {
			return patterns, text, nil // no further quoted text
		}
		pattern, err := strconv.Unquote(literal)
		if err != nil {
			return nil, text, err
		}
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			return nil, text, err
		}
		patterns = append(patterns, compiled)
		text = text[len(literal):]
	}
}
