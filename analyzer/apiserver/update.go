package apiserver

import (
	"encoding/json"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apiserver/pkg/registry/rest"
	api "k8s.io/kubernetes/pkg/apis/core"
)

// stored returns an accepted object as the server keeps it: with defaults, and
// with what the server chooses and makes up.
func (k *kind) stored(o Object) (runtime.Object, error) {
	typed, err := k.scheme.New(k.gvk)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(o.text(), typed); err != nil {
		return nil, err
	}
	object, err := k.internal(typed)
	if err != nil {
		return nil, err
	}
	m, err := meta.Accessor(object)
	if err != nil {
		return nil, err
	}
	rest.FillObjectMetaSystemFields(m)
	if err := asked(func() error {
		k.strategy.PrepareForCreate(k.contextFor(object, "create", &Verdict{}), object)
		return nil
	}); err != nil {
		return nil, err
	}
	if s, ok := object.(*api.Service); ok {
		chooseIP(s)
	}
	return object, nil
}

// applied returns the object that the server has to judge when kubectl applies
// a later version over a stored one: what the later version says, without what
// only the earlier one said, and with all else as it is stored
// (k8s.io/kubectl/pkg/cmd/apply/patcher.go).
func (k *kind) applied(before, after Object, stored runtime.Object) ([]byte, error) {
	live, err := k.scheme.ConvertToVersion(stored, k.gvk.GroupVersion())
	if err != nil {
		return nil, err
	}
	current, err := json.Marshal(live)
	if err != nil {
		return nil, err
	}
	lookup, err := strategicpatch.NewPatchMetaFromStruct(live)
	if err != nil {
		return nil, err
	}
	patch, err := strategicpatch.CreateThreeWayMergePatch(before.text(), after.text(), current, lookup, true)
	if err != nil {
		return nil, err
	}
	return strategicpatch.StrategicMergePatchUsingLookupPatchMeta(current, patch, lookup)
}

// someIP stands for an address that the server has chosen; it is one of those
// set aside for documentation, so no manifest means it.
const someIP = "203.0.113.1"

// chooseIP gives a Service an address, as the server does.
func chooseIP(s *api.Service) {
	if s.Spec.ClusterIP == "" && s.Spec.Type != api.ServiceTypeExternalName {
		s.Spec.ClusterIP, s.Spec.ClusterIPs = someIP, []string{someIP}
	}
}

// keepIP does to a changed Service what the server does before it validates
// one (pkg/registry/core/service/storage/storage.go patchAllocatedValues and
// normalizeClusterIPs).
func keepIP(before, after *api.Service) {
	if after.Spec.ClusterIP == "" && after.Spec.Type != api.ServiceTypeExternalName {
		after.Spec.ClusterIP = before.Spec.ClusterIP
	}
	switch {
	case len(after.Spec.ClusterIPs) == 0 && after.Spec.ClusterIP == before.Spec.ClusterIP:
		after.Spec.ClusterIPs = before.Spec.ClusterIPs
	case after.Spec.ClusterIP != before.Spec.ClusterIP && slices.Equal(after.Spec.ClusterIPs, before.Spec.ClusterIPs):
		after.Spec.ClusterIPs = []string{after.Spec.ClusterIP}
	}
	chooseIP(after)
}
