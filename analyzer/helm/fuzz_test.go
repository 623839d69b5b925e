package helm_test

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/kubeknot/kubeknot/analyzer/helm"
)

// FuzzRender renders a chart of any template and values. It must come out, with
// places inside of its sources, or be refused with a reason.
func FuzzRender(f *testing.F) {
	f.Add("apiVersion: v1\nkind: A\nmetadata: {name: {{ .Values.a }}}\n", "a: b\n", "a: c")
	f.Add("{{- range $k, $v := .Values.m }}\n---\napiVersion: v1\nkind: A\nmetadata: {name: {{ $k }}}\nx: {{ toYaml $v | nindent 2 }}\n{{- end }}", "m: {p: [1, {q: r}]}", "password: {x: y}\nm: null")
	f.Add("{{ include \"x\" . }}", "a: &a [*a]", "---\na: 1\n---\n{")
	f.Fuzz(func(t *testing.T, template, values, given string) {
		if len(template)+len(values)+len(given) > 1<<12 {
			t.Skip("long texts take long and find nothing more")
		}
		r, err := render(t, fstest.MapFS{
			"Chart.yaml":       {Data: []byte("apiVersion: v2\nname: shop\nversion: 1.0.0\n")},
			"values.yaml":      {Data: []byte(values)},
			"templates/a.yaml": {Data: []byte(template)},
		}, given)
		if err != nil {
			if refused, ok := errors.AsType[*helm.NotRendered](err); !ok || refused.Reason == "" {
				t.Errorf("%v is no reason", err)
			}
			return
		}
		for _, file := range r.Files {
			for _, o := range file.Resources() {
				at := o.NameLocation()
				if at.Span.Start < 0 || at.Span.End > len(at.File.Data) || at.Span.End < at.Span.Start {
					t.Errorf("%s stands at %+v of %d bytes", o, at.Span, len(at.File.Data))
				}
			}
		}
	})
}
