package manifest

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	edlib "github.com/hbollon/go-edlib"

	"github.com/kubeknot/kubeknot/analyzer/apiserver"
)

// half is what stands at the top of a document that is meant as an object and
// lacks apiVersion or kind, as far as it is there.
type half struct {
	apiVersion, kind Entry // zero if missing, of another key if misspelt
}

// findHalf looks for the two keys, and for others that are meant as one of
// them.
func findHalf(root *Node) half {
	h := half{Field(root, "apiVersion"), Field(root, "kind")}
	for key, e := range Fields(root) {
		switch {
		case h.apiVersion.Key == nil && isSlipOf(key, "apiVersion"):
			h.apiVersion = e
		case h.kind.Key == nil && isSlipOf(key, "kind"):
			h.kind = e
		}
	}
	return h
}

// isSlipOf reports whether a key is another one in other letters: apiversion,
// api_version, apiVerson, Kind.
func isSlipOf(key, meant string) bool {
	bare := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(key))
	slips := len(meant) / 5 // none of kind, where "king" and "kinds" are words
	return edlib.OSADamerauLevenshteinDistance(bare, strings.ToLower(meant)) <= slips
}

// versionForm is what an apiVersion looks like.
var versionForm = regexp.MustCompile(`^([a-z0-9.-]+/)?v\d+((alpha|beta)\d+)?$`)

// kindForm is what a kind looks like.
var kindForm = regexp.MustCompile(`^[A-Z][A-Za-z0-9]+$`)

// findHalfObject reports a document that the author means as an object and that
// has no apiVersion or no kind: kubectl refuses it (k8s.io/kubectl
// pkg/validation, "apiVersion not set", "kind not set"). Many tools keep a kind
// in their files, so it looks for more: metadata with a name, as only objects
// have, and either a kind of Kubernetes itself, or a key that is a slip of the
// one that is missing, or a value of the other that only apiVersion has. A kind
// of anybody else proves something beside other objects alone.
func (d *Document) findHalfObject(beside bool) {
	if !IsMapping(d.Root) || isEncrypted(d.Root) {
		return
	}
	h := findHalf(d.Root)
	metadata := Get(d.Root, "metadata")
	named := String(metadata, "name") != "" || String(metadata, "generateName") != ""
	version, kind := scalarOf(h.apiVersion), scalarOf(h.kind)
	misspelt := h.apiVersion.Key != nil && h.kind.Key != nil && IsMapping(metadata)
	switch {
	case !named && !misspelt, strings.HasPrefix(version, "kustomize.config.k8s.io/"):
		return
	case h.kind.Key != nil && !kindForm.MatchString(kind), h.apiVersion.Key != nil && !versionForm.MatchString(version):
		return
	case h.apiVersion.Key == nil && h.kind.Key == nil:
		return
	case h.apiVersion.Key == nil && !isBuiltin(kind) && !beside:
		return
	case d.foreignKeys(h) > 1:
		return // the manner of another tool
	}
	d.Role = Broken
	d.Problems = append(d.Problems, d.halfProblem(h, kind, String(metadata, "name")))
}

// topKeys are the fields that objects of Kubernetes have beside apiVersion and
// kind (k8s.io/api).
var topKeys = strings.Fields(`metadata spec status data stringData binaryData immutable type items rules subjects roleRef
	aggregationRule secrets imagePullSecrets automountServiceAccountToken subsets endpoints ports addressType webhooks
	provisioner parameters reclaimPolicy volumeBindingMode allowVolumeExpansion mountOptions allowedTopologies
	value globalDefault description preemptionPolicy handler overhead scheduling template revision`)

// foreignKeys counts the top keys of a document that no object has.
func (d *Document) foreignKeys(h half) int {
	n := 0
	for key, e := range Fields(d.Root) {
		if e.Key != h.apiVersion.Key && e.Key != h.kind.Key && !slices.Contains(topKeys, key) {
			n++
		}
	}
	return n
}

// isBuiltin reports whether Kubernetes itself has a kind.
func isBuiltin(kind string) bool { return len(apiserver.HomesOf(kind)) > 0 }

// halfProblem says what is missing or misspelt, and where.
func (d *Document) halfProblem(h half, kind, name string) Problem {
	subject := strings.TrimSpace(kind + " " + name)
	if kind == "" {
		subject = fmt.Sprintf("the object %s", name)
	}
	p := Problem{Kind: TypeMissing}
	missing, misspelt := "apiVersion", h.apiVersion.Key
	if Field(d.Root, "apiVersion").Key != nil {
		missing, misspelt = "kind", h.kind.Key
	}
	p.Path, p.Help = []string{missing}, "set "+missing
	if homes := apiserver.HomesOf(kind); missing == "apiVersion" && len(homes) > 0 {
		p.Help = "set apiVersion to " + homes[0]
	}
	switch {
	case misspelt != nil:
		p.Help = fmt.Sprintf("rename %s to %s", misspelt.Value, missing)
		p.Message = fmt.Sprintf("%s has no %s: the key is spelled %s", subject, missing, misspelt.Value)
		p.Span = d.SpanOf(misspelt)
	case h.kind.Key != nil:
		p.Message, p.Span = fmt.Sprintf("%s has no %s", subject, missing), d.SpanOf(h.kind.Raw)
	default:
		p.Message, p.Span = fmt.Sprintf("%s has no %s", subject, missing), d.SpanOf(h.apiVersion.Raw)
	}
	return p
}

// scalarOf returns the text of an entry's value, "" if it is none.
func scalarOf(e Entry) string { return String(e.Value) }

// topKey finds a line that begins with a key of a half object.
var topKey = regexp.MustCompile(`(?mi)^["']?(kind|api[-_]?vers?i?[a-z]*)["']?[ \t]*:`)

// mayBeHalf reports whether a text may be that of an object which lacks one of
// its keys. It is asked of every document that is not read for anything else.
func mayBeHalf(text []byte) bool {
	return bytes.Contains(text, []byte("metadata")) && topKey.Match(text)
}

// findHalfObjects reports the half objects of a file, and reads them for it if
// nobody has. What cannot be read is left alone: it may be anything.
func (f *File) findHalfObjects() {
	beside := slices.ContainsFunc(f.Documents, func(d *Document) bool { return d.Role == Object })
	for _, d := range f.Documents {
		text := d.File.Data[d.text.Start:d.text.End]
		if d.Role != Foreign || !mayBeHalf(text) || hasYttValues(text) {
			continue
		}
		if d.Root == nil {
			d.Root, _ = read(text) // what cannot be read stays foreign
		}
		if d.findHalfObject(beside); d.Role == Broken {
			d.hideIfSecret(text)
		}
		d.Root = nil
	}
}
