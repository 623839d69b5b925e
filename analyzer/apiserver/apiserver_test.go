package apiserver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const template = `"template":{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"c","image":"i"}]}}`

const jobTemplate = `"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}`

func object(apiVersion, kind, rest string) Object {
	return Object{APIVersion: apiVersion, Kind: kind,
		JSON: fmt.Appendf(nil, `{"apiVersion":%q,"kind":%q,"metadata":{"name":"x"},%s}`, apiVersion, kind, rest)}
}

func claim(source string) Object {
	return object("v1", "PersistentVolumeClaim", `"spec":{`+source+`"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}`)
}

func describe(v Verdict) []string {
	var got []string
	for _, r := range v.Refusals {
		line := fmt.Sprintf("%s %s: %s", r.Family, strings.Join(r.Path, "/"), r.Message)
		if r.Near != "" {
			line += " near " + r.Near
		}
		if r.Of != "" {
			line += " of " + r.Of
		}
		if r.Home != nil {
			line += " home " + strings.Join(r.Home, "/")
		}
		got = append(got, line)
	}
	for _, w := range v.Warnings {
		got = append(got, fmt.Sprintf("warning %s: %s", strings.Join(w.Path, "/"), w.Message))
	}
	return got
}

func TestCreate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		object Object
		want   []string
	}{
		{"accepted", object("apps/v1", "Deployment", `"spec":{"selector":{"matchLabels":{"app":"a"}},`+template+`}`), nil},
		{"mismatch", object("apps/v1", "Deployment", `"spec":{"selector":{"matchLabels":{"app":"b"}},`+template+`}`),
			[]string{"invalid spec/template/metadata/labels: Invalid value: {\"app\":\"a\"}: `selector` does not match template `labels`"}},
		{"unknown field with a near one", object("apps/v1", "Deployment", `"spec":{"selector":{"matchLables":{"app":"a"}},`+template+`}`),
			[]string{`unknown-field spec/selector/matchLables: unknown field "spec.selector.matchLables" near matchLabels`}},
		{"misplaced fields are judged at home", object("apps/v1", "DaemonSet", `"spec":{"selector":{"matchLabels":{"app":"b"}}},`+template),
			[]string{
				`unknown-field template: unknown field "template" home spec/template`,
				"invalid template/metadata/labels: Invalid value: {\"app\":\"a\"}: `selector` does not match template `labels`",
			}},
		{"every wrong type", object("apps/v1", "Deployment", `"spec":{"replicas":"3","selector":{"matchLabels":{"app":1}},`+template+`}`),
			[]string{
				"wrong-type spec/replicas: must be a number, not a string",
				"wrong-type spec/selector/matchLabels/app: must be a string, not a number",
			}},
		{"required", object("v1", "Service", `"spec":{"ports":[{"port":80,"name":"a"},{"port":81}]}`),
			[]string{"required spec/ports/1/name: Required value"}},
		{"headless", object("v1", "Service", `"spec":{"clusterIP":"None","selector":{"app":"a"}}`), nil},
		{"privileged", object("v1", "Pod", `"spec":{"containers":[{"name":"c","image":"i","securityContext":{"privileged":true}}]}`), nil},
		{"base64", object("v1", "Secret", `"data":{"a":"%%"}`), []string{"wrong-type data/a: it is not base64"}},
		{"warning", object("v1", "Pod", `"spec":{"containers":[{"name":"c","image":"i","env":[{"name":"E","value":"1"},{"name":"E","value":"2"}]}]}`),
			[]string{`warning spec/containers/0/env/1: hides previous definition of "E", which may be dropped when using apply`}},
		{"removed API: judged as its successor, after its own defaults", object("extensions/v1beta1", "Deployment", `"spec":{"replica":1,`+template+`}`),
			[]string{`unknown-field spec/replica: unknown field "spec.replica" near replicas`}},
		{"the server's own code panics", object("batch/v1", "Job", `"spec":{"parallelism":2,"completionMode":"Indexed","successPolicy":{"rules":[{"succeededCount":1}]},`+jobTemplate+`}`),
			[]string{"invalid : the API server's own code fails on it: runtime error: invalid memory address or nil pointer dereference"}},
		{"removed API: what its successor refuses", object("apps/v1beta1", "Deployment",
			`"spec":{"template":{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"c","image":"i","volumeMounts":[{"name":"v","mountPath":"/v"}]}]}}}`),
			[]string{`invalid spec/template/spec/containers/0/volumeMounts/0/name: Not found: "v"`}},
		{"removed API: its successor is stricter", object("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration",
			`"webhooks":[{"name":"w.example.com","clientConfig":{"url":"https://example.com"},"sideEffects":"Unknown"}]`), nil},
		{"removed API: no warnings", object("networking.k8s.io/v1beta1", "Ingress",
			`"metadata":{"name":"x","annotations":{"kubernetes.io/ingress.class":"a"}},"spec":{"backend":{"serviceName":"s","servicePort":80}}`), nil},
		{"an empty value that is required is said once", object("v1", "Pod",
			`"spec":{"containers":[{"name":"c","image":"i"}],"volumes":[{"name":"v","nfs":{"server":"s"}}]}`),
			[]string{"required spec/volumes/0/nfs/path: Required value"}},
		{"field of an earlier version", object("networking.k8s.io/v1", "Ingress",
			`"spec":{"rules":[{"http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"serviceName":"s"}}]}}]}`),
			[]string{`unknown-field spec/rules/0/http/paths/0/backend/serviceName: unknown field "spec.rules[0].http.paths[0].backend.serviceName" of networking.k8s.io/v1beta1`}},
		{"claim without a size", object("v1", "PersistentVolumeClaim", `"spec":{"accessModes":["ReadWriteOnce"],"resources":{}}`),
			[]string{"required spec/resources/requests/storage: Required value"}},
		{"custom resource", object("example.com/v1", "Database", `"spec":{}`), nil},
		{"no object", Object{APIVersion: "v1", Kind: "Pod", JSON: []byte(`[]`)}, []string{"wrong-type : json: cannot unmarshal array into Go value of type v1.Pod"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, describe(Create(tt.object))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	deployment := func(selector, label string) Object {
		return object("apps/v1", "Deployment", fmt.Sprintf(`"spec":{"selector":%s,%s}`, selector, strings.ReplaceAll(template, `{"app":"a"}`, label)))
	}
	a := deployment(`{"matchLabels":{"app":"a"}}`, `{"app":"a"}`)
	tests := []struct {
		name          string
		before, after Object
		want          []string
	}{
		{"the same", a, a, nil},
		{"another selector", a, deployment(`{"matchLabels":{"app":"b"}}`, `{"app":"b"}`), []string{"immutable spec/selector"}},
		{"the same selector written differently", a, deployment(`{"matchExpressions":[{"key":"app","operator":"In","values":["a"]}]}`, `{"app":"a"}`), []string{"immutable spec/selector"}},
		{"a new label in the template", a, deployment(`{"matchLabels":{"app":"a"}}`, `{"app":"a","x":"y"}`), nil},
		{"what is refused by itself", a, deployment(`{}`, `{"app":"a"}`), nil},
		{"another kind", a, object("v1", "ConfigMap", `"data":{}`), nil},
		{"immutable ConfigMap", object("v1", "ConfigMap", `"immutable":true,"data":{"a":"1"}`), object("v1", "ConfigMap", `"immutable":true,"data":{"a":"2"}`), []string{"immutable data"}},
		{"cluster IP that is left out", object("v1", "Service", `"spec":{"clusterIP":"10.0.0.1","ports":[{"port":80}]}`), object("v1", "Service", `"spec":{"ports":[{"port":81}]}`), nil},
		{"cluster IP that is chosen later", object("v1", "Service", `"spec":{"ports":[{"port":80}]}`), object("v1", "Service", `"spec":{"clusterIP":"10.0.0.1","ports":[{"port":80}]}`), []string{"immutable spec/clusterIPs/0"}},
		{"Service that becomes another type", object("v1", "Service", `"spec":{"ports":[{"port":80}]}`), object("v1", "Service", `"spec":{"type":"ExternalName","externalName":"a.b"}`), nil},
		{"Service that was another type", object("v1", "Service", `"spec":{"type":"ExternalName","externalName":"a.b"}`), object("v1", "Service", `"spec":{"ports":[{"port":80}]}`), nil},
		{"Job that stays the same", object("batch/v1", "Job", `"spec":{`+jobTemplate+`}`), object("batch/v1", "Job", `"spec":{`+jobTemplate+`}`), nil},
		{"Job with other completions", object("batch/v1", "Job", `"spec":{`+jobTemplate+`}`), object("batch/v1", "Job", `"spec":{"completions":2,`+jobTemplate+`}`), []string{"immutable spec/completions"}},
		{"Job whose selector is dropped", object("batch/v1", "Job", `"spec":{"manualSelector":true,"selector":{"matchLabels":{"a":"b"}},`+strings.Replace(jobTemplate, `{"spec"`, `{"metadata":{"labels":{"a":"b"}},"spec"`, 1)+`}`),
			object("batch/v1", "Job", `"spec":{`+strings.Replace(jobTemplate, `{"spec"`, `{"metadata":{"labels":{"a":"b"}},"spec"`, 1)+`}`),
			[]string{"required spec/selector", "immutable spec/selector"}},
		{"defaults of the earlier version stay", object("v1", "Pod", `"spec":{"containers":[{"name":"c","image":"i"}]}`), object("v1", "Pod", `"spec":{"containers":[{"name":"c","image":"i:1"}]}`), nil},
		{"PersistentVolumeClaim that does not say its source any more", claim(`"dataSource":{"kind":"PersistentVolumeClaim","name":"y"},`), claim(""), nil},
		{"StatefulSet's service", object("apps/v1", "StatefulSet", `"spec":{"serviceName":"a","selector":{"matchLabels":{"app":"a"}},`+template+`}`),
			object("apps/v1", "StatefulSet", `"spec":{"serviceName":"b","selector":{"matchLabels":{"app":"a"}},`+template+`}`), []string{"immutable spec"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, r := range Update(tt.before, tt.after).Refusals {
				got = append(got, fmt.Sprintf("%s %s", r.Family, strings.Join(r.Path, "/")))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	tests := []struct {
		apiVersion, kind, removed, replacement string
		known                                  bool
	}{
		{"apps/v1", "Deployment", "", "/", true},
		{"extensions/v1beta1", "Deployment", "1.16", "apps/v1", true},
		{"autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.26", "autoscaling/v2", true},
		{"policy/v1beta1", "PodSecurityPolicy", "1.25", "/", true},
		{"apps/v1", "Deploymnet", "", "/", false},
		{"example.com/v1", "Deployment", "", "/", false},
	}
	for _, tt := range tests {
		l, known := LifecycleOf(tt.apiVersion, tt.kind)
		replacement := l.Replacement.Group + "/" + l.Replacement.Version
		if known != tt.known || l.Removed.String() != tt.removed || replacement != tt.replacement {
			t.Errorf("%s %s: known %v, removed %q, use %q", tt.apiVersion, tt.kind, known, l.Removed, replacement)
		}
	}
	if diff := cmp.Diff([]string{"apps/v1"}, HomesOf("Deployment")); diff != "" {
		t.Error(diff)
	}
}

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Version{"1.31": {1, 31}, "v1.22": {1, 22}, "1.30.4": {1, 30}} {
		if got, err := ParseVersion(text); err != nil || got != want {
			t.Errorf("ParseVersion(%q) = %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1", "x.y"} {
		if v, err := ParseVersion(text); err == nil {
			t.Errorf("ParseVersion(%q) = %v", text, v)
		}
	}
}

// FuzzCreate looks for panics in what is asked of objects of any shape.
func FuzzCreate(f *testing.F) {
	f.Add("apps/v1", "Deployment", `{"spec":{"selector":null,`+template+`}}`)
	f.Add("v1", "Service", `{"spec":{"ports":[null,{"port":1}]},"metadata":[]}`)
	f.Add("batch/v1", "Job", `{"template":{"spec":{}},"spec":{"template":7}}`)
	f.Fuzz(func(t *testing.T, apiVersion, kind, text string) {
		Create(Object{APIVersion: apiVersion, Kind: kind, JSON: []byte(text)})
	})
}

func BenchmarkCreate(b *testing.B) {
	o := object("apps/v1", "Deployment", `"spec":{"selector":{"matchLabels":{"app":"a"}},`+template+`}`)
	b.ReportAllocs()
	for b.Loop() {
		Create(o)
	}
}

// TestAbsurdQuantities holds quantities against the server that would take it
// all memory to compute with: they are refused where they stand, and the rest of
// the object is judged.
func TestAbsurdQuantities(t *testing.T) {
	t.Parallel()
	const refused = "the exponent is out of range: a quantity is at most 2^63-1 and has at most 3 decimal places"
	for _, tt := range []struct {
		object Object
		want   []string
	}{
		{object("v1", "Pod", `"spec":{"restartPolicy":"x","containers":[{"name":"a","image":"b","resources":{"limits":{"cpu":"1e999999999"}}}]}`), []string{
			"invalid spec/containers/0/resources/limits/cpu: " + refused,
			`invalid spec/restartPolicy: Unsupported value: "x": supported values: "Always", "OnFailure", "Never"`}},
		{object("v1", "ResourceQuota", `"spec":{"hard":{"pods":"1e-777777777"}}`), []string{"invalid spec/hard/pods: " + refused}},
		{object("v1", "PersistentVolumeClaim", `"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1E+88888"}}}`), []string{
			"invalid spec/resources/requests/storage: " + refused}},
		{object("autoscaling/v2", "HorizontalPodAutoscaler", `"spec":{"maxReplicas":2,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"a"},"metrics":[{"type":"Pods","pods":{"metric":{"name":"m"},"target":{"type":"AverageValue","averageValue":"1e99999"}}}]}`), []string{
			"invalid spec/metrics/0/pods/target/averageValue: " + refused}},
		{object("autoscaling/v2", "HorizontalPodAutoscaler", `"spec":{"maxReplicas":2,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"a"},"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"AverageValue","averageValue":"1e99999"}}}]}`), []string{
			"invalid spec/metrics/0/resource/target/averageValue: " + refused}},
		{object("v1", "ConfigMap", `"data":{"commit":"1e9999999"}`), nil},
	} {
		if got := describe(Create(tt.object)); !cmp.Equal(got, tt.want) {
			t.Errorf("%s: %s", tt.object.JSON, cmp.Diff(tt.want, got))
		}
	}
}
