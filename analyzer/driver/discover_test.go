package driver

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestLinksAreSaidAndNotFollowed(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"app/a.yaml": object("a"), "else/b.yaml": object("b"), "else/notes.txt": ""})
	link(t, dir, "../else/b.yaml", "app/b.yaml")
	link(t, dir, "../else", "app/more")
	link(t, dir, "..", "app/loop")
	link(t, dir, "../else/notes.txt", "app/notes.txt") // would not be read anyway
	link(t, dir, "nowhere", "app/gone.yaml")
	expect(t, lint(t, Options{Dir: dir, Paths: []string{"app"}}),
		"app/a.yaml: ConfigMap a",
		"app/b.yaml - symbolic link, not followed",
		"app/gone.yaml - symbolic link, not followed",
		"app/loop - symbolic link, not followed",
		"app/more - symbolic link, not followed",
	)
}

// TestNothingOutsideIsRead leads out of the tree in every way a file can name
// another one.
func TestNothingOutsideIsRead(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{
		"outside.yaml": object("outside"), "repo/.git/HEAD": "",
		"repo/k/kustomization.yaml": "resources: [../../outside.yaml]\n",
		"repo/l/kustomization.yaml": "resources: [in.yaml]\n",
		"repo/m/kustomization.yaml": "configMapGenerator: [{name: a, files: [f.txt]}]\n",
		"repo/c/Chart.yaml":         "apiVersion: v2\nname: c\nversion: 1.0.0\n",
	})
	link(t, dir, "../../outside.yaml", "repo/l/in.yaml")
	link(t, dir, "../../outside.yaml", "repo/m/f.txt")
	write(t, dir, "repo/c/templates/a.yaml", object("inside"))
	link(t, dir, "../../../outside.yaml", "repo/c/templates/o.yaml")
	const unbuilt = "kustomization not built: it reads what is outside the tree; its files are judged as they stand"
	expect(t, lint(t, Options{Dir: filepath.Join(dir, "repo"), Paths: []string{"."}}),
		"c/Chart.yaml - Helm chart not rendered: statat templates/o.yaml: path escapes from parent",
		"c/templates/o.yaml - symbolic link, not followed",
		"k/kustomization.yaml - kustomization not built: ../../outside.yaml is outside the tree; its files are judged as they stand",
		"l/in.yaml - symbolic link, not followed",
		"l/kustomization.yaml - "+unbuilt,
		"m/kustomization.yaml - "+unbuilt)
}

func TestLinkAsArgumentIsFollowed(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"real/a.yaml": object("a"), "real/b.yaml": object("b")})
	link(t, dir, "real/a.yaml", "file")
	link(t, dir, "real", "dir")
	for _, arg := range []string{"file", "dir/a.yaml"} {
		expect(t, lint(t, Options{Dir: dir, Paths: []string{arg}}), "real/a.yaml: ConfigMap a")
	}
	expect(t, lint(t, Options{Dir: dir, Paths: []string{"dir", "file"}}), "real/a.yaml: ConfigMap a", "real/b.yaml: ConfigMap b")
}

func TestWorkingDirectoryMayBeALink(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"real/a.yaml": object("a")})
	link(t, dir, "real", "cwd")
	expect(t, lint(t, Options{Dir: filepath.Join(dir, "cwd"), Paths: []string{"."}}), "a.yaml: ConfigMap a")
}

func TestDirectoriesOfOthersAreSkipped(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{
		"a.yaml": object("a"), ".git/b.yaml": object("b"), "x/node_modules/pkg/c.yaml": object("c"), "x/node_modules/d.yaml": object("d"),
	})
	expect(t, lint(t, Options{Dir: dir, Paths: []string{"."}}), "a.yaml: ConfigMap a")
	expect(t, lint(t, Options{Dir: dir, Paths: []string{"x/node_modules/pkg"}}), "x/node_modules/pkg/c.yaml: ConfigMap c")
	expect(t, lint(t, Options{Dir: dir, Paths: []string{"x/node_modules/pkg/c.yaml"}}), "x/node_modules/pkg/c.yaml: ConfigMap c")
	expect(t, lint(t, Options{Dir: filepath.Join(dir, "x/node_modules"), Paths: []string{"."}}), "d.yaml: ConfigMap d", "pkg/c.yaml: ConfigMap c")
}

