package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
)

// verdict is what a person has said about one error. The empty verdict means
// that nobody has judged it yet.
type verdict struct {
	Repository  string `json:"repository"`
	Rule        string `json:"rule"`
	File        string `json:"file"`
	Line        int    `json:"line"`
	Fingerprint string `json:"fingerprint"`
	Verdict     string `json:"verdict"`
	Why         string `json:"why,omitempty"`
}

// key identifies an error across runs. Fingerprints do not depend on messages
// or line numbers, so a verdict survives both.
type key struct{ repository, fingerprint string }

const (
	right     = "right"
	worthless = "worthless"
	wrong     = "wrong"
)

// readVerdicts returns the verdicts of a file; a file that does not exist has
// none. A line that cannot be understood is an error, by number.
func readVerdicts(path string) (map[key]verdict, error) {
	known := map[key]verdict{}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var v verdict
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		if !slices.Contains([]string{"", right, worthless, wrong}, v.Verdict) {
			return nil, fmt.Errorf("%s:%d: verdict %q is none of right, worthless, wrong", path, n, v.Verdict)
		}
		known[key{v.Repository, v.Fingerprint}] = v
	}
	return known, lines.Err()
}

// writeVerdicts writes all verdicts, and the errors asked with an empty one, in
// a stable order. Verdicts about errors that are gone stay, for the day on which
// they come back.
func writeVerdicts(path string, known map[key]verdict, asked []finding) error {
	if len(asked) == 0 {
		return nil
	}
	all := make([]verdict, 0, len(known)+len(asked))
	for _, v := range known {
		all = append(all, v)
	}
	for _, f := range asked {
		if _, ok := known[key{f.repository, f.Fingerprint}]; !ok {
			all = append(all, verdict{Repository: f.repository, Rule: f.Rule, File: f.File, Line: f.Line, Fingerprint: f.Fingerprint})
		}
	}
	slices.SortFunc(all, func(a, b verdict) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	lines.SetEscapeHTML(false)
	for _, v := range all {
		if err := lines.Encode(v); err != nil {
			return err
		}
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

// pick returns a random sample of the unjudged errors, at most n of each rule,
// in the order of the errors. A negative n picks all.
func pick(found []finding, known map[key]verdict, n int, random *rand.Rand) []finding {
	unjudged := map[string][]int{}
	for i, f := range found {
		if known[key{f.repository, f.Fingerprint}].Verdict == "" {
			unjudged[f.Rule] = append(unjudged[f.Rule], i)
		}
	}
	rules := make([]string, 0, len(unjudged))
	for rule := range unjudged {
		rules = append(rules, rule)
	}
	slices.Sort(rules) // a map has no order, and the seed must decide alone
	var chosen []int
	for _, rule := range rules {
		at := unjudged[rule]
		random.Shuffle(len(at), func(i, j int) { at[i], at[j] = at[j], at[i] })
		if n >= 0 {
			at = at[:min(n, len(at))]
		}
		chosen = append(chosen, at...)
	}
	slices.Sort(chosen)
	asked := make([]finding, 0, len(chosen))
	for _, i := range chosen {
		asked = append(asked, found[i])
	}
	return asked
}
