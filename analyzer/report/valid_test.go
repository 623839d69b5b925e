package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// validators check a report against its format: SARIF against the schema of
// OASIS, what has another publisher against schemas of our own words that say
// what those take, and ours against our own types.
var validators = map[string]func(string) error{
	"json":       func(s string) error { return strictJSON(s, &jsonDocument{}) },
	"json-lines": validJSONLines,
	"sarif":      validSARIF,
	"junit":      validJUnit,
	"gitlab":     validGitLab,
	"checkstyle": validCheckstyle,
	"github":     validGitHub,
	"html":       validHTML,
}

func strictJSON(s string, into any) error {
	d := json.NewDecoder(strings.NewReader(s))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more behind the document: %v", err)
	}
	return nil
}

func validJSONLines(s string) error {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	for i, line := range lines {
		var typed jsonTyped
		if err := json.Unmarshal([]byte(line), &typed); err != nil {
			return err
		}
		if (typed.Type == "summary") != (i == len(lines)-1) {
			return fmt.Errorf("line %d of %d is of type %q", i+1, len(lines), typed.Type)
		}
	}
	return nil
}

// validSARIF checks against the schema of OASIS, errata 01, which the library
// carries. It validates what it has decoded, so that has to be all there is.
func validSARIF(s string) error {
	report, err := readSARIF(s)
	if err != nil {
		return err
	}
	return report.Validate()
}

func readSARIF(s string) (*sarif.Report, error) {
	report, err := sarif.FromString(s, sarif.WithStrictValidation())
	if err != nil {
		return nil, err
	}
	again, err := json.Marshal(report)
	if err != nil {
		return nil, err
	}
	var written, read any
	if err := errors.Join(json.Unmarshal([]byte(s), &written), json.Unmarshal(again, &read)); err != nil {
		return nil, err
	}
	if diff := cmp.Diff(written, read); diff != "" {
		return nil, fmt.Errorf("the library reads something else: %s", diff)
	}
	return report, nil
}

func validGitLab(s string) error {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(s))
	if err != nil {
		return err
	}
	if err := keepsSchema("gitlab", value); err != nil {
		return err
	}
	seen := map[any]bool{}
	for _, issue := range value.([]any) {
		id := issue.(map[string]any)["fingerprint"]
		if seen[id] {
			return fmt.Errorf("fingerprint %v twice", id)
		}
		seen[id] = true
	}
	return nil
}

func validCheckstyle(s string) error {
	doc, err := readXML(s)
	if err != nil {
		return err
	}
	return keepsSchema("checkstyle", doc)
}

func validJUnit(s string) error {
	value, err := readXML(s)
	if err != nil {
		return err
	}
	if err := keepsSchema("junit", value); err != nil {
		return err
	}
	var doc junitDocument
	if err := xml.Unmarshal([]byte(s), &doc); err != nil {
		return err
	}
	var sum junitCounts
	for _, suite := range doc.Suites {
		skipped := 0
		for _, c := range suite.Cases {
			if c.Failure != nil {
				sum.Failures++
			}
			if c.Skipped != nil {
				skipped++
			}
		}
		if sum.Tests += len(suite.Cases); skipped != suite.Skipped || len(suite.Cases) != suite.Tests {
			return fmt.Errorf("suite %s counts %d and %d skipped, and there are %d and %d", suite.Name, suite.Tests, suite.Skipped, len(suite.Cases), skipped)
		}
	}
	if sum != doc.junitCounts || sum.Tests == 0 {
		return fmt.Errorf("it counts %+v, and there are %+v", doc.junitCounts, sum)
	}
	return nil
}

// validGitHub takes every line apart as the runner does: properties up to the
// next "::", each NAME=VALUE between commas.
func validGitHub(s string) error {
	for _, line := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
		if line == "" || strings.HasPrefix(line, "not annotated: ") {
			continue
		}
		head, _, ok := strings.Cut(strings.TrimPrefix(line, "::"), "::")
		level, properties, _ := strings.Cut(head, " ")
		if !ok || level != "error" && level != "warning" && level != "notice" {
			return fmt.Errorf("no command: %q", line)
		}
		for _, p := range strings.Split(properties, ",") {
			switch name, _, _ := strings.Cut(p, "="); name {
			case "file", "line", "endLine", "col", "endColumn", "title":
			default:
				return fmt.Errorf("property %q in %q", p, line)
			}
		}
	}
	return nil
}

func TestFormatsAreValid(t *testing.T) {
	t.Parallel()
	result, options := common(t)
	for format, valid := range validators {
		for _, r := range []*analyzer.Result{result, {}} {
			if err := valid(render(t, format, options, r)); err != nil {
				t.Errorf("%s: %v", format, err)
			}
		}
	}
}

