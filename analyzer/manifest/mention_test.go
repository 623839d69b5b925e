package manifest_test

import (
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

func TestMentioned(t *testing.T) {
	t.Parallel()
	text := "apiVersion: v1\nkind: Service\nmetadata: {name: web, labels: {app: web}}\nspec: {ports: [{port: 80}], selector: {a: b}}\n"
	r := manifest.Parse(source.NewFile("a.yaml", "a.yaml", []byte(text))).Resources()[0]
	for said, want := range map[string]string{
		"spec.ports[0].port is 80":           "spec ports 0 port",
		"object.spec.ports.all(p, p > 1)":    "spec ports",
		"example.com has no spec.selector.b": "spec selector",
		"metadata.annotations is missing":    "",
		"spec is missing":                    "",
		"see v1.36.3":                        "",
	} {
		if got := strings.Join(r.Mentioned(said), " "); got != want {
			t.Errorf("%q names %q, want %q", said, got, want)
		}
	}
}
