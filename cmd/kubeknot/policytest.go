package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/fixture"
	"github.com/kubeknot/kubeknot/policies"
)

func newPolicyTest() *cobra.Command {
	format := oneOf{"text", []string{"text", "json"}}
	cmd := &cobra.Command{
		Use:   "test [DIR]",
		Short: "Run the tests of policies and judge their fixtures",
		Long: `Run the test_ rules of the *_test.rego files of a directory (the working directory
if none is given), and judge each of its fixtures, testdata/RULE/CASE/, with the
rule. A comment # want "regexp" at the end of a line of a fixture expects a
finding there, matched against "SEVERITY CLAIM EVIDENCE: MESSAGE".

Exit code: 0 if all pass, 1 if one fails, 2 if they cannot be run.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			report, err := testPolicies(cmd, dir)
			if err != nil {
				return err
			}
			return report.write(cmd.OutOrStdout(), format.value)
		},
	}
	format.register(cmd, "format", "how to report")
	return cmd
}

// testReport is what policy test says.
type testReport struct {
	Tests     []testCase `json:"tests"`
	Fixtures  []testCase `json:"fixtures"`
	Coverage  float64    `json:"coverage"` // of the lines of the policies, in percent
	Uncovered []string   `json:"uncovered"`
}

// testCase is one test or fixture; it passed if it has no problems.
type testCase struct {
	Name     string   `json:"name"`
	Place    string   `json:"place"`
	Problems []string `json:"problems"`
	Output   string   `json:"output,omitempty"`
}

func testPolicies(cmd *cobra.Command, dir string) (*testReport, error) {
	rules, err := policies.Loader{}.Files(dir)
	if err != nil {
		return nil, err
	}
	tested, err := policies.RunTests(cmd.Context(), dir)
	if err != nil {
		return nil, err
	}
	r := &testReport{Tests: []testCase{}, Fixtures: []testCase{}, Coverage: tested.Coverage, Uncovered: append([]string{}, tested.Uncovered...)}
	for _, t := range tested.Tests {
		c := testCase{Name: t.Name, Place: t.Place, Problems: []string{}, Output: t.Printed}
		if t.Problem != "" {
			c.Problems = append(c.Problems, t.Problem)
		}
		r.Tests = append(r.Tests, c)
	}
	for _, rule := range rules {
		cases, err := filepath.Glob(filepath.Join(dir, "testdata", rule.ID, "*", ""))
		if err != nil {
			return nil, err
		}
		for _, c := range cases {
			judged, err := judgeFixture(cmd, c, rule)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c, err)
			}
			r.Fixtures = append(r.Fixtures, judged)
		}
	}
	if len(r.Tests)+len(r.Fixtures) == 0 {
		return nil, fmt.Errorf("%s holds no tests: neither test_ rules nor testdata/RULE/CASE", dir)
	}
	return r, nil
}

// judgeFixture judges a fixture of a rule. That its name starts with bad- or
// ok- is checked too.
func judgeFixture(cmd *cobra.Command, dir string, rule *analyzer.Rule) (c testCase, err error) {
	c = testCase{Name: rule.ID + "/" + filepath.Base(dir), Place: filepath.ToSlash(dir), Problems: []string{}}
	tmp, err := os.MkdirTemp("", "kubeknot-")
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	problems, err := fixture.Run(cmd.Context(), dir, tmp, []*analyzer.Rule{rule}, nil)
	if err != nil {
		return c, err
	}
	for _, p := range problems {
		c.Problems = append(c.Problems, c.Place+"/"+p)
	}
	expected, err := fixture.Expected(dir)
	prefix, _, _ := strings.Cut(filepath.Base(dir), "-")
	switch {
	case prefix != "ok" && prefix != "bad":
		c.Problems = append(c.Problems, c.Place+": the name of a case starts with ok- or bad-")
	case (prefix == "bad") != (expected > 0):
		c.Problems = append(c.Problems, fmt.Sprintf("%s: it expects findings on %d lines", c.Place, expected))
	}
	return c, err
}

// write reports in the format, and fails if a test did.
func (r *testReport) write(out io.Writer, format string) error {
	failed := 0
	for _, c := range append(r.Tests[:len(r.Tests):len(r.Tests)], r.Fixtures...) {
		if len(c.Problems) > 0 {
			failed++
		}
		if format == "text" {
			c.write(out)
		}
	}
	if format == "json" {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		if err := e.Encode(r); err != nil {
			return err
		}
	} else {
		for _, place := range r.Uncovered {
			fmt.Fprintf(out, "%s: no test evaluates this\n", place)
		}
		fmt.Fprintf(out, "%d tests, %d fixtures, %d failed; the tests cover %.0f %% of the policies\n", len(r.Tests), len(r.Fixtures), failed, r.Coverage)
	}
	if failed > 0 {
		return errFindings
	}
	return nil
}

// write writes a test that failed or printed something.
func (c *testCase) write(out io.Writer) {
	if len(c.Problems) > 0 {
		fmt.Fprintf(out, "FAIL %s (%s)\n", c.Name, c.Place)
	} else if c.Output != "" {
		fmt.Fprintf(out, "%s (%s) prints\n", c.Name, c.Place)
	}
	for _, line := range strings.Split(strings.Join(c.Problems, "\n")+"\n"+strings.TrimSpace(c.Output), "\n") {
		if line != "" {
			fmt.Fprintf(out, "  %s\n", line)
		}
	}
}
