package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/apiserver"
)

// result is what all trials have come to.
type result struct{ trials []trial }

func (r result) unexplained() int {
	return r.count(func(t *trial) bool { return t.difference != same && t.explained == nil })
}

func (r result) count(is func(*trial) bool) int {
	n := 0
	for i := range r.trials {
		if is(&r.trials[i]) {
			n++
		}
	}
	return n
}

// varying is what differs between causes of one class.
var varying = regexp.MustCompile(`\[[^\]]*\]|"[^"]*"|[0-9]+`)

const maxClass = 180

// class names the class of a disagreement.
func (t *trial) class() string {
	name := string(t.difference) + ", " + t.kind
	if t.before != nil {
		name += " changed"
	}
	name += ": " + varying.ReplaceAllString(t.there.String(), "#")
	return name[:min(len(name), maxClass)]
}

// print shows what nothing explains, the most frequent class first, and with
// all also what is explained.
func (r result) print(w io.Writer, all bool) {
	classes := map[string][]*trial{}
	for i := range r.trials {
		if t := &r.trials[i]; t.difference != same && (all || t.explained == nil) {
			classes[t.class()] = append(classes[t.class()], t)
		}
	}
	byNumber := func(a, b string) int {
		if n := len(classes[b]) - len(classes[a]); n != 0 {
			return n
		}
		return strings.Compare(a, b)
	}
	for _, name := range slices.SortedFunc(maps.Keys(classes), byNumber) {
		t := classes[name][0]
		fmt.Fprintf(w, "%d × %s\n  %s\n  kubeknot: %s\n  server:   %s\n", len(classes[name]), name, t.source(), t.here.short(), t.there.short())
		if all {
			fmt.Fprintf(w, "%s\n", t.text)
		}
	}
	fmt.Fprintf(w, "%d answers compared, %d differences explained, %d unexplained\n", len(r.trials), r.count(func(t *trial) bool { return t.explained != nil }), r.unexplained())
}

// source says where a document comes from and how it was changed.
func (t *trial) source() string {
	if t.said == "" {
		return t.origin
	}
	return t.origin + ", " + t.said
}

const maxAnswer = 400

// short is an answer with its warnings, cut where it repeats whole objects.
func (a answer) short() string {
	text := a.String()
	if len(a.warnings) > 0 {
		text += fmt.Sprintf(", with warnings %q", a.warnings)
	}
	if len(text) > maxAnswer {
		return text[:maxAnswer] + "..."
	}
	return text
}

// write brings the documentation up to date.
func (r result) write(o options, documents []document) error {
	var b strings.Builder
	seeds, kinds := 0, map[string]bool{}
	for _, d := range documents {
		if d.seed {
			seeds++
			kinds[d.kind] = true
		}
	}
	fmt.Fprintf(&b, head, apiserver.KubernetesVersion, etcdVersion(), seeds, len(kinds), len(documents)-seeds, o.mutants, o.updates, o.seed, strings.Join(disabled, ", "))
	r.table(&b)
	r.differences(&b)
	return os.WriteFile(filepath.Join(o.root, filepath.FromSlash(o.out)), []byte(b.String()), 0o644)
}

const head = `<!-- Written by "make conformance"; do not edit. -->
# Conformance

kubeknot asks the API server's own code inside its process. ` + "`make conformance`" + `
compares that with a real server: it builds kube-apiserver %s and etcd
%s from their Go modules, starts them on the loopback address, and gives
both sides the same manifests. The server gets them as kubectl sends them, with
strict field validation and as a dry run.

The manifests are %d documents of %d kinds that are written for this test, and
%d that are the rules' examples and fixtures. Of each of the former there are up
to %d mutations, of each of the latter one: fields that are dropped, misspelt,
moved in or out, given another type, or put in from elsewhere, other labels and
selectors, repeated items, and values that are too long, too large or
malformed. Another %d mutations of each of the former are applied over it, as
kubectl apply does. The seed is %d; the same seed makes the same documents.

What is compared: whether the object is accepted; where it stops (it cannot be
decoded, it has unknown fields, it is invalid); which fields are named, and in
which words; and the warnings for what is accepted. Of values that cannot be
decoded the server names only the first, and that without indices. What kubeknot
finds behind what stops the server is not compared.

The server runs without controllers, and without the admission plugins that
judge by what else the cluster holds or take from there: %s.

`

// rows are the rows of the table.
var rows = []struct {
	title string
	in    func(*trial) bool
}{
	{"accepted", func(t *trial) bool { return t.there.stage == accepted && t.before == nil }},
	{"cannot be decoded", func(t *trial) bool { return t.there.stage == decoding && t.before == nil }},
	{"has unknown fields", func(t *trial) bool { return t.there.stage == strict && t.before == nil }},
	{"invalid", func(t *trial) bool { return t.there.stage == validation && t.before == nil }},
	{"refused otherwise", func(t *trial) bool {
		return (t.there.stage == unsent || t.there.stage == other) && t.before == nil
	}},
	{"change accepted", func(t *trial) bool { return t.there.stage == accepted && t.before != nil }},
	{"change refused", func(t *trial) bool { return t.there.stage != accepted && t.before != nil }},
	{"all", func(*trial) bool { return true }},
}

func (r result) table(b *strings.Builder) {
	b.WriteString("| The server says | documents | same verdict | same in all | explained | unexplained |\n|---|---:|---:|---:|---:|---:|\n")
	for _, row := range rows {
		count := func(is func(*trial) bool) int {
			return r.count(func(t *trial) bool { return row.in(t) && is(t) })
		}
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d |\n", row.title, count(func(*trial) bool { return true }),
			count(func(t *trial) bool { return t.here.refused() == t.there.refused() }),
			count(func(t *trial) bool { return t.difference == same }),
			count(func(t *trial) bool { return t.explained != nil }),
			count(func(t *trial) bool { return t.difference != same && t.explained == nil }))
	}
}

// differences lists the explanations that were needed.
func (r result) differences(b *strings.Builder) {
	b.WriteString("\n## Differences\n\n| What | documents | Why | For example |\n|---|---:|---|---|\n")
	for _, e := range explanations {
		is := func(t *trial) bool { return t.explained == e }
		i := slices.IndexFunc(r.trials, func(t trial) bool { return is(&t) })
		if i < 0 {
			continue
		}
		fmt.Fprintf(b, "| %s | %d | %s | %s |\n", e.title, r.count(is), e.why, example(&r.trials[i]))
	}
}

const maxExample = 160

// example is one document and the server's answer, for a cell of a table.
func example(t *trial) string {
	cell := func(text string) string {
		text = strings.NewReplacer("\n", " ", "|", `\|`, "`", "'").Replace(text)
		if len(text) > maxExample {
			text = text[:maxExample] + "..."
		}
		return "`" + text + "`"
	}
	return cell(t.source()) + ": " + cell(t.there.short())
}
