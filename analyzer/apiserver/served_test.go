package apiserver

import (
	"slices"
	"testing"
)

func TestAPIVersions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		version Version
		has     []string
		lacks   []string
	}{
		{Version{1, 36},
			[]string{"v1", "v1/Pod", "apps/v1", "apps/v1/Deployment", "policy/v1/PodDisruptionBudget", "apiregistration.k8s.io/v1/APIService", "apiregistration.k8s.io/v1",
				"apiextensions.k8s.io/v1/CustomResourceDefinition", "autoscaling/v2", "networking.k8s.io/v1/Ingress", "batch/v1/CronJob", "storage.k8s.io/v1/CSIStorageCapacity"},
			[]string{"policy/v1beta1", "batch/v1beta1", "extensions/v1beta1", "networking.k8s.io/v1beta1/Ingress", "autoscaling/v2beta2", "apps/v1beta1", "rbac.authorization.k8s.io/v1beta1",
				"apiextensions.k8s.io/v1beta1", "policy/v1beta1/PodSecurityPolicy", "admissionregistration.k8s.io/v1alpha1", "monitoring.coreos.com/v1", "v1/PodList", "v1/ListOptions"}},
		{Version{1, 21},
			[]string{"policy/v1beta1/PodSecurityPolicy", "policy/v1", "extensions/v1beta1/Ingress", "networking.k8s.io/v1beta1", "batch/v1/CronJob", "batch/v1beta1", "autoscaling/v2beta2"},
			[]string{"apps/v1beta1", "autoscaling/v2", "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"}},
	} {
		all := APIVersions(tt.version)
		for _, name := range tt.has {
			if !slices.Contains(all, name) {
				t.Errorf("%s lacks %s", tt.version, name)
			}
		}
		for _, name := range tt.lacks {
			if slices.Contains(all, name) {
				t.Errorf("%s has %s", tt.version, name)
			}
		}
	}
}
