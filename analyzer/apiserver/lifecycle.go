package apiserver

import (
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// Version is a minor version of Kubernetes.
type Version struct{ Major, Minor int }

// Served is the version whose verdict this package gives.
var Served = Version{servedMajor, servedMinor}

// ParseVersion reads "1.31", "v1.31" or "1.31.4".
func ParseVersion(text string) (Version, error) {
	var v Version
	for _, form := range []string{"v%d.%d", "%d.%d"} {
		if n, _ := fmt.Sscanf(text, form, &v.Major, &v.Minor); n == 2 {
			return v, nil
		}
	}
	return v, fmt.Errorf("no Kubernetes version %q: write it like 1.31", text)
}

// String returns "1.31", "" for the zero Version.
func (v Version) String() string {
	if v == (Version{}) {
		return ""
	}
	return fmt.Sprintf("%d.%d", v.Major, v.Minor)
}

// AtLeast reports whether v is w or newer.
func (v Version) AtLeast(w Version) bool {
	return v.Major > w.Major || v.Major == w.Major && v.Minor >= w.Minor
}

// Lifecycle says when an API came to its end.
type Lifecycle struct {
	// Deprecated and Removed are the first versions in which it is so, zero if
	// there is none.
	Deprecated, Removed Version
	// Replacement is the apiVersion and kind to use instead; empty if there is
	// none.
	Replacement schema.GroupVersionKind
}

// isOver reports whether the API is removed in a version.
func (l Lifecycle) isOver(v Version) bool { return l.Removed != (Version{}) && v.AtLeast(l.Removed) }

// lifecycle is an answer of LifecycleOf.
type lifecycle struct {
	Lifecycle
	known bool
}

// lifecycles remembers what LifecycleOf has found: a tree holds few kinds and
// many objects.
var lifecycles sync.Map // [2]string → lifecycle

// LifecycleOf returns the lifecycle of a kind that Kubernetes itself has, or
// had. ok is false for all others.
func LifecycleOf(apiVersion, kind string) (l Lifecycle, ok bool) {
	key := [2]string{apiVersion, kind}
	answer, ok := lifecycles.Load(key)
	if !ok {
		l, known := lookUpLifecycle(apiVersion, kind)
		answer, _ = lifecycles.LoadOrStore(key, lifecycle{l, known})
	}
	return answer.(lifecycle).Lifecycle, answer.(lifecycle).known
}

func lookUpLifecycle(apiVersion, kind string) (l Lifecycle, ok bool) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return l, false
	}
	gvk := gv.WithKind(kind)
	if l, ok := gone[gvk]; ok {
		return l, true
	}
	types := holding(gvk, scheme.Scheme, extensions)
	if types == nil {
		return l, false
	}
	object, err := types.New(gvk)
	if err != nil {
		return l, false
	}
	if o, ok := object.(interface{ APILifecycleDeprecated() (int, int) }); ok {
		l.Deprecated.Major, l.Deprecated.Minor = o.APILifecycleDeprecated()
	}
	if o, ok := object.(interface{ APILifecycleRemoved() (int, int) }); ok {
		l.Removed.Major, l.Removed.Minor = o.APILifecycleRemoved()
	}
	if o, ok := object.(interface {
		APILifecycleReplacement() schema.GroupVersionKind
	}); ok {
		l.Replacement = o.APILifecycleReplacement()
	}
	return l, true
}

// gone are the APIs that k8s.io/api no longer holds
// (https://kubernetes.io/docs/reference/using-api/deprecation-guide/).
var gone = map[schema.GroupVersionKind]Lifecycle{
	{Group: "autoscaling", Version: "v2beta1", Kind: "HorizontalPodAutoscaler"}: {
		Deprecated: Version{1, 22}, Removed: Version{1, 25}, Replacement: hpaV2},
	{Group: "autoscaling", Version: "v2beta2", Kind: "HorizontalPodAutoscaler"}: {
		Deprecated: Version{1, 23}, Removed: Version{1, 26}, Replacement: hpaV2},
	{Group: "apiregistration.k8s.io", Version: "v1beta1", Kind: "APIService"}: {
		Deprecated: Version{1, 19}, Removed: Version{1, 22},
		Replacement: schema.GroupVersionKind{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"}},
	{Group: "policy", Version: "v1beta1", Kind: "PodSecurityPolicy"}:     {Deprecated: Version{1, 21}, Removed: Version{1, 25}},
	{Group: "extensions", Version: "v1beta1", Kind: "PodSecurityPolicy"}: {Deprecated: Version{1, 11}, Removed: Version{1, 16}},
	{Group: "batch", Version: "v2alpha1", Kind: "CronJob"}: {
		Deprecated: Version{1, 8}, Removed: Version{1, 21},
		Replacement: schema.GroupVersionKind{Group: "batch", Version: "v1", Kind: "CronJob"}},
	{Group: "settings.k8s.io", Version: "v1alpha1", Kind: "PodPreset"}: {Deprecated: Version{1, 19}, Removed: Version{1, 20}},
}

var hpaV2 = schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"}

// KindsOf returns the kinds that an apiVersion of Kubernetes itself has, nil
// if it is none.
func KindsOf(apiVersion string) []string {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return nil
	}
	var kinds []string
	for _, types := range []*runtime.Scheme{scheme.Scheme, extensions} {
		for kind := range types.KnownTypes(gv) {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// HomesOf returns the apiVersions of Kubernetes itself that have a kind and
// are served, the preferred one of each group.
func HomesOf(kind string) []string {
	var homes []string
	for _, types := range []*runtime.Scheme{scheme.Scheme, extensions} {
		for _, gv := range types.PrioritizedVersionsAllGroups() {
			l, ok := LifecycleOf(gv.String(), kind)
			if ok && !l.isOver(Served) && types.Recognizes(gv.WithKind(kind)) {
				homes = append(homes, gv.String())
			}
		}
	}
	return homes
}
