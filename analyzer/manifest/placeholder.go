package manifest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/memo"
)

// substituted finds what tools replace in a text before it is applied:
//
//	${X} ${X:-d} ${X/#a/b}  shells, envsubst, Flux, Terraform
//	$(X)                    kustomize vars, make
//	$X                      envsubst
//	{{ x }} {% x %} <% x %> Go templates, Jinja, ERB
//	[[ x ]] (( x )) (@ x @) other templates, spruce, ytt
//	<x>                     documentation
//	{X} #{x}# @X@ %X% __X__ sed, Azure Pipelines, autoconf, batch files
//	ENC[...]                ciphertext of SOPS and of hiera-eyaml
//
// The references of vals, ref+vault://x, are found by their beginning, and a
// text of three dots alone by itself.
//
// The letters inside decide: 50%, a@b, "x < y && y > z" and {name} are plain
// text, as is a label of Prometheus, __name__.
var substituted = regexp.MustCompile("(?s)" + strings.Join([]string{
	`\$\{[^}]`, `\$\([^)]+\)`, `\$[A-Za-z_]`,
	`\{\{.*\}\}`, `\{%.*%\}`, `<%.*%>`,
	`\[\[.*\]\]`, `\(\([\w.-]+\)\)`, `\(@.*@\)`,
	`<[\pL\pN_$.…][^<>&|=]*>`,
	`\{[A-Z][A-Z0-9_]+\}`, `#\{[^}]+\}`, `@[A-Za-z][\w.-]*@`, `%[A-Za-z_]\w+%`, `__[A-Z][A-Z0-9_]*__`,
	`^ENC\[.*\]$`,
}, "|"))

// mayBeSubstituted are the characters of which each text that substituted
// finds has one.
const mayBeSubstituted = "${[<(@%_"

// IsPlaceholder reports whether the text holds something that another tool
// replaces before the object is applied, or that is encrypted. Nothing may be
// concluded from such a value. A text that a format rules out may be a
// placeholder as well: see IsStandIn.
func IsPlaceholder(s string) bool {
	return strings.ContainsAny(s, mayBeSubstituted) && substituted.MatchString(s) ||
		s == "..." || s == "…" || strings.HasPrefix(s, "ref+")
}

// standIns find, in texts that their format rules out, what an author puts
// where everybody has a value of his own.
var standIns = [...]*regexp.Regexp{
	regexp.MustCompile(`(^|[^A-Za-z0-9])[A-Z][A-Z0-9]*(_[A-Z0-9]+)+($|[^A-Za-z0-9=])`), // APP_NAME
	regexp.MustCompile(`^[xX*?#_.:/ -]*([xX]{3}|[xX]\.[xX]|\*{3}|\?{3}|#{3}|_{3})[xX*?#_.:/ -]*$`),
	regexp.MustCompile(`^[xX]{2,}[KMGT]?i?$`), // a quantity
	regexp.MustCompile(`\.\.\.|…`),
	regexp.MustCompile(`\{[A-Za-z][\w. -]*\}|\[[A-Z][A-Z0-9_ -]+\]`),
	regexp.MustCompile(`(?i)(^|[^a-z])(your|change[-_ ]?me|replace[-_ ]?(me|with|this)|place[-_ ]?holder|redacted|fill[-_ ]?(me|in)|to[-_ ]be[-_ ])([^a-z]|$)`),
	regexp.MustCompile(`(?i)^(tbd|todo|fixme)\b`),
}

// standInWords are the words of a text in capitals that name what has to be put
// there; others, like HTTP and WEB, may be the value itself in the wrong case.
var standInWords = []string{
	"ACCOUNT", "ADDRESS", "ARN", "BASE64", "BUCKET", "CERT", "CERTIFICATE", "CLUSTER", "DATA", "DOMAIN", "EMAIL",
	"HOST", "HOSTNAME", "ID", "IMAGE", "INSERT", "IP", "KEY", "LIMIT", "MY", "NAME", "NAMESPACE", "NUMBER",
	"PASSWORD", "PORT", "PREFIX", "PROJECT", "REGION", "RELEASE", "REPLACE", "REPLICAS", "SECRET", "SIZE", "SOME",
	"SUFFIX", "TAG", "TOKEN", "URL", "USER", "USERNAME", "VALUE", "VERSION", "YOUR", "ZONE",
}

// IsStandIn reports whether a text that cannot be meant literally, because the
// format of its place rules it out, stands for a value that is still to be
// filled in: a placeholder of any form, APP_NAME, NAMESPACE, xxxxxxx, x.x.x.x,
// "your-domain", or a text that is cut short with dots. It must not be asked
// about texts that may be meant: APP_NAME is a good key of a ConfigMap.
func IsStandIn(s string) bool {
	if IsPlaceholder(s) || slices.ContainsFunc(standIns[:], func(r *regexp.Regexp) bool { return r.MatchString(s) }) {
		return true
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '.' || r == ' ' || r == '/' || r == '_' })
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(standInWords, w) })
}

// HoldsPlaceholder reports whether a value holds a placeholder at any depth, in
// a key or in a value. A nil node holds none.
func HoldsPlaceholder(n *Node) bool {
	return holds(n, IsPlaceholder, maxMergeDepth)
}

func holds(n *Node, unknown func(string) bool, aliases int) bool {
	if n == nil || aliases == 0 {
		return false
	}
	if n.Kind == AliasNode {
		return holds(n.alias, unknown, aliases-1)
	}
	for _, c := range n.Children() {
		if holds(c, unknown, aliases) {
			return true
		}
	}
	return n.Kind == ScalarNode && unknown(n.Value)
}

// Placeholders returns the distinct texts of the resource that are
// placeholders, in no order. They are found once for each resource.
func (r *Resource) Placeholders() []string {
	return placeholdersKey.Of(r, func() []string {
		var all []string
		holds(r.Node, func(s string) bool {
			if IsPlaceholder(s) && !slices.Contains(all, s) {
				all = append(all, s)
			}
			return len(all) == maxPlaceholders
		}, maxMergeDepth)
		return all
	})
}

// maxPlaceholders bounds a search whose result is compared text by text.
const maxPlaceholders = 1000

// placeholdersKey is the key of the placeholders of a resource.
var placeholdersKey memo.Key[[]string]

// QuotesPlaceholder reports whether a text that others have made of the
// resource, as the API server does, quotes one of its placeholders. Quotes of
// anything else do not count, whatever they look like.
func (r *Resource) QuotesPlaceholder(text string) bool {
	return slices.ContainsFunc(r.Placeholders(), func(s string) bool {
		return slices.ContainsFunc([]string{`"` + s + `"`, "'" + s + "'", "`" + s + "`", strconv.Quote(s)}, func(quoted string) bool {
			return strings.Contains(text, quoted)
		})
	})
}
