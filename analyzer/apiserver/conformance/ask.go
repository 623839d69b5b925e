package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// resource is how the server addresses a kind.
type resource struct {
	name       string
	namespaced bool
}

// client asks the real server, in the way of kubectl.
type client struct {
	*cluster
	resources map[schema.GroupVersionKind]resource
}

// connect learns which kinds the server serves.
func connect(c *cluster) (*client, error) {
	all := &client{c, map[schema.GroupVersionKind]resource{}}
	ctx := context.Background()
	var groups metav1.APIGroupList
	if err := all.get(ctx, "/apis", &groups); err != nil {
		return nil, err
	}
	paths := map[string]string{"v1": "/api/v1"}
	for _, g := range groups.Groups {
		for _, v := range g.Versions {
			paths[v.GroupVersion] = "/apis/" + v.GroupVersion
		}
	}
	for gv, path := range paths {
		var list metav1.APIResourceList
		if err := all.get(ctx, path, &list); err != nil {
			return nil, err
		}
		for _, r := range list.APIResources {
			if !strings.Contains(r.Name, "/") {
				all.resources[schema.FromAPIVersionAndKind(gv, r.Kind)] = resource{r.Name, r.Namespaced}
			}
		}
	}
	return all, nil
}

func (c *client) get(ctx context.Context, path string, into any) error {
	data, _, err := c.do(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// request is a manifest as kubectl would send it.
type request struct {
	object *unstructured.Unstructured
	data   []byte
	gvk    schema.GroupVersionKind
	path   string // of the collection
	name   string
}

// errClient is what kubectl itself refuses.
type errClient struct{ error }

// prepare makes of a YAML document what kubectl makes of it: JSON with the
// types of YAML 1.1, decoded and encoded as an object without a type.
func (c *client) prepare(text []byte) (request, error) {
	raw, err := yaml.YAMLToJSON(text)
	if err != nil {
		return request{}, errClient{err}
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(raw); err != nil {
		return request{}, errClient{err}
	}
	data, err := u.MarshalJSON()
	if err != nil {
		return request{}, errClient{err}
	}
	gvk := u.GroupVersionKind()
	r, ok := c.resources[gvk]
	if !ok {
		return request{}, errClient{fmt.Errorf("no matches for kind %q in version %q", gvk.Kind, gvk.GroupVersion())}
	}
	path := "/apis/" + gvk.GroupVersion().String()
	if gvk.Group == "" {
		path = "/api/" + gvk.Version
	}
	if r.namespaced {
		namespace := u.GetNamespace()
		if namespace == "" {
			namespace = "default"
		}
		if wrong := pathvalidation.IsValidPathSegmentName(namespace); len(wrong) > 0 {
			return request{}, errClient{fmt.Errorf("invalid namespace %q: %v", namespace, wrong)}
		}
		path += "/namespaces/" + url.PathEscape(namespace)
	}
	return request{u, data, gvk, path + "/" + r.name, u.GetName()}, nil
}

const dryRun = "?dryRun=All&fieldValidation=Strict"

// create asks the server to create a document, and changes nothing.
func (c *client) create(ctx context.Context, text []byte) (answer, error) {
	r, err := c.prepare(text)
	if err != nil {
		return refusedByClient(err)
	}
	_, header, err := c.do(ctx, http.MethodPost, r.path+dryRun, "application/json", r.data)
	if errors.Is(err, io.EOF) { // again, to know that it is the object's fault
		_, header, err = c.do(ctx, http.MethodPost, r.path+dryRun, "application/json", r.data)
	}
	return answerOf(header, err)
}

// update creates a document, asks the server to apply another one over it as
// kubectl apply does, and deletes it. ok is false if the first one is refused.
func (c *client) update(ctx context.Context, before, after []byte) (a answer, ok bool, err error) {
	old, err := c.prepare(before)
	if err != nil {
		return a, false, nil
	}
	new, err := c.prepare(after)
	if err != nil || old.name == "" || new.path != old.path || new.name != old.name {
		return a, false, nil
	}
	live, _, err := c.do(ctx, http.MethodPost, old.path+"?fieldValidation=Strict", "application/json", old.data)
	var status *errStatus
	if errors.As(err, &status) {
		return a, false, nil
	}
	if err != nil {
		return a, false, err
	}
	path := old.path + "/" + url.PathEscape(old.name)
	defer func() {
		_, _, e := c.do(ctx, http.MethodDelete, path+"?gracePeriodSeconds=0&propagationPolicy=Background", "", nil)
		err = errors.Join(err, e)
	}()
	typed, err := scheme.Scheme.New(old.gvk)
	if err != nil {
		return a, false, err
	}
	lookup, err := strategicpatch.NewPatchMetaFromStruct(typed)
	if err != nil {
		return a, false, err
	}
	patch, err := strategicpatch.CreateThreeWayMergePatch(old.data, new.data, live, lookup, true)
	if err != nil {
		return a, false, nil // kubectl cannot merge it
	}
	_, header, err := c.do(ctx, http.MethodPatch, path+dryRun, "application/strategic-merge-patch+json", patch)
	a, err = answerOf(header, err)
	return a, true, err
}

// refusedByClient is the answer of kubectl itself.
func refusedByClient(err error) (answer, error) {
	var e errClient
	if !errors.As(err, &e) {
		return answer{}, err
	}
	return answer{stage: unsent, causes: []cause{{message: err.Error()}}}, nil
}

// answerOf reads what the server has answered.
func answerOf(header http.Header, err error) (answer, error) {
	if err == nil {
		return answer{stage: accepted, warnings: warningsOf(header)}, nil
	}
	if errors.Is(err, io.EOF) {
		return answer{stage: other, causes: []cause{{message: panics}}}, nil
	}
	var status *errStatus
	if !errors.As(err, &status) {
		return answer{}, err
	}
	var s metav1.Status
	if err := json.Unmarshal(status.body, &s); err != nil {
		return answer{}, status
	}
	switch {
	case s.Reason == metav1.StatusReasonInvalid && s.Details != nil && len(s.Details.Causes) > 0:
		a := answer{stage: validation}
		for _, c := range s.Details.Causes {
			a.causes = append(a.causes, cause{c.Field, c.Message})
		}
		return a.sorted(), nil
	case strings.Contains(s.Message, strictPrefix):
		_, list, _ := strings.Cut(s.Message, strictPrefix)
		return strictAnswer(list), nil
	case s.Reason == metav1.StatusReasonBadRequest:
		return answer{stage: decoding, causes: []cause{{goField(s.Message), s.Message}}}, nil
	}
	return answer{stage: other, causes: []cause{{message: s.Message}}}, nil
}

// panics stands for the answer of a server whose code panics: it closes the
// connection without one.
const panics = "no answer, because the server panics"

const strictPrefix = "strict decoding error: "

var unknownField = regexp.MustCompile(`unknown field "([^"]*)"`)

// strictAnswer takes apart the server's list of unknown fields.
func strictAnswer(list string) answer {
	a := answer{stage: strict}
	for _, m := range unknownField.FindAllStringSubmatch(list, -1) {
		a.causes = append(a.causes, cause{field: m[1], message: m[0]})
	}
	if len(a.causes) == 0 {
		a.causes = []cause{{message: list}}
	}
	return a.sorted()
}

var goFieldPattern = regexp.MustCompile(`into Go struct field [A-Za-z]+\.([^ ]+) of type`)

// goField returns the path in an error of the JSON decoder, "" if it names
// none. It knows neither indices nor the keys of maps.
func goField(message string) string {
	if m := goFieldPattern.FindStringSubmatch(message); m != nil {
		return m[1]
	}
	return ""
}

// warningsOf returns the warnings of an answer, without those about the
// version of the API: kubeknot has a rule of its own for them.
func warningsOf(header http.Header) []string {
	parsed, _ := utilnet.ParseWarningHeaders(header["Warning"])
	var all []string
	for _, w := range parsed {
		if !strings.Contains(w.Text, " is deprecated in v") {
			all = append(all, w.Text)
		}
	}
	return all
}
