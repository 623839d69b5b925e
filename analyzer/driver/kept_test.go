package driver

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubeknot/kubeknot/analyzer/cache"
)

// BenchmarkChanges measures runs that follow each other, as with --watch: of
// nothing that has changed, and of one file; over a generated tree and over a
// copy of the directory that KUBEKNOT_BENCH_DIR names.
func BenchmarkChanges(b *testing.B) {
	b.Run("objects=10000", func(b *testing.B) { benchmarkChanges(b, makeTree(b, apps(10000)), "team-0/0/app-0.yaml") })
	if from := os.Getenv("KUBEKNOT_BENCH_DIR"); from != "" {
		dir := b.TempDir()
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			b.Fatal(err)
		}
		b.Run("dir", func(b *testing.B) { benchmarkChanges(b, dir, os.Getenv("KUBEKNOT_BENCH_FILE")) })
	}
}

func benchmarkChanges(b *testing.B, dir, file string) {
	age(b, dir)
	o := Options{Dir: dir, Paths: []string{"."}, Rules: allRules(b), Cache: &cache.Dir{Held: true}, Kept: &Kept{}}
	file = filepath.Join(dir, filepath.FromSlash(file))
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	time.Sleep(3 * time.Second) // until stamps count
	lint(b, o)
	lint(b, o)
	for _, change := range []string{"none", "one-file"} {
		b.Run(change, func(b *testing.B) {
			before := processorClock()
			for b.Loop() {
				if change != "none" {
					text = append(text, "# changed\n"...)
					if err := os.WriteFile(file, text, 0o666); err != nil {
						b.Fatal(err)
					}
				}
				lint(b, o)
			}
			b.ReportMetric(float64(processorClock()-before)/float64(b.N)/1e6, "cpu-ms/op")
		})
	}
}
