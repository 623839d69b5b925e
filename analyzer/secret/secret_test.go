package secret

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for want, names := range map[level]string{
		certain: `password dbPassword DB_PASSWORD db.password PGPASSWORD MYSQL_PWD password2 DB_PASS DB_PASS_1 PASS pass dbpass passphrase
			clientSecret client_secret CLIENT_SECRET jwt-secret JWT_SECRET jwtSecret APP_SECRET webhookSecret token authToken ACCESS_TOKENS
			apiKey api_key APIKEY x-api-key encryption_key ENCRYPTION_KEY privateKey aws_secret_access_key AWS_ACCESS_KEY_ID A_KEY SECRET_KEY
			id_rsa id_ed25519 ssh-privatekey kubeconfig .dockerconfigjson .dockercfg authorization Authorization DATABASE_DSN tls.key credentials
			connectionString session_key signing-key SECRET_KEY_BASE account-key cookieSecret`,
		unclear: `secret secrets secretKey auth passwordSecret db-secret adminPasswordSecret passwordKey`,
		open: `name secretName passwordFrom existingSecret existingSecretPasswordKey secretKeyRef tokenExpirationSeconds passwordFile
			GOOGLE_APPLICATION_CREDENTIALS_FILE DB_PASSWORD_FILE SECRET_NAME TOKEN_HOST imagePullSecrets pullSecret tlsSecret key topologyKey
			PRIMARY_KEY CACHE_KEY publicKey bypass compass passthrough tokenizer secretary maxTokens automountServiceAccountToken keyName author
			authority monkey turkey serviceAccountToken tokenReview secretStore token_ttl passport passwordPolicy enableToken keycloak`,
	} {
		for _, name := range strings.Fields(names) {
			if got := levelOf(name); got != want {
				t.Errorf("%s: got %d, want %d", name, got, want)
			}
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"hunter2", "12345678", "a/b+c==", "/hK3vQ9+xY7Tz2LmN8pRw5aSd/Qe", "https://h/hooks?key=x", "${X:-default}", `{{ .Values.x | default "y" }}`} {
		if !Plausible(value) {
			t.Errorf("%q cannot be a secret", value)
		}
	}
	for _, value := range []string{"", "true", "null", "/etc/a", "/var/run/secrets/kubernetes.io/serviceaccount/token", "./a.json", "https://a.example.com:80/b/c", "http://backend", "$(A)", "${A}", "{{ .Values.x }}"} {
		if Plausible(value) {
			t.Errorf("%q can be a secret", value)
		}
	}
}

// Each text is a token of the kind that its issuer gives, as far as it is public.
func TestShapes(t *testing.T) {
	t.Parallel()
	const hex, letters = "0123456789abcdef0123456789abcdef", "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEf"
	key := "-----BEGIN EC PRIVATE KEY-----\n" + letters + "\n-----END EC PRIVATE KEY-----"
	for _, secret := range []string{
		"ghp_" + letters, "github_pat_" + letters, "glpat-" + letters[:20], "AKIAIOSFODNN7EXAMPLE", "AIza" + letters[:35], "ya29." + letters,
		"xoxb-1234567890-1234567890-" + letters, "sk_live_" + letters, "rk_test_" + letters, "npm_" + letters[:36], "hvs." + letters, "dop_v1_" + hex + hex,
		"SG." + letters[:22] + "." + letters, "key-" + hex, hex + "-us12", "SK" + hex, "shpat_" + hex, "dckr_pat_" + letters, "pypi-AgEIcHlwaS5vcmc" + letters,
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "sha256~" + letters + "0", "sk-" + letters, "sk-ant-api03-" + letters, "123456789:AA" + letters, key,
		base64.StdEncoding.EncodeToString([]byte(key)), "AGE-SECRET-KEY-1" + strings.ToUpper(letters), "glsa_" + letters, "hf_" + strings.Repeat("aB", 17),
	} {
		if got := MaskShapes("before " + secret + " after"); got != "before "+Mask+" after" && got != "before "+Mask+"after" {
			t.Errorf("%s is shown as %q", secret, got)
		}
	}
	for text, want := range map[string]string{
		"a postgres://u:X@h and //v:X@i":                    "a postgres://u:" + Mask + "@h and //v:" + Mask + "@i",
		"https://a@b:80/c":                                  "https://a@b:80/c",
		"https://hooks.slack.com/services/T0/B0/" + letters: "https://hooks.slack.com/services/" + Mask,
		"Authorization: Bearer abcdef123":                   "Authorization: Bearer " + Mask,
		"curl -u me:X https://a":                            "curl -u me:" + Mask + " https://a",
		"the bearer of the token, Basic authentication":     "the bearer of the token, Basic authentication",
		"sk-something-that-is-a-long-name":                  "sk-something-that-is-a-long-name",
		"-----BEGIN CERTIFICATE-----":                       "-----BEGIN CERTIFICATE-----",
		"image@sha256:" + hex + hex:                         "image@sha256:" + hex + hex,
	} {
		if got := MaskShapes(text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	secrets := []string{"hunter-hunter", "pass", "a", "pass-word", " ", "p4ss", "string", "object", "one\ntwo-and-three", `qu"oted`}
	encoded := base64.StdEncoding.EncodeToString([]byte("a hunter-hunter in it"))
	for text, want := range map[string]string{
		"xhunter-hunterx is a password": "x" + Mask + "x is a password",
		"a p4ss, and p4sses":            "a " + Mask + ", and p4sses",
		"a pass, and passes":            "a pass, and passes",
		`cannot be "a": 'a' is no b`:    `cannot be "` + Mask + `": '` + Mask + `' is no b`,
		"told:pass-word":                "told:" + Mask,
		"in base64 " + encoded + " it":  "in base64 " + Mask + " it",
		`got "string", want "object"`:   `got "string", want "object"`,
		"line two-and-three":            "line " + Mask,
		`{"b":"qu\"oted"}`:              `{"b":"` + Mask + `"}`,
	} {
		if got := Without(secrets, text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestMaskOfCutValues(t *testing.T) {
	t.Parallel()
	values := NewValues([]string{"hunter-hunter-hunter"})
	encoded := base64.StdEncoding.EncodeToString([]byte("a hunter-hunter"))
	for text, want := range map[string]string{
		`"hunter-hun..., b`:        `"` + Mask + `..., b`,
		`"` + encoded + `..., b`:   `"` + Mask + `, b`,
		`a hunter is... and so on`: `a hunter is... and so on`,
	} {
		if got := values.Mask(text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
