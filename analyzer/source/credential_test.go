package source

import (
	"strings"
	"testing"
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
	} {
		f := NewFile("f", "f", []byte(text))
		for n, line := range strings.Split(text, "\n") {
			got := f.LineText(n + 1)
			if strings.Contains(got, "X") || strings.Contains(line, "X") && !strings.HasSuffix(got, Mask) {
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
	} {
		f := NewFile("f", "f", []byte(text))
		for n, line := range strings.Split(text, "\n") {
			if got := f.LineText(n + 1); got != line && !strings.Contains(line, "X") {
				t.Errorf("%q shows %q for %q", text, got, line)
			}
		}
	}
}

func TestWithoutPasswords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a postgres://u:X@h and //v:X@i": "a postgres://u:" + Mask + "@h and //v:" + Mask + "@i",
		"https://a@b:80/c":               "https://a@b:80/c",
	} {
		if got := WithoutPasswords(text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	secrets := []string{"hunter-hunter", "pass", "a", "pass-word", " "}
	for text, want := range map[string]string{
		"xhunter-hunterx is a password": "x" + Mask + "x is a password",
		"a pass, and passes":            "a " + Mask + ", and passes",
		`cannot be "a": 'a' is no b`:    `cannot be "` + Mask + `": '` + Mask + `' is no b`,
		"told:pass-word":                "told:" + Mask,
	} {
		if got := Without(secrets, text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
