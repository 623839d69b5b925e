package source

import (
	"bytes"
	"regexp"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer/secret"
)

// Secrets are found in the text itself, where a line is shown, besides those that
// are found in what is parsed: so they are masked in manifests, values, templates,
// kustomizations, blocks of Markdown, and in what cannot be parsed at all.

var (
	// named finds the names of variables, as in the env of a container.
	named = regexp.MustCompile(`(?:^|[\s{,-])["']?name["']?\s*:\s*["']?([\w.-]+)`)

	// valued finds the value of a variable in braces.
	valued = regexp.MustCompile(`["']?\bvalue["']?\s*:\s*["']?([^\s,"'}]*)`)

	// escaped finds characters that are written by their number, in a name too:
	// "DB\u005fPASSWORD".
	escaped = regexp.MustCompile(`\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})`)

	// keyBody finds lines of a private key.
	keyBody = regexp.MustCompile(`^\s*[A-Za-z0-9+/=]{16,}\s*$`)

	// listMarks are what stands before the first key of the item of a list.
	listMarks = regexp.MustCompile(`^ *(- +)*`)
)

// credential returns where a secret begins in a line, counted from its start; -1
// if there is none.
func (f *File) credential(n int) int {
	line := f.text(n)
	cut := len(line)
	for _, v := range secret.InText(string(line)) {
		cut = min(cut, v.Start)
	}
	cut = min(cut, variable(line))
	if m := escaped.FindIndex(line); m != nil && m[0] < cut {
		if plain := unescaped(line); len(secret.InText(plain)) > 0 || variable([]byte(plain)) < len(plain) {
			cut = m[0]
		}
	}
	if start := len(listMarks.Find(line)); cut > start && plausible(line[start:]) && (start > 0 && f.behindFlag(n) || f.insideKey(n)) {
		cut = start
	}
	if key, value := keyOf(line); cut > value && value < len(line) && key != "name" && key != "valueFrom" && !secret.Mentions(key) && f.insideCredential(n) {
		cut = value
	}
	if cut == len(line) {
		return -1
	}
	return cut
}

// variable returns where the value of a variable begins that stands in a line with
// its name; the end of the line if there is none.
func variable(line []byte) int {
	cut := len(line)
	for _, m := range named.FindAllSubmatchIndex(line, -1) {
		name := string(line[m[2]:m[3]])
		value := valued.FindSubmatch(line)
		if value == nil && !secret.Variable(name) || value != nil && !secret.Held(name, string(value[1])) {
			continue
		}
		if open := bytes.LastIndexByte(line[:m[0]+1], '{'); open >= 0 && bytes.ContainsAny(line[open:m[0]+1], ":") {
			cut = min(cut, open+1) // the value may stand before the name
		} else if m[3] < len(bytes.TrimRight(line, " \"',}]")) {
			cut = min(cut, m[3])
		}
	}
	return cut
}

// unescaped returns a line with the characters that are written by their number.
func unescaped(line []byte) string {
	return escaped.ReplaceAllStringFunc(string(line), func(s string) string {
		code, err := strconv.ParseUint(s[2:], 16, 32)
		if err != nil {
			return s
		}
		return string(rune(code))
	})
}

// plausible reports whether what stands on a line can be a secret.
func plausible(text []byte) bool { return secret.Plausible(string(bytes.Trim(text, " \"',}]"))) }

// behindFlag reports whether the line before an item of a list is a flag whose
// value is a credential.
func (f *File) behindFlag(n int) bool {
	if n == 1 {
		return false
	}
	item := f.text(n - 1)
	item = item[len(listMarks.Find(item)):]
	return secret.Flag(string(bytes.Trim(item, ` "'`)))
}

// insideKey reports whether a line belongs to a private key.
func (f *File) insideKey(n int) bool {
	if !keyBody.Match(f.text(n)) {
		return false
	}
	for i := n - 1; i >= max(n-maxAround, 1); i-- {
		if line := f.text(i); bytes.Contains(line, []byte("-----")) {
			return bytes.Contains(line, []byte("-----BEGIN")) && bytes.Contains(line, []byte("PRIVATE KEY"))
		}
	}
	return false
}

// text returns the bytes of a line.
func (f *File) text(n int) []byte {
	s := f.Line(n)
	return f.Data[s.Start:s.End]
}

// keyOf returns the key that a line begins with and where its value stands; ""
// and where its text stands if it begins with none.
func keyOf(line []byte) (key string, value int) {
	start := len(listMarks.Find(line))
	before, after, ok := bytes.Cut(line[start:], []byte(":"))
	if !ok || len(after) > 0 && after[0] != ' ' {
		return "", start
	}
	value = len(line) - len(bytes.TrimLeft(after, " "))
	return string(bytes.Trim(before, ` "'{,`)), value
}

// maxAround is how many lines are looked at before and behind one for the key
// or the name that makes it a credential.
const maxAround = 256

// insideCredential reports whether a line belongs to the value of a key, or to
// a variable by its name, that holds a secret.
func (f *File) insideCredential(n int) bool {
	line := f.text(n)
	if _, value := keyOf(line); !plausible(line[value:]) {
		return false
	}
	at := len(listMarks.Find(line))
	of, _ := keyOf(line)                                    // the key of the value at this column
	for i := n + 1; i <= min(n+maxAround, f.Lines()); i++ { // a name behind its value
		line := f.text(i)
		if len(bytes.TrimSpace(line)) > 0 && indentation(line) < at {
			break
		}
		if indentation(line) == at && isVariableLine(line, of) {
			return true
		}
	}
	// Upwards, at is the column of the keys of the mapping around, or, once its
	// first line is passed, that of the dash before it.
	passed := false
	if in := indentation(line); in < at {
		at, passed = in, true
	}
	for i := n - 1; i >= max(n-maxAround, 1); i-- {
		line := f.text(i)
		in, own := indentation(line), len(listMarks.Find(line))
		if len(bytes.TrimSpace(line)) == 0 || own > at || passed && own == at && in < own {
			continue
		}
		if !passed && own == at { // beside it
			if isVariableLine(line, of) {
				return true
			}
		} else { // above it
			of, _ = keyOf(line)
			if of == "valueFrom" {
				return false
			}
			if secret.Named(of) {
				return true
			}
		}
		at, passed = in, in < own
	}
	return false
}

func indentation(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }

// isVariableLine reports whether a line begins with the name of a variable that
// holds a secret; of is the key of its value.
func isVariableLine(line []byte, of string) bool {
	key, value := keyOf(line)
	if key != "name" {
		return false
	}
	name := string(bytes.Trim(line[value:], ` "',`))
	return secret.Variable(name) || of == "value" && secret.Named(name)
}
