package manifest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"unicode/utf16"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// foreignEncoding returns the broken document that a file of another encoding
// is, nil for UTF-8. It is foreign if it holds no Kubernetes object. The API
// server's YAML and JSON are UTF-8 (RFC 8259 section 8.1).
func foreignEncoding(f *source.File, worth func(text []byte) bool) *Document {
	name, text := decoded(f.Data)
	marked := bytes.HasPrefix(f.Data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(f.Data, []byte{0xFE, 0xFF})
	switch {
	case name == "", !looksLikeObject([]byte(text)) && !marked && worth(nil): // the parser says what is wrong
		return nil
	case !looksLikeObject([]byte(text)):
		return &Document{File: f, Span: source.Span{End: len(f.Data)}, Role: Foreign}
	}
	return broken(f, "the file is "+name+", but kubectl reads UTF-8") // nothing of it can be shown
}

// decoded returns the name and the text of an encoding that a byte order mark or
// the zeros of the first characters tell, "" for UTF-8 (YAML 1.2 section 5.2).
func decoded(data []byte) (name, text string) {
	if len(data) < 2 {
		return "", ""
	}
	head := append(bytes.Clone(data[:min(len(data), 4)]), 1, 1, 1, 1) // so that short texts have no zeros
	zero := [4]bool{head[0] == 0, head[1] == 0, head[2] == 0, head[3] == 0}
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE, 0, 0}), zero == [4]bool{false, true, true, true}:
		return "UTF-32", utf32Text(data, binary.LittleEndian)
	case bytes.HasPrefix(head, []byte{0, 0, 0xFE, 0xFF}), zero == [4]bool{true, true, true, false}:
		return "UTF-32", utf32Text(data, binary.BigEndian)
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}), !zero[0] && zero[1]:
		return "UTF-16", utf16Text(data, binary.LittleEndian)
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}), zero[0] && !zero[1]:
		return "UTF-16", utf16Text(data, binary.BigEndian)
	}
	return "", ""
}

func utf16Text(data []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}

func utf32Text(data []byte, order binary.ByteOrder) string {
	runes := make([]rune, len(data)/4)
	for i := range runes {
		runes[i] = rune(order.Uint32(data[4*i:])) // what is no character becomes U+FFFD
	}
	return string(runes)
}

// behindJSON returns the offset of what stands behind a JSON object, -1 if nothing
// does or the text is no JSON. A parser of YAML does not look there, but kubectl
// does: it takes a file that begins with a brace for JSON
// (k8s.io/apimachinery/pkg/util/yaml NewYAMLOrJSONDecoder).
func behindJSON(text []byte) int {
	if !bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) {
		return -1
	}
	d := json.NewDecoder(bytes.NewReader(text))
	var first json.RawMessage
	if d.Decode(&first) != nil {
		return -1
	}
	for at := int(d.InputOffset()); at < len(text); {
		end := lineEnd(text, at)
		if line := text[at:end]; hasContent(line) {
			return at + len(line) - len(bytes.TrimLeft(line, " \t\r\n"))
		}
		at = end
	}
	return -1
}

// pointOf returns the span of the rest of a line of the document's text.
func (d *Document) pointOf(at int) source.Span {
	start := d.text.Start + at
	return source.Span{Start: start, End: start + lineLength(d.File.Data[start:d.text.End])}
}
