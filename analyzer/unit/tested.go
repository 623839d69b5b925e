package unit

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// This file reads the tests of test frameworks. A test names files that it applies,
// which are judged as any other, and files that are compared with the cluster or
// that feed a policy, which nothing applies: they say only what matters to the test.

const (
	asserted  PassedOver = "assertion of a test, compared with the cluster and not applied"
	refusable PassedOver = "applied by a test that expects it to fail"
	merged    PassedOver = "part of an object, applied by a test over the object"
	deleted   PassedOver = "names what a test deletes"
	testInput PassedOver = "input of a policy test, not applied"
)

// tests sorts the files that tests name.
type tests struct {
	files   map[string]bool // manifest files of the tree
	order   []string        // the same in order
	applied map[string]bool
	other   map[string]PassedOver
}

// MayBeTest reports whether the place of a file is one where the tests of a
// framework lie, so that it is worth reading.
func MayBeTest(f string) bool {
	for step := range strings.SplitSeq(strings.ToLower(f), "/") {
		for _, word := range []string{"test", "e2e", "chainsaw", "kuttl", "suite"} {
			if strings.Contains(step, word) {
				return true
			}
		}
	}
	return numbered.MatchString(path.Base(f)) || stepName.MatchString(path.Base(f))
}

// numbered is the name of a file that is a step of a test.
var numbered = regexp.MustCompile(`^\d+-.*\.ya?ml$`)

// Tested returns the files of a tree that tests name and do not apply. parse
// returns the documents of a file, nil if it cannot be read; it is asked for those
// that may be tests. Files that a test applies are never among them.
func Tested(t Tree, parse func(path string) *manifest.File) map[string]PassedOver {
	s := &tests{files: map[string]bool{}, order: t.Files, applied: map[string]bool{}, other: map[string]PassedOver{}}
	for _, f := range t.Files {
		s.files[f] = true
	}
	frameworks := map[string]bool{} // the directories of tests
	for _, f := range t.Files {
		if !MayBeTest(f) {
			continue
		}
		if file := parse(f); file != nil && s.read(f, file) {
			frameworks[path.Dir(f)] = true
		}
	}
	for _, f := range t.Files {
		if stepName.MatchString(path.Base(f)) && s.isAssertion(f, frameworks, parse) {
			s.mark(path.Dir(f), path.Base(f), asserted)
		}
	}
	for f := range s.applied {
		delete(s.other, f)
	}
	s.findPatches(parse)
	return s.other
}

// findPatches finds what tests apply over objects that exist: kuttl and chainsaw
// merge it into them, so it may be a part
// (https://kyverno.github.io/chainsaw/latest/operations/apply/).
func (s *tests) findPatches(parse func(string) *manifest.File) {
	type object struct {
		dir string
		named
	}
	idOf := func(f string, r *manifest.Resource) object { return object{path.Dir(f), named{r.Kind, r.Name}} }
	objects, whole := map[string][]*manifest.Resource{}, map[object]bool{}
	for f := range s.applied {
		if file := parse(f); file != nil {
			objects[f] = file.Resources()
		}
		for _, r := range objects[f] {
			whole[idOf(f, r)] = whole[idOf(f, r)] || missing(r) == 0
		}
	}
	for f, all := range objects {
		if len(all) > 0 && !slices.ContainsFunc(all, func(r *manifest.Resource) bool { return !partial(r, whole[idOf(f, r)]) }) {
			s.other[f] = merged
		}
	}
}

// stepName is the name of a file of assertions among the steps of a test: of kuttl
// (internal/file/name.go) and of tests of chainsaw without a definition.
var stepName = regexp.MustCompile(`^(\d+-)?(assert|errors?)(-[^.]+)?(\.gotmpl)?\.ya?ml$`)

// isAssertion reports whether a file that is called so is one: a test framework is
// used there, or the file says of an object what only the cluster knows, or so little
// that it cannot be applied.
func (s *tests) isAssertion(f string, frameworks map[string]bool, parse func(string) *manifest.File) bool {
	for dir := path.Dir(f); ; dir = path.Dir(dir) {
		if frameworks[dir] {
			return true
		}
		if dir == "." {
			break
		}
	}
	file := parse(f)
	return file != nil && slices.ContainsFunc(file.Resources(), func(r *manifest.Resource) bool {
		return r.Get("status") != nil || missing(r) > 0
	})
}

// read reads what a file says of tests; ok is false if that is nothing.
func (s *tests) read(f string, file *manifest.File) (ok bool) {
	dir := path.Dir(f)
	for _, d := range file.Documents {
		root := d.Root
		group, _, _ := strings.Cut(manifest.String(root, "apiVersion"), "/")
		if group == "" && IsKyvernoTest(f) {
			group = "cli.kyverno.io" // its first versions had no apiVersion
		}
		switch group {
		case "chainsaw.kyverno.io":
			s.chainsaw(dir, manifest.Get(root, "spec"))
		case "kuttl.dev", "kudo.dev":
			s.kuttl(dir, root)
		case "cli.kyverno.io":
			s.kyverno(dir, root)
		case "test.gatekeeper.sh":
			s.gator(dir, root)
		default:
			continue
		}
		ok = true
	}
	return ok
}

