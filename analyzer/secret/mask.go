package secret

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"regexp"
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
// as they stand in JSON and in a URL; base64 is decoded to look for them. The nil Values are none.
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
	return MaskShapes(s.maskCut(encoded.ReplaceAllStringFunc(text, s.maskEncoded)))
}

// encoded finds what may be base64: of the whole value or of a text around it.
var encoded = regexp.MustCompile(`[A-Za-z0-9+/_-]{4,}=*(\.\.\.)?`)

// maskEncoded masks base64 that holds one of the values.
func (s *Values) maskEncoded(text string) string {
	run := strings.TrimRight(text, ".=")
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	plain, err := base64.RawStdEncoding.DecodeString(standard.Replace(run))
	if err != nil {
		return text
	}
	decoded := string(plain)
	holds := func(v string) bool {
		return len(v) >= minWord && strings.Contains(decoded, v) || strings.HasSuffix(text, "...") && endsWithin(decoded, v) > 0
	}
	if len(decoded) >= minWord && slices.ContainsFunc(s.forms, holds) {
		return Mask
	}
	return text
}

// standard replaces the alphabet of base64 for URLs by the usual one.
var standard = strings.NewReplacer("-", "+", "_", "/")

// cut finds where a text was cut short.
var cut = regexp.MustCompile(`\.\.\.|…`)

// maskCut masks the beginnings of values in a text that cuts long ones short.
func (s *Values) maskCut(text string) string {
	var b strings.Builder
	end := 0
	for _, at := range cut.FindAllStringIndex(text, -1) {
		before, longest := text[end:at[0]], 0
		for _, v := range s.forms {
			longest = max(longest, endsWithin(before, v))
		}
		b.WriteString(before[:len(before)-longest])
		if longest > 0 {
			b.WriteString(Mask)
		}
		end = at[0]
	}
	return b.String() + text[end:]
}

// endsWithin returns how many bytes of a value a text ends with that is cut
// within the value; 0 if it is not, or if they are too few to tell.
func endsWithin(text, value string) int {
	for n := min(len(value)-1, len(text)); n >= minWord; n-- {
		if strings.HasSuffix(text, value[:n]) {
			return n
		}
	}
	return 0
}

// forms returns the values whole, their lines, and escaped.
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
