package secret

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// shape is what a kind of secrets looks like, wherever it stands. Group 1 is
// the secret, if there is one, else the whole match is.
type shape struct {
	of      string
	pattern string
}

// shapes are the prefixes and alphabets that issuers give their tokens, so that
// they are recognized. They are facts of the issuers, collected and kept by
// https://github.com/gitleaks/gitleaks (config/gitleaks.toml, MIT) and
// https://github.com/Yelp/detect-secrets (detect_secrets/plugins, Apache 2.0).
// Lengths are lower bounds here: what is nearly a token is masked too.
var shapes = []shape{
	{"password of a URL", `//[^\s/@:"']*:([^\s/@"']+)@`},
	{"private key", `-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)`},
	{"private key in base64", encodedKeys()},
	{"JSON web token", `\beyJ[\w-]{6,}\.(?:ey|[\w-]{8})[\w-]{4,}(?:\.[\w-]*)*`}, // RFC 7519
	{"JSON web token in base64", `\bZXlK[A-Za-z0-9+/]{24,}=*`},
	{"HTTP credentials", `(?i)\b(?:bearer|basic)[ =]+["']?((?:[\w.~+/-]*\d[\w.~+/-]{5,}|[\w.~+/-]{5,}\d[\w.~+/-]*)={0,2}|[\w.~+/-]{6,}={1,2})`}, // RFC 9110, 11.4
	{"user of curl", `\bcurl\b[^\n]*?\s(?:-u|--user)[ =]*["']?[^\s:"']*:([^\s"']+)`},
	{"GitHub", `\b(?:gh[oprsu]_[0-9A-Za-z]{16,}|github_pat_\w{16,})`},
	{"GitLab", `\b(?:gl(?:pat|cbt|dt|ffct|ft|imt|agent|oas|ptt|rt|soat)-[\w-]{16,}(?:\.[\w.]+)?|GR1348941[\w-]{16,})`},
	{"AWS", `\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b|\bABSK[A-Za-z0-9+/]{40,}=*`},
	{"Google Cloud", `\b(?:AIza[\w-]{30,}|ya29\.[\w-]{16,}|GOCSPX-[\w-]{16,})`},
	{"Azure", `\b\w{3}\dQ~[\w~.-]{31,34}|\bsig=([\w%+/-]{24,}=*)`},
	{"Slack", `\b(?:xox[abeoprs]-[\w-]{8,}|xoxe\.xox[bp]-[\w-]{16,}|xapp-\d-[\w-]{8,})|hooks\.slack\.com/(?:services|workflows|triggers)/([\w/+-]{16,})`},
	{"Microsoft Teams", `\.webhook\.office\.com/webhookb2/(\S{16,})`},
	{"Discord", `discord(?:app)?\.com/api/webhooks/(\d+/[\w-]{16,})`},
	{"Telegram", `\b\d{6,12}:AA[\w-]{24,}`},
	{"Stripe", `\b(?:[rs]k_(?:live|test|prod)_\w{10,}|whsec_\w{16,})`},
	{"npm", `\bnpm_[A-Za-z0-9]{24,}`},
	{"PyPI", `\bpypi-AgE[\w-]{16,}`},
	{"RubyGems", `\brubygems_[0-9a-f]{24,}`},
	{"Docker Hub", `\bdckr_(?:pat|oat)_[\w-]{16,}`},
	{"Vault", `\bhv[bs]\.[\w-]{16,}`},
	{"Terraform", `\b\w{14}\.atlasv1\.[\w=-]{16,}`},
	{"Pulumi", `\bpul-[0-9a-f]{24,}`},
	{"DigitalOcean", `\bdo[opr]_v1_[0-9a-f]{24,}`},
	{"Doppler", `\bdp\.(?:pt|st|ct|sa|scim|audit)\.[\w.]{24,}`},
	{"Databricks", `\bdapi[0-9a-f]{32}`},
	{"Grafana", `\bgl(?:c|sa)_[\w+/]{24,}=*`},
	{"Sentry", `\bsntry[su]_[\w+/=-]{24,}`},
	{"New Relic", `\bNRAK-[A-Z0-9]{16,}`},
	{"SendGrid", `\bSG\.[\w-]{16,}\.[\w-]{16,}`},
	{"Mailgun", `\bkey-[0-9a-f]{32}\b`},
	{"Mailchimp", `\b[0-9a-f]{32}-us\d{1,2}\b`},
	{"Twilio", `\bSK[0-9a-f]{32}\b`},
	{"Shopify", `\bshp(?:at|ca|pa|ss)_[0-9A-Fa-f]{24,}`},
	{"Square", `\b(?:EAAA|sq0[a-z]{3}-)[\w-]{22,}`},
	{"OpenAI, Anthropic", `\bsk-(?:(?:ant|proj|svcacct|admin)[\w-]{20,}|[A-Za-z0-9]{20,})`},
	{"Hugging Face", `\b(?:hf|api_org)_[A-Za-z]{30,}`},
	{"Linear, Notion, Postman", `\b(?:lin_api_\w{24,}|ntn_\w{24,}|PMAK-[\w-]{24,})`},
	{"OpenShift", `\bsha256~[\w-]{40,}`},
	{"Artifactory", `\b(?:AKCp[A-Za-z0-9]{60,}|cmVmd[A-Za-z0-9]{50,})`},
	{"age", `\bAGE-SECRET-KEY-1[A-Z0-9]{24,}`},
}

var shaped = func() *regexp.Regexp {
	all := make([]string, 0, len(shapes))
	for _, s := range shapes {
		all = append(all, s.pattern)
	}
	return regexp.MustCompile(strings.Join(all, "|"))
}()

// encodedKeys finds private keys that are written in base64, by their first line.
func encodedKeys() string {
	var all []string
	for _, kind := range []string{"", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED "} {
		text := base64.StdEncoding.EncodeToString([]byte("-----BEGIN " + kind + "PRIVATE KEY-----"))
		all = append(all, text[:len("-----BEGIN "+kind+"PRIV")/3*4])
	}
	return `\b(?:` + strings.Join(all, "|") + `)[A-Za-z0-9+/]*(?:\n\s*[A-Za-z0-9+/]{16,})*=*`
}

// spans returns where what has the shape of a secret stands in a text.
func spans(text string) [][2]int {
	var all [][2]int
	for _, m := range shaped.FindAllStringSubmatchIndex(text, -1) {
		at := [2]int{m[0], m[1]}
		for i := 2; i < len(m); i += 2 {
			if m[i] >= 0 {
				at = [2]int{m[i], m[i+1]}
			}
		}
		all = append(all, at)
	}
	return all
}

// Shaped returns where the first text that has the shape of a secret begins; -1 if
// there is none.
func Shaped(text string) int {
	if all := spans(text); len(all) > 0 {
		return all[0][0]
	}
	return -1
}

// MaskShapes masks all that has the shape of a secret in a text.
func MaskShapes(text string) string {
	all := spans(text)
	if len(all) == 0 {
		return text
	}
	var b strings.Builder
	end := 0
	for _, at := range all {
		b.WriteString(text[end:at[0]])
		b.WriteString(Mask)
		end = at[1]
	}
	b.WriteString(text[end:])
	return b.String()
}
