package containers

import (
	_ "crypto/sha256" // the algorithms whose digests kubelet knows
	_ "crypto/sha512"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// ImageReferenceInvalid reports images whose reference kubelet cannot parse.
var ImageReferenceInvalid = &analyzer.Rule{
	ID:    "image-reference-invalid",
	Title: "An image reference that kubelet cannot parse",
	Claim: analyzer.Broken,
	Kinds: podKinds,
	Why: `An image reference is [registry[:port]/]repository[:tag][@digest]: without a scheme, with a repository in lower case, and with at most one tag of letters, digits, underscores, periods and dashes. The API server accepts any text; kubelet parses the reference before it pulls the image. If it cannot, the container waits in InvalidImageName and the pod never starts.

kubeknot asks the parser that kubelet uses. References that a later tool fills in are not judged.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: https://registry.example.com/web:1.0
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: registry.example.com/web:1.0
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/containers/images/#image-names",
		"k8s.io/kubernetes/pkg/kubelet/images/image_manager.go: applyDefaultImageTag",
		"k8s.io/kubernetes/pkg/util/parsers/parsers.go: ParseImageName",
		"https://pkg.go.dev/github.com/distribution/reference",
	},
	Run: func(p *analyzer.Pass) error {
		eachContainer(p, func(w *graph.Workload, c graph.Container) {
			judgeImage(p, w, "container "+c.Name, append(slices.Clone(c.Path), "image"))
		})
		eachWorkload(p, func(w *graph.Workload) {
			for i, v := range manifest.Items(w.PodField("spec", "volumes")) {
				judgeImage(p, w, "volume "+manifest.String(v, "name"), w.At("spec", "volumes", strconv.Itoa(i), "image", "reference"))
			}
		})
		return nil
	},
}

// judgeImage reports the reference at a path if kubelet refuses it.
func judgeImage(p *analyzer.Pass, w *graph.Workload, user string, path []string) {
	image := manifest.String(w.Node, path...)
	if image == "" || strings.TrimSpace(image) != image { // the API server refuses it
		return
	}
	if isOpenImage(image) {
		p.Skip(w.Resource, "images: their names are still to be filled in")
		return
	}
	_, err := reference.ParseNormalizedNamed(image)
	if err == nil {
		return
	}
	label, help := explainImage(image, err)
	p.Report(analyzer.Finding{
		Message:     fmt.Sprintf("%s: %s uses image %s, which is not a valid image reference", w, user, shown(image)),
		Label:       label,
		Consequence: "kubelet cannot parse it, so the pod never starts: InvalidImageName",
		Help:        help,
		Location:    w.EntryLocation(path...),
		Path:        path,
		Resource:    w.Resource,
	})
}

// openWord finds the words that people put where a tool or a reader fills in
// the name of an image.
var openWord = regexp.MustCompile(`^(?:[A-Z0-9]*(?:IMAGE|REGISTRY|REPO|REPOSITORY|PROJECT|ACCOUNT|YOUR|TAG|VERSION|NAME|USER|USERNAME|ORG|PLACEHOLDER|REPLACE|CHANGEME|TODO|XXX+))$|^[A-Z0-9]+(?:_[A-Z0-9]+)+$|^[A-Z0-9]+-[A-Z0-9-]*(?:IMAGE|REGISTRY|REPO|ID|NAME)$|^YOUR[-_]|^REPLACE|^\.\.\.$`)

// isOpenImage reports whether a part of the reference waits for its value.
func isOpenImage(image string) bool {
	return manifest.IsPlaceholder(image) || strings.ContainsAny(image, "{}<>*") || slices.ContainsFunc(strings.FieldsFunc(image, func(r rune) bool { return strings.ContainsRune("/:@.", r) }), openWord.MatchString)
}

var (
	scheme    = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*://`)
	badInTag  = regexp.MustCompile(`[^a-zA-Z0-9_.-]`)
	bareHash  = regexp.MustCompile(`^[a-f0-9]{64}$`)
	digestHex = regexp.MustCompile(`@sha256:([^@]*)$`)
)

// explainImage says what is wrong with a reference, and what to use instead.
func explainImage(image string, err error) (label, help string) {
	bare, digest, digested := strings.Cut(image, "@")
	name, tag := manifest.ImageName(image), ""
	if rest := strings.TrimPrefix(bare, name); rest != "" {
		tag = rest[1:]
	}
	switch hex := digestHex.FindStringSubmatch(image); {
	case scheme.MatchString(image):
		return "has a scheme", fmt.Sprintf("use %s, without %s", scheme.ReplaceAllString(image, ""), scheme.FindString(image))
	case strings.ContainsAny(image, " \t\r\n"):
		return "contains whitespace", fmt.Sprintf("use %s, without whitespace", strings.Join(strings.Fields(image), ""))
	case strings.HasSuffix(bare, ":"):
		return "the tag is empty", fmt.Sprintf("put a tag after the colon, or use %s, whose tag is latest", strings.TrimSuffix(bare, ":"))
	case strings.Contains(afterSlash(name), ":"):
		first, second, _ := strings.Cut(afterSlash(bare), ":")
		one := strings.TrimSuffix(name, afterSlash(name)) + first
		last := second[strings.LastIndexByte(second, ':')+1:]
		return "has two tags", fmt.Sprintf("an image has one tag: use %s:%s or %s:%s", one, strings.TrimSuffix(second, ":"+last), one, last)
	case hex != nil && len(hex[1]) != 64:
		return "not a digest", fmt.Sprintf("use the whole digest: sha256 has 64 hexadecimal digits, this has %d", len(hex[1]))
	case digested && !strings.Contains(digest, ":"):
		return "not a digest", fmt.Sprintf("a tag follows a colon, as in %s:%s; a digest starts with its algorithm, as in %s@sha256:", name, digest, name)
	case repository(name) != strings.ToLower(repository(name)):
		return "the repository must be lower case", fmt.Sprintf("use lower case for the repository: %s", strings.Replace(image, repository(name), strings.ToLower(repository(name)), 1))
	case badInTag.MatchString(tag):
		return "not a valid tag", fmt.Sprintf("use a tag of letters, digits, underscores, periods and dashes: %s:%s", name, badInTag.ReplaceAllString(tag, "-"))
	case len(tag) > 128:
		return "the tag is too long", "use a tag of at most 128 characters"
	case bareHash.MatchString(image):
		return "an ID, not a name", "use the name of the image with the digest: name@sha256:" + image
	}
	return strings.TrimPrefix(err.Error(), "invalid reference format: "), "use registry/repository:tag, where each part of the repository starts and ends with a lower-case letter or a digit"
}

// afterSlash returns what follows the last slash.
func afterSlash(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// repository returns a name without its registry, which may be in upper case
// (distribution/reference splitDockerDomain).
func repository(name string) string {
	if registry, rest, ok := strings.Cut(name, "/"); ok && strings.ContainsAny(registry, ".:") || registry == "localhost" {
		return rest
	}
	return name
}
