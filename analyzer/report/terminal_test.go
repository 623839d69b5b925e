package report

import (
	"fmt"
	"testing"
)

func TestCleanSpellsOutWhatTerminalsObey(t *testing.T) {
	t.Parallel()
	for _, r := range []rune{0, '\n', '\r', 0x1B, 0x7F, 0x80, 0x85, 0x9B, 0x9F} {
		if got, want := clean(string(r)), fmt.Sprintf(`\x%02x`, r); got != want {
			t.Errorf("clean(%U) = %q, want %q", r, got, want)
		}
	}
	for _, r := range []rune{0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069, 0xFEFF} {
		if got, want := clean(string(r)), fmt.Sprintf(`\u%04x`, r); got != want {
			t.Errorf("clean(%U) = %q, want %q", r, got, want)
		}
	}
	for _, s := range []string{"", " ~", "\u00a0é", "👩\u200d🚀", "\u2027\u202f\u2065\u206a", `\x1b`} {
		if got := clean(s); got != s {
			t.Errorf("clean(%q) = %q, want it as it is", s, got)
		}
	}
	if got := clean("a\tb\xff"); got != "a    b\ufffd" {
		t.Errorf("clean with a tab and an invalid byte = %q", got)
	}
}

func TestFlatJoinsLines(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a\n  b\r\n\nc\n": "a b c", "\n": "", "a  b": "a  b"} {
		if got := flat(in); got != want {
			t.Errorf("flat(%q) = %q, want %q", in, got, want)
		}
	}
}
