package manifest

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// chunk is the text of one document.
type chunk struct {
	span source.Span // with the comments and directives before it
	text source.Span // what the parser gets, from the "---" line on
}

// split cuts a file into documents at the "---" and "..." lines of YAML 1.2
// (section 9.1.2). These markers end a document wherever they stand at the
// first column, so a document that is broken inside does not swallow the next
// one. Comments and directives before a "---" belong to the document behind
// it. Chunks without content (nothing but comments) are left out.
//
// kubectl cuts at the same "---" lines (k8s.io/apimachinery/pkg/util/yaml,
// YAMLReader).
func split(data []byte) []chunk {
	start := 0
	if bytes.HasPrefix(data, []byte(source.BOM)) {
		start = len(source.BOM)
	}
	return splitFrom(data, start, 0)
}

// splitPart is split for a part of a file all lines of which are indented.
// YAML does not mind that, but the markers stand at the indentation.
func splitPart(data []byte, part source.Span) []chunk {
	data = data[:part.End]
	for pos := part.Start; pos < len(data); pos = lineEnd(data, pos) {
		if line := data[pos:lineEnd(data, pos)]; hasContent(line) {
			return splitFrom(data, part.Start, len(line)-len(bytes.TrimLeft(line, " ")))
		}
	}
	return nil
}

func splitFrom(data []byte, start, indent int) []chunk {
	if chunks, ok := splitJSON(data, start); ok {
		return chunks
	}
	var chunks []chunk
	span, text := start, start
	content, marker := false, false // of the current chunk: has content, has seen "---"
	flush := func(end, next int) {
		if content {
			chunks = append(chunks, chunk{source.Span{Start: span, End: end}, source.Span{Start: text, End: end}})
		}
		span, text, content, marker = next, next, false, false
	}
	for pos := start; pos < len(data); {
		end := lineEnd(data, pos)
		line := data[pos:end]
		line = line[min(indent, len(line)-len(bytes.TrimLeft(line, " "))):]
		switch {
		case isMarker(line, "---"):
			if content || marker {
				flush(pos, pos)
			}
			text, marker = end-len(line), true
			if content = hasContent(line[3:]); indent > 0 && !content {
				text = end // the parser takes no marker that is indented
			}
		case isMarker(line, "..."):
			flush(end, end)
		case !content && !marker && bytes.HasPrefix(line, []byte("%")):
			text = end // a directive: ours to drop, kyaml refuses %YAML 1.2
		case !content:
			content = hasContent(line)
		}
		pos = end
	}
	flush(len(data), len(data))
	return chunks
}

// splitJSON cuts a file that holds nothing but JSON objects, one behind the
// other, which kubectl accepts too. ok is false when it holds anything else.
func splitJSON(data []byte, start int) (chunks []chunk, ok bool) {
	if !bytes.HasPrefix(bytes.TrimLeft(data[start:], " \t\r\n"), []byte("{")) {
		return nil, false
	}
	dec := json.NewDecoder(bytes.NewReader(data[start:]))
	for pos := start; ; {
		var value json.RawMessage
		if err := dec.Decode(&value); err == io.EOF {
			return chunks, len(chunks) > 0
		} else if err != nil || value[0] != '{' {
			return nil, false
		}
		end := start + int(dec.InputOffset())
		span := source.Span{Start: pos, End: end}
		chunks = append(chunks, chunk{span, span})
		pos = end
	}
}

// lineEnd returns the offset behind the line break that ends the line at pos.
func lineEnd(data []byte, pos int) int {
	i := bytes.IndexByte(data[pos:], '\n')
	if i < 0 {
		i = len(data) - pos - 1
	}
	if cr := bytes.IndexByte(data[pos:pos+i+1], '\r'); cr >= 0 && cr+1 < i {
		i = cr // a lone carriage return
	}
	return pos + i + 1
}

// isMarker reports whether the line is the marker, alone or before a blank.
func isMarker(line []byte, marker string) bool {
	return bytes.HasPrefix(line, []byte(marker)) &&
		(len(line) == len(marker) || bytes.IndexByte([]byte(" \t\r\n"), line[len(marker)]) >= 0)
}

// hasContent reports whether the line holds more than blanks and a comment.
func hasContent(line []byte) bool {
	line = bytes.TrimLeft(line, " \t\r\n"+source.BOM)
	return len(line) > 0 && line[0] != '#'
}
