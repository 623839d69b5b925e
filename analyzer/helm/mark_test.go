package helm

import (
	"strings"
	"testing"
	texttemplate "text/template"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// templates that marks could trip over.
var templates = []string{
	"a: {{ .Values.a }}\n",
	"a:   {{- .Values.a -}}   \n  b",
	"{{- range .Values.list }}\n- {{ . }}\n{{- end }}",
	"{{ range .Values.list -}}\n  {{- range $i, $e := $.Values.list -}} {{ $i }}{{ $e }} {{- else }} none {{ end -}}\n{{ end }}",
	"{{ range .Values.none }}x{{ else }}y{{ end }} z",
	"{{ if .Values.a }}\n  yes\n{{ else if .Values.b -}}\n  maybe\n{{- else }} no {{ end }}",
	"{{ with .Values.map }}{{ .x }}{{ end }}{{- /* a comment */ -}}\n\n text",
	"{{ define \"n\" }} in {{ . }} {{ end }}out {{ template \"n\" .Values.a }} {{ block \"b\" . }}block{{ end }}",
	"{{ `raw }} text` }}{{ \"}}\" }}{{ '}' }}{{ \"\\\"}}\" }}",
	"{{ $x := .Values.a }}{{ $x = .Values.b }}{{ $x }}{{ printf \"%v%v\" $x (len .Values.list) }}",
	"{{ range .Values.list }}{{ if eq . \"q\" }}{{ break }}{{ end }}{{ . }}{{ continue }}z{{ end }}",
	"{{- with $v := .Values.map -}}\n{{- range $k, $e := $v }}{{ $k }}={{ $e }}\n{{ end -}}\n{{ end -}}",
	"{{/* only a comment */}}",
	"ä {{ .Values.a }} 日本 {{- .Values.b }}\r\n",
	"{{ index .Values.map \"x\" }}{{ (index .Values.list 0) }}{{ (.Values.map).x }}",
}

// Marks change nothing of what a template makes, and each stretch of text
// stands in the template as it stands in the output.
func FuzzMark(f *testing.F) {
	for _, text := range templates {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, markByte) || strings.Contains(text, markFunction) {
			t.Skip()
		}
		data := map[string]any{"Values": map[string]any{
			"a": "A", "b": 2, "list": []string{"p", "q"}, "map": map[string]any{"x": 1, "w": 0},
		}}
		plain, plainErr := execute(text, data)
		file := &template{file: source.NewFile("f", "f", []byte(text))}
		marked, err := execute(file.mark(), data)
		if (err == nil) != (plainErr == nil) {
			t.Fatalf("with marks: %v, without: %v", err, plainErr)
		}
		if err != nil {
			return
		}
		o := file.read(marked)
		if o.text != plain {
			t.Fatalf("with marks: %q, without: %q", o.text, plain)
		}
		end := 0
		for _, s := range o.segments {
			if s.Start != end {
				t.Errorf("nothing has made %q", o.text[end:s.Start])
			}
			if end = s.End; s.literal && o.text[s.Start:s.End] != text[s.span.Start:s.span.End] {
				t.Errorf("%q is not %q", o.text[s.Start:s.End], text[s.span.Start:s.span.End])
			}
			if action := text[s.span.Start:s.span.End]; !s.literal && !(strings.HasPrefix(action, "{{") && strings.HasSuffix(action, "}}")) {
				t.Errorf("%q is no action", action)
			}
		}
		if end != len(o.text) {
			t.Errorf("nothing has made %q", o.text[end:])
		}
	})
}

func execute(text string, data any) (string, error) {
	functions := texttemplate.FuncMap{markFunction: func(_ any, _ int, mark string) string { return markByte + mark + markByte }}
	t, err := texttemplate.New("t").Funcs(functions).Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, data)
	return b.String(), err
}
