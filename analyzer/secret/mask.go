package secret

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mask is shown in place of a secret, whatever its length.
const Mask = "********"

// commonWords are never masked: they are part of every text about manifests and
// tell nothing.
var commonWords = []string{
	"array", "boolean", "container", "data", "database", "default", "development", "disabled", "enabled", "false", "integer",
	"key", "kubernetes", "map", "name", "namespace", "none", "null", "number", "object", "password", "postgres", "production",
	"secret", "staging", "string", "token", "true", "type", "username", "value",
}

const (
	minWord     = 3 // so that no article is masked
	minAnywhere = 8
)

// Values are secrets in all forms in which a text may quote them: as they are, and
// as they stand in JSON, in a URL and in base64. The nil Values are none.
type Values struct {
	forms []string // longest first, so that none hides a part of another
}

// NewValues returns the forms of secret values.
func NewValues(values []string) *Values {
	longestFirst := func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }
	return &Values{slices.Compact(slices.SortedFunc(slices.Values(forms(values)), longestFirst))}
}

// Without masks values, and what has the shape of a secret, in a text that
// others have made, see Values.Mask.
func Without(values []string, text string) string { return NewValues(values).Mask(text) }

// Mask masks the values, and what has the shape of a secret, in a text. Short
// values are masked where they are words of their own; the shortest, and short
// ones that consist of letters only as plain words do, where they are quoted.
func (s *Values) Mask(text string) string {
	if text == "" {
		return ""
	}
	for _, v := range s.forms {
		if !strings.Contains(text, v) {
			continue
		}
		for _, quoted := range []string{`"` + v + `"`, "'" + v + "'", "`" + v + "`"} {
			text = strings.ReplaceAll(text, quoted, quoted[:1]+Mask+quoted[:1])
		}
		letters := !strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsLetter(r) })
		switch {
		case len(v) >= minAnywhere && !letters:
			text = strings.ReplaceAll(text, v, Mask)
		case len(v) >= minAnywhere, len(v) >= minWord && !letters:
			text = withoutWord(v, text)
		}
	}
	return MaskShapes(text)
}

// forms returns the values whole, their lines, and encoded.
func forms(values []string) []string {
	var all []string
	add := func(v string) {
		if v = strings.TrimSpace(v); v != "" && !slices.Contains(commonWords, strings.ToLower(v)) {
			all = append(all, v)
		}
	}
	for _, value := range values {
		v := strings.TrimSpace(value)
		add(v)
		if strings.Contains(v, "\n") {
			for line := range strings.Lines(v) {
				if len(strings.TrimSpace(line)) >= minAnywhere {
					add(line)
				}
			}
		}
		quoted := strconv.Quote(v)
		add(quoted[1 : len(quoted)-1])
		if len(v) >= minWord {
			add(strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(value)), "="))
			add(url.QueryEscape(v))
		}
	}
	return all
}

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
