package api

import (
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// rewrite returns the edit that puts one word in the place of another, in the
// quotes that are there. It is nil if the word is not written so at that place,
// as in a template.
func rewrite(at source.Location, old, new string) []analyzer.Edit {
	if at.IsZero() || new == "" {
		return nil
	}
	for _, quote := range []string{"", `"`, "'"} {
		if string(at.Text()) == quote+old+quote {
			return []analyzer.Edit{{Location: at, Text: quote + new + quote}}
		}
	}
	return nil
}

// unchanged are the kinds whose last two versions differ in their apiVersion
// alone, by the group and the version that is gone
// (https://kubernetes.io/docs/reference/using-api/deprecation-guide/: no notable
// changes). Where defaults or the meaning of a field have changed, a person has
// to look.
var unchanged = map[string][]string{
	"batch/v1beta1":                      {"CronJob"},
	"networking.k8s.io/v1beta1":          {"IngressClass"},
	"node.k8s.io/v1beta1":                {"RuntimeClass"},
	"rbac.authorization.k8s.io/v1alpha1": {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"},
	"rbac.authorization.k8s.io/v1beta1":  {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"},
	"scheduling.k8s.io/v1beta1":          {"PriorityClass"},
	"storage.k8s.io/v1beta1":             {"StorageClass", "VolumeAttachment", "CSIDriver", "CSINode"},
}

// nextVersion returns the edit of the apiVersion of an object that its successor
// takes as it is, nil if that is not certain.
func nextVersion(r *manifest.Resource, l apiserver.Lifecycle) []analyzer.Edit {
	next := l.Replacement.GroupVersion().String()
	if l.Replacement.Kind != r.Kind || !slices.Contains(unchanged[r.APIVersion], r.Kind) {
		return nil
	}
	o, ok := verdict.Object(r)
	if o.APIVersion = next; !ok || !apiserver.Known(next, r.Kind) || len(apiserver.Create(o).Refusals) > 0 {
		return nil
	}
	return rewrite(r.Location("apiVersion"), r.APIVersion, next)
}