// IsKyvernoTest reports whether Kyverno's command takes a file for a test by its
// name (cmd/cli/kubectl-kyverno/commands/test).
func IsKyvernoTest(f string) bool {
	name := path.Base(f)
	return name == "kyverno-test.yaml" || name == "kyverno-test.yml"
}

// chainsaw reads the operations of a Test or StepTemplate
// (https://kyverno.github.io/chainsaw/latest/operations/).
func (s *tests) chainsaw(dir string, spec *manifest.Node) {
	steps := slices.Concat(manifest.Items(manifest.Get(spec, "steps")), []*manifest.Node{spec})
	for _, step := range steps {
		for _, list := range []string{"try", "catch", "finally", "cleanup"} {
			for _, op := range manifest.Items(manifest.Get(step, list)) {
				s.operation(dir, op)
			}
		}
	}
}

// operation reads one operation of chainsaw.
func (s *tests) operation(dir string, op *manifest.Node) {
	for _, applies := range []string{"apply", "create", "update"} {
		switch file := manifest.String(op, applies, "file"); {
		case file == "":
		case expectsFailure(manifest.Get(op, applies)):
			s.mark(dir, file, refusable)
		default:
			s.apply(dir, file)
		}
	}
	for other, why := range map[string]PassedOver{"assert": asserted, "error": asserted, "patch": merged, "delete": deleted} {
		if file := manifest.String(op, other, "file"); file != "" {
			s.mark(dir, file, why)
		}
	}
}

// expectsFailure reports whether an operation checks that there was an error
// (https://kyverno.github.io/chainsaw/latest/operations/check/).
func expectsFailure(op *manifest.Node) bool {
	return slices.ContainsFunc(manifest.Items(manifest.Get(op, "expect")), func(e *manifest.Node) bool {
		return manifest.Bool(e, "check", "($error != null)") || manifest.String(e, "check", "($error == null)") == "false"
	})
}

// kuttl reads the lists of a TestStep (https://kuttl.dev/docs/testing/steps.html).
// A TestSuite names directories alone, in which names of files decide.
func (s *tests) kuttl(dir string, root *manifest.Node) {
	for _, n := range manifest.Items(manifest.Get(root, "apply")) {
		s.apply(dir, manifest.String(n))
	}
	for _, list := range []string{"assert", "error"} {
		for _, n := range manifest.Items(manifest.Get(root, list)) {
			s.mark(dir, manifest.String(n), asserted)
		}
	}
}

// kyverno reads the files of a Test of Kyverno's command, besides the policies,
// which are applied (https://kyverno.io/docs/kyverno-cli/reference/kyverno_test/).
func (s *tests) kyverno(dir string, root *manifest.Node) {
	for _, list := range []string{"resources", "targetResources", "exceptions"} {
		for _, n := range manifest.Items(manifest.Get(root, list)) {
			s.feed(dir, manifest.String(n))
		}
	}
	for _, n := range manifest.Items(manifest.Get(root, "results")) {
		for _, field := range []string{"patchedResource", "patchedResources", "generatedResource", "cloneSourceResource"} {
			s.feed(dir, manifest.String(n, field))
		}
	}
}

// gator reads the cases of a Suite of Gatekeeper
// (https://open-policy-agent.github.io/gatekeeper/website/docs/gator).
func (s *tests) gator(dir string, root *manifest.Node) {
	for _, test := range manifest.Items(manifest.Get(root, "tests")) {
		for _, c := range manifest.Items(manifest.Get(test, "cases")) {
			s.feed(dir, manifest.String(c, "object"))
			for _, n := range manifest.Items(manifest.Get(c, "inventory")) {
				s.feed(dir, manifest.String(n))
			}
		}
	}
}

// feed notes an input of a policy test. Only what lies with the test is there for
// it alone: a test may be fed the manifests that are deployed.
func (s *tests) feed(dir, name string) {
	if p := path.Join(dir, name); dir == "." || strings.HasPrefix(p, dir+"/") {
		s.mark(dir, name, testInput)
	}
}

func (s *tests) apply(dir, name string) {
	for _, f := range s.match(dir, name) {
		s.applied[f] = true
	}
}

func (s *tests) mark(dir, name string, why PassedOver) {
	for _, f := range s.match(dir, name) {
		s.other[f] = why
	}
}

// match returns the files of the tree that a test in the directory means by a name,
// which may be a pattern, or a directory.
func (s *tests) match(dir, name string) []string {
	p := path.Join(dir, name)
	if name == "" || s.files[p] {
		return []string{p}
	}
	var all []string
	for _, f := range s.order {
		ok, err := path.Match(p, f)
		if ok && err == nil || path.Dir(f) == p {
			all = append(all, f)
		}
	}
	return all
}
