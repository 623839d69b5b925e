package report

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		result analyzer.Result
		want   string
	}{
		{
			"no findings",
			analyzer.Result{Summary: analyzer.Summary{Files: 18, Resources: 20, Units: 9, Elapsed: 34 * time.Millisecond}},
			"no problems in 20 objects of 18 files, judged in 9 units (34 ms)\n",
		},
		{
			"one of everything",
			analyzer.Result{Summary: analyzer.Summary{Files: 1, Resources: 1, Units: 1, Errors: 1, Warnings: 1, Infos: 1}},
			"1 error, 1 warning, 1 info in 1 object of 1 file, judged in 1 unit\n",
		},
		{
			"several of everything",
			analyzer.Result{Summary: analyzer.Summary{Files: 18, Resources: 20, Units: 9, Errors: 2, Warnings: 4, Infos: 3}},
			"2 errors, 4 warnings, 3 infos in 20 objects of 18 files, judged in 9 units\n",
		},
		{
			"what was not found is not counted",
			analyzer.Result{Summary: analyzer.Summary{Resources: 2, Warnings: 1}},
			"1 warning in 2 objects of 0 files, judged in 0 units\n",
		},
		{
			"not judged, by reason",
			analyzer.Result{NotJudged: []analyzer.NotJudged{
				{Reason: "no network"},
				{File: "a.yaml", Reason: "Helm template"},
				{File: "b.yaml", Reason: "Helm template"},
				{File: "b.yaml", Reason: "Helm template"},
				{File: "b.yaml", Reason: "encrypted"},
				{File: "c.yaml", Reason: "Helm template"},
				{File: "d.yaml", Reason: "Helm template"},
				{File: "e.yaml", Reason: "Helm template"},
				{File: "f.yaml", Reason: "no network"},
			}},
			"not judged: no network\n" +
				"not judged: 5 files: Helm template (a.yaml, b.yaml, c.yaml and 2 more)\n" +
				"not judged: 1 file: encrypted (b.yaml)\n" +
				"not judged: 1 file: no network (f.yaml)\n" +
				"no problems in 0 objects of 0 files, judged in 0 units\n",
		},
		{
			"three names fit",
			analyzer.Result{NotJudged: []analyzer.NotJudged{{File: "a", Reason: "r"}, {File: "b", Reason: "r"}, {File: "c", Reason: "r"}}},
			"not judged: 3 files: r (a, b, c)\nno problems in 0 objects of 0 files, judged in 0 units\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, render(t, "text", Options{}, &tt.result)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestElapsedIsRounded(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                         "",
		300 * time.Microsecond:    " (under 1 ms)",
		1600 * time.Microsecond:   " (2 ms)",
		999400 * time.Microsecond: " (999 ms)",
		999600 * time.Microsecond: " (1.0 s)",
		1234 * time.Millisecond:   " (1.2 s)",
		59960 * time.Millisecond:  " (1m0s)",
		83600 * time.Millisecond:  " (1m24s)",
	} {
		if got := elapsed(d); got != want {
			t.Errorf("elapsed(%v) = %q, want %q", d, got, want)
		}
	}
}
