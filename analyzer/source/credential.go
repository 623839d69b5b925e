package source

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Credentials are found in the text itself, where a line is shown, and not in
// what is parsed: so it is the same for manifests, values, templates,
// kustomizations, blocks of Markdown, and for what cannot be parsed at all.

var (
	// password finds the password of a URL, "//user:password@host".
	password = regexp.MustCompile(`//[^\s/@:"']*:([^\s/@"']+)@`)

	// entry finds keys with a value behind them, "key: value" and "KEY=value".
	entry = regexp.MustCompile(`["']?([\w.-]+)["']?(\s*:\s+|\s*=\s*)["']?[^\s#]`)

	// flag finds the names of flags, "--password", that stand alone at the end of
	// a line or before the next item of a list.
	flag = regexp.MustCompile(`(?:^|[\s"'\[,])(--?[\w-]+)["']?(?:\s*$|\s*,\s*)`)

	// named finds the names of variables, as in the env of a container.
	named = regexp.MustCompile(`(?:^|[\s{,-])["']?name["']?\s*:\s*["']?([\w.-]+)`)

	sensitive = regexp.MustCompile(`(?i)(passw|pwd|passphrase|secret|token|credential|api[_-]?key|private[_-]?key|access[_-]?key|connection[_-]?string|[_-]dsn$)`)
	keyName   = regexp.MustCompile(`(^|_)KEY$`)

	// mention finds keys that say where a secret is, or of what kind: fields of
	// Kubernetes, and what charts name so.
	mention = regexp.MustCompile(`(?i)(name|namespace|ref|path|file|type|enabled|create|existing.*|seconds|policy|secret|secrets|serviceaccounttoken|secret_?-?keys?|key_?-?name)$`)

	// listMarks are what stands before the first key of the item of a list.
	listMarks = regexp.MustCompile(`^ *(- +)*`)
)

// IsCredential reports whether the value of a key is nobody's business. What ends
// in name, as secretName and passwordSecretKey do, only says where to look.
func IsCredential(key string) bool {
	return sensitive.MatchString(key) && !IsMention(key)
}

// IsMention reports whether the value of a key only says where a secret is, or
// of what kind.
func IsMention(key string) bool { return mention.MatchString(key) }

// IsCredentialVariable reports whether a name is that of a variable that holds a
// credential. Names of objects have neither capitals nor underscores.
func IsCredentialVariable(name string) bool {
	return (strings.Contains(name, "_") || strings.ToLower(name) != name) && (sensitive.MatchString(name) || keyName.MatchString(name))
}

// WithoutPasswords masks the passwords of URLs in a text.
func WithoutPasswords(text string) string {
	if !strings.Contains(text, "//") || !strings.Contains(text, "@") {
		return text
	}
	return password.ReplaceAllStringFunc(text, func(s string) string {
		return s[:strings.LastIndex(s, ":")+1] + Mask + "@"
	})
}

// Credentials returns the values in a text that stand behind keys of
// credentials, "password: x", "--token=x", and the passwords of its URLs.
func Credentials(text string) []string {
	var all []string
	for _, m := range password.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	for _, m := range entry.FindAllStringSubmatchIndex(text, -1) {
		if IsCredential(text[m[2]:m[3]]) {
			value, _, _ := strings.Cut(text[m[5]:], "\n")
			all = append(all, strings.Trim(value, ` "',}\r`))
		}
	}
	return all
}

// IsCredentialFlag reports whether the argument behind this one, "--password",
// is a credential.
func IsCredentialFlag(argument string) bool {
	return strings.HasPrefix(argument, "-") && !strings.ContainsAny(argument, "= ") && IsCredential(argument)
}

// location finds values that only say where something is: paths, and URLs
// without credentials, query or long segments, which may be a key.
var location = regexp.MustCompile(`^(/[\w.-]{1,20}(/[\w.-]{1,20})+|https?://[\w.:-]+(/[\w.-]{0,20})*)$`)

// MayBeSecret reports whether the value of a credential can be one.
func MayBeSecret(value string) bool { return !location.MatchString(value) }

// commonWords are never masked: they are part of every text about manifests and
// tell nothing.
var commonWords = []string{
	"array", "boolean", "data", "default", "disabled", "enabled", "false", "integer", "key", "map", "name", "none", "null",
	"number", "object", "string", "true", "type", "value",
}

