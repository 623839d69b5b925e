package report

import (
	"encoding/xml"
	"io"
)

// writeXML writes an indented document. encoding/xml escapes all text, and puts
// U+FFFD in place of bytes and control characters that XML cannot hold.
func writeXML(w io.Writer, doc any) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
