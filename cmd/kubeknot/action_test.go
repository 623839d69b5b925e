package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// TestActionInstalls runs the first step of action.yml with stand-ins for curl and
// go: a release is taken if its checksum is right, and what is no release is
// built from the source of the action.
func TestActionInstalls(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash")
	}
	script := actionStep(t, "install")
	for _, c := range []struct {
		name, version, sum, want string
		fails                    bool
	}{
		{name: "a release", version: "v1.2.3", sum: "$(sha256sum < $1 | cut -d' ' -f1)", want: "released"},
		{name: "an archive that was changed", version: "v1.2.3", sum: "0000", want: "::error::kubeknot_1.2.3_linux_amd64.tar.gz is not the file", fails: true},
		{name: "a branch", version: "main", want: "built by go -C /the/action build -ldflags -s -w -X main.version=main"},
		{name: "the major version alone", version: "v1", want: "built by go"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range map[string]string{
				// The last argument is the address.
				"curl": `for url; do :; done
archive=kubeknot_1.2.3_linux_amd64.tar.gz
case $url in
https://github.com/kubeknot/kubeknot/releases/download/v1.2.3/$archive)
	printf '#!/bin/sh\necho released\n' > kubeknot && chmod +x kubeknot && tar -czf $archive kubeknot && rm kubeknot ;;
https://github.com/kubeknot/kubeknot/releases/download/v1.2.3/checksums.txt)
	set -- $archive; echo "` + c.sum + `  $archive" > checksums.txt ;;
*) exit 22 ;;
esac`,
				"go": `all=$*; for a; do case $a in */) out=$a ;; esac; done
printf '#!/bin/sh\necho "built by go %s"\n' "$all" > "$out"kubeknot && chmod +x "$out"kubeknot`,
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\nset -e\n"+text+"\n"), 0o777); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script+"\n")
			cmd.Env = []string{
				"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH"), "RUNNER_TEMP=" + dir, "GITHUB_PATH=" + filepath.Join(dir, "path"),
				"VERSION=" + c.version, "SOURCE=/the/action", "SYSTEM=Linux", "MACHINE=X64",
			}
			out, err := cmd.CombinedOutput()
			if c.fails != (err != nil) {
				t.Fatalf("%v\n%s", err, out)
			}
			if err == nil {
				path, err := os.ReadFile(filepath.Join(dir, "path"))
				if err != nil {
					t.Fatal(err)
				}
				if out, err = exec.Command(filepath.Join(strings.TrimSpace(string(path)), "kubeknot")).CombinedOutput(); err != nil {
					t.Fatal(err)
				}
			}
			if !strings.Contains(string(out), c.want) {
				t.Errorf("got %s\nwant %s", out, c.want)
			}
		})
	}
}

// actionStep returns what a step of action.yml gives to bash.
func actionStep(t *testing.T, id string) string {
	t.Helper()
	action, err := yaml.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	run, err := action.Pipe(yaml.Lookup("runs", "steps", "[id="+id+"]", "run"))
	if err != nil || run == nil {
		t.Fatalf("action.yml has no step %s: %v", id, err)
	}
	return run.YNode().Value
}
