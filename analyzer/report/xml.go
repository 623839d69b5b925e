package report

import (
	"bytes"
	"encoding/xml"
	"io"
)

// writeXML writes an indented document. encoding/xml escapes all text, and puts
// U+FFFD in place of bytes and control characters that XML cannot hold.
func writeXML(w io.Writer, doc any) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	var text bytes.Buffer
	e := xml.NewEncoder(&text)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return err
	}
	text.WriteString("\n")
	_, err := w.Write(escaped(text.Bytes(), "&#x%x;"))
	return err
}
