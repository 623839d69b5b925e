package policies

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer"
)

// The functions of this file read a value that a policy yields. Their errors
// say what was expected and the type that stands there.

func stringOf(v ast.Value) (string, error) {
	s, ok := v.(ast.String)
	if !ok {
		return "", wrong(v, "a string")
	}
	if len(s) > maxText {
		return "", fmt.Errorf("a text of %d bytes, more than %d", len(s), maxText)
	}
	return string(s), nil
}

// maxText bounds what one text of a finding may print, in bytes.
const maxText = 64 << 10

// items calls f for the elements of an array until it fails.
func items(v ast.Value, f func(*ast.Term) error) error {
	array, ok := v.(*ast.Array)
	if !ok {
		return wrong(v, "an array")
	}
	return array.Iter(f)
}

func stringsOf(v ast.Value) ([]string, error) {
	var all []string
	err := items(v, func(item *ast.Term) error {
		s, err := stringOf(item.Value)
		all = append(all, s)
		return err
	})
	return all, err
}

// pathOf reads a field path. An index may be a number, because that is what
// "some i, container in ..." gives.
func pathOf(v ast.Value) ([]string, error) {
	var path []string
	err := items(v, func(item *ast.Term) error {
		if number, ok := item.Value.(ast.Number); ok {
			i, ok := number.Int()
			if !ok || i < 0 {
				return errors.New("a number that is no index")
			}
			path = append(path, strconv.Itoa(i))
			return nil
		}
		step, err := stringOf(item.Value)
		path = append(path, step)
		return err
	})
	return path, err
}

func claimOf(v ast.Value) (analyzer.Claim, error) {
	s, err := stringOf(v)
	if err == nil && !isClaim(analyzer.Claim(s)) {
		err = errors.New("use " + claims)
	}
	return analyzer.Claim(s), err
}

// claims names what isClaim accepts.
const claims = "rejected, broken, suspect, advice or policy"

func isClaim(c analyzer.Claim) bool {
	switch c {
	case analyzer.Rejected, analyzer.Broken, analyzer.Suspect, analyzer.Advice, analyzer.Policy:
		return true
	}
	return false
}

func evidenceOf(v ast.Value) (analyzer.Evidence, error) {
	s, err := stringOf(v)
	switch e := analyzer.Evidence(s); e {
	case analyzer.Certain, analyzer.NearMiss, analyzer.Absent, analyzer.Open:
		return e, nil
	}
	if err == nil {
		err = errors.New("use certain, near-miss, absent or open")
	}
	return "", err
}
