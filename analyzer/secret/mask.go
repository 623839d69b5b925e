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

// Without masks values, and what has the shape of a secret, in a text that
// others have made. Values are masked as they are, and as they stand in JSON, in
// a URL and in base64. Short ones are masked where they are words of their own;
// the shortest, and short ones that consist of letters only as plain words do,
// where they are quoted.
func Without(values []string, text string) string {
	if text == "" {
		return ""
	}
	longestFirst := func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }
	for _, v := range slices.Compact(slices.SortedFunc(slices.Values(forms(values, text)), longestFirst)) {
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

// forms returns the values as they stand in a text: whole, their lines, and
// encoded.
func forms(values []string, text string) []string {
	var all []string
	add := func(v string) {
		if v = strings.TrimSpace(v); v != "" && !slices.Contains(commonWords, strings.ToLower(v)) && strings.Contains(text, v) {
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
