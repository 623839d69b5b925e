// Package secret says which texts are secrets: by the name that they stand
// behind (names.go), by their own shape (shapes.go), and by what their values
// cannot be (value.go). Reports, traces, the errors of Helm and kustomize and
// the messages of policies all mask by it (mask.go).
//
// The names are those that detect-secrets (its KeywordDetector) and gitleaks
// (its rule generic-api-key) look for, and those of the fields of Kubernetes
// and of the data keys of its types of Secrets,
// https://kubernetes.io/docs/concepts/configuration/secret/#secret-types.
package secret

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A name is judged as words in lower case, joined by "-": dbPassword, DB_PASSWORD
// and db.password are all db-password.
var (
	// holds finds words that name a secret, at the end of a word: "pgpassword".
	holds = regexp.MustCompile(`(passw(or)?ds?|passphrases?|passcodes?|secrets?|tokens?|credentials?|connectionstrings?|kubeconfig|dockerconfig(json)?|dockercfg)\d*(-|$)`)

	// word finds words that name a secret if they stand alone.
	word = regexp.MustCompile(`(^|-)((\w*(db|user|admin|root|sql|smtp|mail|redis|key|store))?pass|\w*pwd|creds?|dsn|jwt|authorization|htpasswd|otp|connection-string|id-(rsa|dsa|ecdsa|ed25519))\d*(-\d+)?$`)

	// keys finds the keys that are secrets. A key alone is one of a mapping.
	keys = regexp.MustCompile(`(^|-)\w*(api|app|application|private|priv|access|secret|encryption|decryption|encrypt|signing|account|auth|master|client|service|license|ssh|tls|ssl|shared|session|storage|deploy|webhook|db|database|admin|hmac|aes|fernet|gpg|pgp|cookie|jwt|host|rsa|ecdsa|ed25519)-?keys?\d*(-id|-base|-base64|-b64|-pem)?$`)

	// public finds keys that are no secrets.
	public = regexp.MustCompile(`(^|-)(public|primary|foreign|cache|sort|partition|topology|label|group|routing|object|site)-?keys?$`)

	// aspect finds names that say where a secret is, of what kind, or how long it
	// is good, by their last word.
	aspect = regexp.MustCompile(`(^|-)\w*(names?|namespaces?|refs?|references?|paths?|files?|filename|dirs?|directory|mounts?|volumes?|types?|kinds?|class|enabled?|disabled?|creates?|required|policy|seconds|minutes|hours|days|ttl|duration|expiry|expires|expiration|lifetime|timeout|interval|length|len|size|count|limit|port|host|hostname|issuer|audiences?|algorithm|format|version|prefix|suffix|headers?|fields?|from|source|store|provider|generator|review|reviews|controller|manager|operator|server|optional|annotations|labels|template)$`)

	// about finds names that say something of a secret by their first word.
	about = regexp.MustCompile(`^(existing|enable|disable|use|has|is|allow|require|create|automount|generate|max|min|num|mount)-|-existing-`)

	// object finds names of objects: "imagePullSecrets", "tlsSecret".
	object = regexp.MustCompile(`(^|-)(pull|tls|ssl|ca|cert|certificate|image|registry|target|source|backup|issuer)-secrets?$|^(service-account-token|secret-key-selector)$`)

	// either finds names of which the value must tell: the name of an object or of
	// a key, or a secret itself.
	either = regexp.MustCompile(`^secrets?$|^auth$|(^|-)(secret|password|token|credentials?)-keys?$`)

	// owned finds whose secret is no object: "clientSecret", "jwt-secret".
	owned = regexp.MustCompile(`(^|-)(client|jwt|app|api|shared|cookie|session|signing|webhook|oauth2?|oidc|consumer|hmac|auth|encryption|access|token|master|root|user|aws|azure|gcp|github|gitlab|google|slack|stripe|rpc|csrf|hash|otp|totp|mfa|nextauth|django|rails|flask|crypto|private|super|my|the)-?secrets?\d*$`)
)

// stems are parts that every name of a secret has: most names have none.
var stems = []string{"pass", "pwd", "secret", "token", "cred", "key", "dsn", "auth", "kubeconfig", "docker", "connection", "jwt", "otp", "rsa", "dsa", "ed25519"}

// level says how sure it is that what stands behind a name is a secret.
type level int

const (
	open    level = iota // it is none
	unclear              // its value must tell
	certain
)

// levelOf judges a name: a key, or the name of a variable, header or parameter.
func levelOf(name string) level {
	lower := strings.ToLower(name)
	if len(name) > maxName || !slices.ContainsFunc(stems, func(stem string) bool { return strings.Contains(lower, stem) }) {
		return open
	}
	joined := words(name)
	switch {
	case about.MatchString(joined), aspect.MatchString(joined), object.MatchString(joined), public.MatchString(joined):
		return open
	case isVariable(name) && (strings.HasSuffix(joined, "-key") || joined == "key"):
		return certain
	case either.MatchString(joined):
		return unclear
	case strings.HasSuffix(joined, "secret") || strings.HasSuffix(joined, "secrets"):
		if isVariable(name) || owned.MatchString(joined) {
			return certain
		}
		return unclear
	case holds.MatchString(joined), word.MatchString(joined), keys.MatchString(joined):
		return certain
	}
	return open
}

// maxName is how long a name can be: longer texts are no names.
const maxName = 256

// isVariable reports whether a name is written as those of variables of an
// environment are: in capitals.
func isVariable(name string) bool {
	return strings.ToUpper(name) == name && strings.ToLower(name) != name
}

// words returns the words of a name in lower case, joined by "-".
func words(name string) string {
	var b strings.Builder
	runes := []rune(strings.Trim(name, " \t\r\n\"'-_.$"))
	for i, r := range runes {
		upper := unicode.IsUpper(r)
		begins := i > 0 && upper && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			r = '-'
		case begins && b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Named reports whether all that stands behind a name is secret, whatever it
// looks like: also lists and mappings.
func Named(name string) bool { return levelOf(name) == certain }

// Mentions reports whether a name that speaks of a secret only says where it is,
// or of what kind.
func Mentions(name string) bool {
	joined := words(name)
	return about.MatchString(joined) || aspect.MatchString(joined) || object.MatchString(joined) || joined == "key" || joined == "optional"
}

// Held reports whether the value behind a name is a secret.
func Held(name, value string) bool {
	switch levelOf(name) {
	case certain:
		return Plausible(value)
	case unclear:
		return Plausible(value) && !isName(value)
	}
	return false
}

// Variable reports whether an object of this name is a variable that holds a
// secret even if nothing else says that it is a variable: names of objects have
// neither capitals nor underscores.
func Variable(name string) bool {
	return (strings.Contains(name, "_") || strings.ToLower(name) != name) && Named(name)
}

// Flag reports whether the argument behind this one, "--password", is a secret.
func Flag(argument string) bool {
	return strings.HasPrefix(argument, "-") && !strings.ContainsAny(argument, "= \n") && Named(argument)
}