// TestValidatorsRefuse keeps the validators honest.
func TestValidatorsRefuse(t *testing.T) {
	t.Parallel()
	result, options := common(t)
	for format, spoil := range map[string][2]string{
		"json":       {`"claim"`, `"claims"`},
		"json-lines": {`"summary"`, `"total"`},
		"sarif":      {`"startLine": 11`, `"startLine": 0`},
		"junit":      {`skipped="`, `skipped="1`},
		"gitlab":     {`"begin": 11`, `"begin": 0`},
		"checkstyle": {`column=`, `col=`},
		"github":     {`endColumn=`, `endCol=`},
		"html":       {`href="#f3"`, `href="//f3"`},
	} {
		good := render(t, format, options, result)
		bad := strings.Replace(good, spoil[0], spoil[1], 1)
		if bad == good {
			t.Errorf("%s holds no %s", format, spoil[0])
		} else if validators[format](bad) == nil {
			t.Errorf("%s: %s passes", format, spoil[1])
		}
	}
}

func TestGitHubShowsTheGravestAndSaysWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	var findings []analyzer.Finding
	for range 12 {
		for _, s := range []analyzer.Severity{analyzer.Info, analyzer.Error} {
			findings = append(findings, analyzer.Finding{Rule: "r", Severity: s, Message: "m"})
		}
	}
	got := render(t, "github", Options{}, &analyzer.Result{Findings: findings})
	want := strings.Repeat("::error title=r::m\n", 10) + strings.Repeat("::notice title=r::m\n", 10) +
		"not annotated: 2 errors, 2 infos more, because GitHub shows 10 of each level\n"
	if got != want {
		t.Errorf("%s", got)
	}
}

func TestMarkdownLinksIntoARepository(t *testing.T) {
	t.Parallel()
	got := render(t, "markdown", Options{Browse: "https://github.com/o/r/blob/abc/"}, &analyzer.Result{Findings: []analyzer.Finding{numbers(t)}})
	if want := "](https://github.com/o/r/blob/abc/lab/numbers/api-service.yaml#L11)"; !strings.Contains(got, want) {
		t.Errorf("no %s in\n%s", want, got)
	}
}

func FuzzReports(f *testing.F) {
	f.Add("message", "dir/a.yaml", "a: b\n", "help", 0, 1)
	f.Add("\x00]]>\xff\r\n::", "C:/%(,).yaml", "\ufeffé\r\x1b", "</details>|`", 1, 9)
	f.Add(`"><script src=//x>`, "javascript:x", "<svg onload=x>", "'--></style><!--", 1, 9)
	f.Fuzz(func(t *testing.T, message, path, content, help string, start, end int) {
		size := len(content)
		start, end = min(max(start, 0), size), min(max(end, 0), size)
		in := source.NewFile(path, path, []byte(content))
		loc := source.Location{File: in, Span: source.Span{Start: min(start, end), End: max(start, end)}}
		finding := analyzer.Finding{
			Rule: "a-rule", Claim: analyzer.Broken, Evidence: analyzer.Certain, Severity: analyzer.Error,
			Message: message, Help: help, Consequence: content, Notes: []string{path}, Unit: path, Location: loc,
			Related: []analyzer.Related{{Message: message, Location: loc}, {Message: help}},
		}
		result := &analyzer.Result{
			Findings:  []analyzer.Finding{finding, finding},
			NotJudged: []analyzer.NotJudged{{File: path, Reason: message}, {Reason: help}},
			Ties: []analyzer.UnitTies{{
				Unit:    path,
				Objects: []analyzer.TiedObject{{Kind: message, Name: help, Detail: content, Findings: []int{1}}, {Role: analyzer.Pods, Missing: true}},
				Ties:    []analyzer.Tie{{From: 0, To: 1, What: content, Findings: []int{0}}},
			}},
		}
		for _, format := range Formats() {
			got := render(t, format, Options{FailOn: analyzer.Error}, result)
			valid, ok := validators[format]
			switch {
			case !ok || format == "gitlab" && path == "":
				continue
			case format == "sarif": // the library compiles the schema anew each time
				valid = func(s string) error { _, err := readSARIF(s); return err }
			}
			if err := valid(got); err != nil {
				t.Errorf("%s: %v", format, err)
			}
		}
	})
}

func TestAFailedRunSaysSo(t *testing.T) {
	t.Parallel()
	result := &analyzer.Result{Failure: errors.Join(errors.New("rule a failed on <x>: panic: no\ngoroutine 1"), errors.New("rule b failed"))}
	text := render(t, "sarif", Options{}, result)
	if err := validSARIF(text); err != nil {
		t.Error(err)
	}
	doc, err := readSARIF(text)
	if err != nil {
		t.Fatal(err)
	}
	invocation := doc.Runs[0].Invocations[0]
	if *invocation.ExecutionSuccessful {
		t.Error("SARIF says that all went well")
	}
	var got []string
	for _, n := range invocation.ToolExecutionNotifications {
		got = append(got, n.Level+": "+*n.Message.Text)
	}
	if diff := cmp.Diff([]string{"error: rule a failed on <x>: panic: no", "error: rule b failed"}, got); diff != "" {
		t.Error(diff)
	}
	if page := render(t, "html", Options{}, result); !strings.Contains(page, "there may be more to find: rule a failed on &lt;x&gt;: panic: no</p>") {
		t.Error("the page says that all went well")
	}
}
