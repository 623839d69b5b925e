package manifest_test

import (
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

func TestIsPlaceholder(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"${X}": true, "a${X:-d}b": true, "${X/#a/b}": true, "$NAME": true, "app-$NAME": true, "$(X)": true, "${{X}}": true,
		"<your-name>": true, "http://<host>/": true, "<Ihr Name>": true, "<...>": true,
		"{{ .x }}": true, "{% if x %}": true, "<% x %>": true, "[[ x ]]": true, "((x))": true, "(@= x @)": true,
		"@X@": true, "@app.version@": true, "%X%": false, "%NAME%": true, "__NAME__": true, "{NAME}": true, "#{name}#": true,
		"...": true, "ENC[AES256_GCM,data:YWJj,iv:aXY=,tag:dGFn,type:str]": true, "ref+vault://a/b": true,

		"": false, "50%": false, "110%": false, "100% of 20%": false, "a@b.org, c@d.org": false, "front end$": false, "$": false,
		"/api/(.*)$": false, "a < b && c > d": false, "a<b && c>d": false, "->": false, "__name__": false, "{name}": false,
		"sha256:0a": false, "v1.2.3": false, "%Y%m%d": false, "=>": false, "/x/((a|b)/)": false, "APP_NAME": false, "xxxxxxx": false,
	} {
		if got := manifest.IsPlaceholder(text); got != want {
			t.Errorf("IsPlaceholder(%q) = %v", text, got)
		}
	}
}

func TestIsStandIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"${X}": true, "APP_NAME": true, "registry/APP_NAME": true, "NAMESPACE": true, "PROJECT-ID": true, "REPLICAS": true,
		"xxxxxxx": true, "x.x.x.x": true, "XXX": true, "***": true, "your domain": true, "changeme!": true, "replace-me?": true,
		"LS0tLS1CRUdJTi...": true, "{name}": true, "[REGISTRY HOST]": true, "TODO": true, "TBD": true,

		"Shop_Monitor": false, "NameSpace": false, "WEB": false, "HTTP": false, "NONE": false, "TRUE": false, "not base64!": false,
		"MyApp": false, "20Percent": false, "CRON_TZ=UTC 0 0 * * *": false, "512MB": false, "yourself": false, "": false, "x": false, "xxxMi": true,
	} {
		if got := manifest.IsStandIn(text); got != want {
			t.Errorf("IsStandIn(%q) = %v", text, got)
		}
	}
}