func TestExtensions(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{
		"a.yaml": object("a"), "b.yml": object("b"), "c.json": `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}`,
		".d.yaml": object("d"), "e.YAML": object("e"), "f.txt": object("f"), "g.yaml/h.yaml": object("h"), "noext": object("n"),
	})
	expect(t, lint(t, Options{Dir: dir, Paths: []string{"."}}), // as kubectl apply -R takes them
		".d.yaml: ConfigMap d", "a.yaml: ConfigMap a", "b.yml: ConfigMap b", "c.json: ConfigMap c", "g.yaml/h.yaml: ConfigMap h")
	expect(t, lint(t, Options{Dir: dir, Paths: []string{"noext", "f.txt", "e.YAML"}}), // named by hand
		"e.YAML: ConfigMap e", "f.txt: ConfigMap f", "noext: ConfigMap n")
	expect(t, lint(t, Options{Dir: dir, Paths: []string{".", "f.txt"}}),
		".d.yaml: ConfigMap d", "a.yaml: ConfigMap a", "b.yml: ConfigMap b", "c.json: ConfigMap c", "f.txt: ConfigMap f", "g.yaml/h.yaml: ConfigMap h")
}

func TestOrderOfNamedFilesIsThatOfAWalk(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"a/x.yaml": "", "a-b.yaml": "", "a.yaml": "", "b.txt": "", "a/b/c.yaml": ""})
	walked := &tree{root: dir, args: map[string]bool{".": true, "b.txt": false}}
	walked.walk()
	if got, want := walked.files, []string{"a/b/c.yaml", "a/x.yaml", "a-b.yaml", "a.yaml", "b.txt"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOtherRepositoriesInsideAreJudgedApart(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{
		"a.yaml": object("a"), "clone/.git/HEAD": "", "clone/a.yaml": object("a"), "clone/deep/sub/.git": "gitdir: elsewhere", "clone/deep/sub/b.yaml": object("b"),
		"aside/.git/HEAD": "", "aside/c.yaml": object("c"),
	})
	for _, paths := range [][]string{{"."}, {"clone", "."}, {"clone/deep/sub/b.yaml", "clone/a.yaml", ".", "aside"}} {
		result := lint(t, Options{Dir: dir, Paths: paths})
		expect(t, result, "a.yaml: ConfigMap a", "aside/c.yaml: ConfigMap c", "clone/a.yaml: ConfigMap a", "clone/deep/sub/b.yaml: ConfigMap b")
		if got := result.Findings[3].Location.File.Rel; got != "b.yaml" {
			t.Errorf("Rel is %s: the tree is the repository's own", got)
		}
	}
	for _, paths := range [][]string{{"clone"}, {"clone", "clone/deep"}} {
		expect(t, lint(t, Options{Dir: dir, Paths: paths}), "clone/a.yaml: ConfigMap a", "clone/deep/sub/b.yaml: ConfigMap b")
	}
	expect(t, lint(t, Options{Dir: dir, Paths: []string{"a.yaml"}}), "a.yaml: ConfigMap a")
	units, err := Units(t.Context(), Options{Dir: dir, Paths: []string{"clone/a.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	if u := units[0]; len(units) != 1 || len(u.Context)+len(u.Replaced) != 0 {
		t.Errorf("the manifests around a repository are part of %s: %v %v", u.Name, u.Context, u.Replaced)
	}
}

func TestRoot(t *testing.T) {
	t.Parallel()
	git := makeTree(t, map[string]string{"a/b/c/x.yaml": object("x"), "sub/.git": "gitdir: elsewhere", "sub/d/x.yaml": object("x")})
	plain := plainTree(t, map[string]string{"home/x.yaml": object("x"), "home/desk/here/a/b/x.yaml": object("x"), "home/desk/x.yaml": object("x"), "home/1/2/3/4/5/6/7/8/9/x.yaml": object("x")})
	home := filepath.Join(plain, "home")
	tests := []struct{ name, from, dir, want string }{
		{"git root", home, filepath.Join(git, "a/b/c"), git},
		{"git root itself", home, git, git},
		{"submodule", home, filepath.Join(git, "sub/d"), filepath.Join(git, "sub")},
		{"working directory that holds it", filepath.Join(home, "desk/here"), filepath.Join(home, "desk/here/a/b"), filepath.Join(home, "desk/here")},
		{"working directory itself", filepath.Join(home, "desk/here"), filepath.Join(home, "desk/here"), filepath.Join(home, "desk/here")},
		{"nothing above, manifests or not", filepath.Join(home, "desk/here/a"), filepath.Join(home, "desk"), filepath.Join(home, "desk")},
		{"never the home directory", home, filepath.Join(home, "desk/here"), filepath.Join(home, "desk/here")},
		{"unless it is named", home, home, home},
		{"eight levels up", filepath.Join(home, "1"), filepath.Join(home, "1/2/3/4/5/6/7/8/9"), filepath.Join(home, "1")},
		{"not nine", plain, filepath.Join(home, "1/2/3/4/5/6/7/8"), filepath.Join(home, "1/2/3/4/5/6/7/8")},
	}
	for _, tt := range tests {
		f := newFinder(tt.from)
		f.limits = append(f.limits, home)
		if got, _ := f.root(tt.dir); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// plainTree is makeTree outside of git.
func plainTree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := makeTree(t, files)
	if err := os.RemoveAll(filepath.Join(dir, ".git")); err != nil {
		t.Fatal(err)
	}
	if root, git := newFinder("").root(dir); git {
		t.Skipf("temporary directories lie in a repository: %s", root)
	}
	return dir
}

func TestRootNeverIsTheTemporaryDirectory(t *testing.T) {
	t.Parallel()
	temp, err := filepath.EvalSymlinks(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := plainTree(t, nil)
	for _, from := range []string{temp, filepath.Dir(temp)} {
		if got, _ := newFinder(from).root(dir); got != dir {
			t.Errorf("from %s: got %s", from, got)
		}
	}
}

// TestContextOutsideOfGitEndsAtTheArguments has manifests further up that would
// make a finding, and others that would silence one.
func TestContextOutsideOfGitEndsAtTheArguments(t *testing.T) {
	t.Parallel()
	dir := plainTree(t, map[string]string{
		"stray.yaml":                             pod("api") + service("api", "api"),
		"a/b/c/d/app.yaml":                       service("web", "web") + pod("wbe"),
		"a/b/c/base/kustomization.yaml":          "resources: [pod.yaml]\n",
		"a/b/c/base/pod.yaml":                    pod("web"),
		"a/b/c/overlays/x/kustomization.yaml":    "resources: [../../base, service.yaml]\n",
		"a/b/c/overlays/x/service.yaml":          service("web", "web"),
		"a/b/c/overlays/manifest-of-others.yaml": pod("web"),
	})
	at := filepath.Join(dir, "a/b/c/d")
	for _, o := range []Options{
		{Dir: at, Paths: []string{"."}},
		{Dir: at, Paths: []string{"app.yaml"}},
		{Dir: t.TempDir(), Paths: []string{at}},
		{Dir: t.TempDir(), Paths: []string{filepath.Join(at, "app.yaml")}},
		{Dir: at, Paths: []string{".", "../overlays/x"}},
	} {
		units, err := Units(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range units {
			if len(u.Context)+len(u.Replaced) > 0 || len(u.Siblings) > 0 {
				t.Errorf("%s: %s has a context: %v %v %v", o.Paths, u.Name, u.Context, u.Replaced, u.Siblings)
			}
		}
	}
	units, err := Units(t.Context(), Options{Dir: filepath.Join(dir, "a/b/c/overlays/x"), Paths: []string{"."}})
	if err != nil {
		t.Fatal(err)
	}
	if u := units[0]; len(units) != 1 || !u.Build.Built() || len(u.Resources) != 2 || len(u.Context) > 0 {
		t.Errorf("got %d units, the first of %v in %v", len(units), u.Resources, u.Context)
	}
}

func TestArgumentsOutsideOfGitThatOverlapShareATree(t *testing.T) {
	t.Parallel()
	dir := plainTree(t, map[string]string{"x/empty/": "", "x/y/z/a.yaml": object("a"), "x/y/b.yaml": object("b"), "w/c.yaml": object("c")})
	for _, paths := range [][]string{{"x", "x/y", "x/y/z/a.yaml", "w"}, {"w/c.yaml", "x/y/z", "x"}} {
		expect(t, lint(t, Options{Dir: dir, Paths: paths}), "w/c.yaml: ConfigMap c", "x/y/b.yaml: ConfigMap b", "x/y/z/a.yaml: ConfigMap a")
	}
}

func TestFromOnePlaceAFileAndItsTreeAreJudgedAlike(t *testing.T) {
	t.Parallel()
	dir := plainTree(t, map[string]string{"a/service.yaml": service("web", "web") + object("m"), "b/pod.yaml": pod("web"), "a/pod.yaml": pod("else")})
	const beside = " - Services: only pods of a directory beside carry their labels (1)"
	for _, paths := range []string{".", "a", "a/service.yaml"} {
		result := lint(t, Options{Dir: dir, Paths: []string{paths}, Rules: allRules(t)})
		if got := lines(result); got[len(got)-1] != beside[1:] || result.Summary.Errors > 0 {
			t.Errorf("%s: got %q", paths, got)
		}
	}
}