// Without masks values in a text that others have made: short ones where they
// are words of their own, the shortest only where they are quoted.
func Without(values []string, text string) string {
	longestFirst := func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }
	for _, v := range slices.Compact(slices.SortedFunc(slices.Values(values), longestFirst)) {
		if v = strings.TrimSpace(v); v == "" || slices.Contains(commonWords, strings.ToLower(v)) {
			continue
		}
		if len(v) >= minAnywhere {
			text = strings.ReplaceAll(text, v, Mask)
		}
		for _, form := range []string{strconv.Quote(v), "'" + v + "'", "`" + v + "`"} {
			text = strings.ReplaceAll(text, form, form[:1]+Mask+form[:1])
		}
		if len(v) >= minWord && len(v) < minAnywhere {
			text = withoutWord(v, text)
		}
	}
	return text
}

const (
	minWord     = 3 // so that no article is masked
	minAnywhere = 8
)

func withoutWord(word, text string) string {
	isLetter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, word)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		last, _ := utf8.DecodeLastRuneInString(before)
		next, _ := utf8.DecodeRuneInString(after)
		if isLetter(last) || isLetter(next) {
			b.WriteString(word)
		} else {
			b.WriteString(Mask)
		}
		text = after
	}
}

// credential returns where a credential begins in a line, counted from its
// start; -1 if there is none.
func (f *File) credential(n int) int {
	line := f.text(n)
	cut := len(line)
	if m := password.FindSubmatchIndex(line); m != nil {
		cut = m[2]
	}
	for _, m := range entry.FindAllSubmatchIndex(line, -1) {
		if IsCredential(string(line[m[2]:m[3]])) {
			cut = min(cut, m[5])
		}
	}
	for _, m := range flag.FindAllSubmatchIndex(line, -1) {
		if IsCredentialFlag(string(line[m[2]:m[3]])) {
			cut = min(cut, m[1])
		}
	}
	for _, m := range named.FindAllSubmatchIndex(line, -1) {
		if !IsCredentialVariable(string(line[m[2]:m[3]])) {
			continue
		}
		if open := bytes.LastIndexByte(line[:m[0]+1], '{'); open >= 0 && bytes.ContainsAny(line[open:m[0]+1], ":") {
			cut = min(cut, open+1) // the value may stand before the name
		} else if m[3] < len(bytes.TrimRight(line, " \"',}]")) {
			cut = min(cut, m[3])
		}
	}
	if start := len(listMarks.Find(line)); start > 0 && cut > start && f.behindFlag(n) {
		cut = start
	}
	if key, value := keyOf(line); cut > value && key != "name" && key != "valueFrom" && f.insideCredential(n) {
		cut = value
	}
	if cut == len(line) {
		return -1
	}
	return cut
}

// behindFlag reports whether the line before an item of a list is a flag whose
// value is a credential.
func (f *File) behindFlag(n int) bool {
	if n == 1 {
		return false
	}
	item := f.text(n - 1)
	item = item[len(listMarks.Find(item)):]
	return IsCredentialFlag(string(bytes.Trim(item, ` "'`)))
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
// a variable by its name, that holds a credential.
func (f *File) insideCredential(n int) bool {
	at := len(listMarks.Find(f.text(n)))
	for i := n + 1; i <= min(n+maxAround, f.Lines()); i++ { // a name behind its value
		line := f.text(i)
		if len(bytes.TrimSpace(line)) > 0 && indentation(line) < at {
			break
		}
		if indentation(line) == at && isVariableLine(line) {
			return true
		}
	}
	// Upwards, at is the column of the keys of the mapping around, or, once its
	// first line is passed, that of the dash before it.
	passed := false
	if in := indentation(f.text(n)); in < at {
		at, passed = in, true
	}
	for i := n - 1; i >= max(n-maxAround, 1); i-- {
		line := f.text(i)
		in, own := indentation(line), len(listMarks.Find(line))
		if len(bytes.TrimSpace(line)) == 0 || own > at || passed && own == at && in < own {
			continue
		}
		if !passed && own == at { // beside it
			if isVariableLine(line) {
				return true
			}
		} else { // above it
			key, _ := keyOf(line)
			if key == "valueFrom" {
				return false
			}
			if IsCredential(key) {
				return true
			}
		}
		at, passed = in, in < own
	}
	return false
}

func indentation(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }

// isVariableLine reports whether a line begins with the name of a variable that
// holds a credential.
func isVariableLine(line []byte) bool {
	key, value := keyOf(line)
	return key == "name" && IsCredentialVariable(string(bytes.Trim(line[value:], ` "',`)))
}
