package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schema returns a schema of testdata, compiled once.
func schema(name string) func() (*jsonschema.Schema, error) {
	return sync.OnceValues(func() (*jsonschema.Schema, error) {
		return jsonschema.NewCompiler().Compile(path.Join("testdata", name))
	})
}

// schemas say what readers of a format take. Those of XML are about what
// elementJSON makes of it.
var schemas = map[string]func() (*jsonschema.Schema, error){
	"junit":      schema("junit.schema.json"),
	"gitlab":     schema("gitlab.schema.json"),
	"checkstyle": schema("checkstyle.schema.json"),
}

// keepsSchema checks a value against the schema of a format.
func keepsSchema(format string, value any) error {
	s, err := schemas[format]()
	if err != nil {
		return err
	}
	return s.Validate(value)
}

// readXML returns a whole XML document as JSON has it: {"root": [element]}.
func readXML(s string) (map[string]any, error) {
	d := xml.NewDecoder(strings.NewReader(s))
	doc, err := elementJSON(d, nil)
	if err == nil && d.InputOffset() != int64(len(s)) {
		err = fmt.Errorf("more behind the document")
	}
	return doc, err
}

// elementJSON reads an element up to its end tag, or the document if there is
// none: attributes as "@name", elements as lists by their names, and the text.
func elementJSON(d *xml.Decoder, start *xml.StartElement) (map[string]any, error) {
	element := map[string]any{}
	if start != nil {
		for _, a := range start.Attr {
			element["@"+a.Name.Local] = a.Value
		}
	}
	for {
		token, err := d.Token()
		if err == io.EOF && start == nil {
			return element, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			child, err := elementJSON(d, &token)
			if err != nil {
				return nil, err
			}
			list, _ := element[token.Name.Local].([]any)
			element[token.Name.Local] = append(list, child)
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); text != "" {
				earlier, _ := element["text"].(string)
				element["text"] = earlier + text
			}
		case xml.EndElement:
			return element, nil
		}
	}
}
