package report

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// escaping writes what a terminal or an editor would obey as the escape of a format,
// which a program reads as the same character. It expects whole texts, as a
// json.Encoder writes them.
type escaping struct {
	io.Writer
	format string // of the number of a character
}

// Write reports the length of the text, not that of its escaped form.
func (e escaping) Write(text []byte) (int, error) {
	if _, err := e.Writer.Write(escaped(text, e.format)); err != nil {
		return 0, err
	}
	return len(text), nil
}

func escaped(text []byte, format string) []byte {
	var b bytes.Buffer
	done := 0
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r >= 0x7F && obeyed(r) { // line breaks and blanks belong to the format
			b.Write(text[done:at])
			fmt.Fprintf(&b, format, r)
			done = at + size
		}
		at += size
	}
	if done == 0 {
		return text
	}
	b.Write(text[done:])
	return b.Bytes()
}
