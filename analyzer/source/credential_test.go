package source

import (
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/secret"
)

// Each X is a character that must not be shown; what stands before it must.
func TestLineTextHidesCredentials(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"url: postgres://user:X@host/db",
		"password: X",
		`"apiToken": "X"`,
		"  - DB_PASSWORD=X",
		`- {name: API_TOKEN, value: X}`,
		`- {value: X, name: API_TOKEN}`,
		"- name: DB_PASSWORD\n  value: X",
		"- value: X\n  name: DB_PASSWORD",
		"- name: DB_PASSWORD\n  other: 1\n  valu: [X]",
		"env:\n- name: A\n  value: b\n- name: A_KEY\n  value: |\n    X\n    X",
		"env:\n  - name: MY_SECRET\n    value:\n    - X\n    - a: X",
		"password: |\n  X\n\n  X",
		"tokens:\n- X\n- a: X",
		`{"env": [{"name": "A_TOKEN", "value": "X"}]}`,
		"{\n  \"name\": \"A_TOKEN\",\n  \"value\": \"X\"\n}",
		"env:\n- name: DB_PASSWORD\n  value: a: X\n - b",
		"B_PASSWORD: [X]",
		"args:\n- --password\n- X",
		"- \"--api-token\"\n- \"X\"",
		"command: [run, --password, X]",
		"clientSecret: X", "client_secret: X", "jwt-secret: X", "DB_PASS: X", "PASS=X", "pass: X", "id_rsa: X", "kubeconfig: X",
		"authorization: X", "encryption_key: X", `{"password":"X"}`, `'{\"password\":\"X\"}'`, "dsn: X",
		"- name: password\n  value: X", "- name: clientSecret\n  value: X", "- name: Authorization\n  value: Bearer X",
		"- value: X\n  name: token", "- {name: password, value: X}", "- {value: X, name: password}", "- name: token\n  value: >-\n    X\n    X",
		`"DB\u005fPASS\x57ORD": X`, `- {"name": "DB\u005fTOKEN", "value": "X"}`, "- mysql --password X -h db", "DSN=host=db password=X",
		"key.pem: |\n  -----BEGIN RSA PRIVATE KEY-----\n  XAAAAAAAAAAAAAAAAA\n  XAAAAAAAAAAAAAAAAAA==\n  -----END RSA PRIVATE KEY-----",
		"note: ghp_AAAAAAAAAAAAAAAAX", "note: a eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJX.X b",
	} {
		f := NewFile("f", "f", []byte(text))
		for n, line := range strings.Split(text, "\n") {
			got := f.LineText(n + 1)
			if strings.Contains(got, "X") || strings.Contains(line, "X") && !strings.HasSuffix(got, secret.Mask) {
				t.Errorf("%q shows %q", text, got)
			}
		}
	}
}

func TestLineTextShowsTheRest(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"secretName: gone", "secret: {secretName: gone}", "automountServiceAccountToken: true\nname: x", "kind: Secret\nmetadata:\n  name: x",
		"imagePullSecrets:\n- name: gone", "image: https://example.com:80/a@sha256", "volumes:\n- name: token\n  secret:\n    secretName: gone",
		"- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: gone\n      key: k", "- name: DB_PASSWORD\n  value: X\n- name: A\n  value: b\n",
		"containers:\n- name: secret-server\n  image: a\n  env:\n  - name: A\n    value: b", "topologyKey: zone", "- {name: DB_PASSWORD}", "tokenExpirationSeconds: 5",
		"serviceAccountToken:\n  path: x", "args:\n- --verbose\n- a", "[--secret-name, a]", "- name: B\n  value: c\n- name: A_TOKEN\n  valueFrom: {secretKeyRef: {name: gone, key: k}}",
		"existingSecret: my-secret", "passwordFrom: file", "secret: my-tls", "secretKey: password", "imagePullSecret: regcred", "tokenTTL: 24h", "tokenPort: 8080",
		"- name: GOOGLE_APPLICATION_CREDENTIALS\n  value: /var/run/secrets/google/key.json", "- {name: GOOGLE_APPLICATION_CREDENTIALS, value: /a/key.json}",
		"- name: TOKEN_URL\n  value: https://login.example.com/oauth2/token", "- name: DB_PASSWORD_FILE\n  value: /run/secrets/db",
		"enableToken: true", "password: false", "password: $(DB_PASSWORD)", "token: ${TOKEN}", "maxTokens: 4096", "proxy_pass: http://backend:8080", "public_key: a",
		"key: a", "bypass: a", "tokenizer: a", "passthrough: a", "type: Basic authentication", "auth: basic", "- --token-file\n- a", "args: [--password-file, a]",
		"credentials:\n  secretName: gone\n  key: a", "name: string", "kind: object",
	} {
		f := NewFile("f", "f", []byte(text))
		for n, line := range strings.Split(text, "\n") {
			if got := f.LineText(n + 1); got != line && !strings.Contains(line, "X") {
				t.Errorf("%q shows %q for %q", text, got, line)
			}
		}
	}
}
