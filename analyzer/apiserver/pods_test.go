package apiserver

import "testing"

func TestPodsJudged(t *testing.T) {
	t.Parallel()
	deployment := func(meta, spec string) Object {
		return object("apps/v1", "Deployment", `"spec":{"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}`+meta+`},"spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":80}]}]`+spec+`}}}`)
	}
	claims := object("apps/v1", "StatefulSet", `"spec":{"selector":{"matchLabels":{"app":"a"}},`+template+`,"volumeClaimTemplates":[{"metadata":{"name":"d"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}`)
	tests := []struct {
		name   string
		object Object
		want   bool
	}{
		{"nothing but what templates are judged by", deployment(``, `,"volumes":[{"name":"v","emptyDir":{}}],"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"k"}]}}`), true},
		{"Job", object("batch/v1", "Job", `"spec":{`+jobTemplate+`}`), true},
		{"CronJob", object("batch/v1", "CronJob", `"spec":{"schedule":"* * * * *","jobTemplate":{"spec":{`+jobTemplate+`}}}`), true},
		{"refused", deployment(``, `,"restartPolicy":"Never"`), false},
		{"no workload", claim(``), false},
		{"ports of the node", deployment(``, `,"hostNetwork":true`), false},
		{"a volume named by the pod", deployment(``, `,"volumes":[{"name":"v","ephemeral":{"volumeClaimTemplate":{"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}}}]`), false},
		{"an image that is named later", deployment(``, `,"volumes":[{"name":"v","image":{}}]`), false},
		{"an image with a space", deployment(``, `,"initContainers":[{"name":"d","image":"i "}]`), false},
		{"gates", deployment(``, `,"schedulingGates":[{"name":"g"}]`), false},
		{"resources of the pod", deployment(``, `,"resources":{"limits":{"cpu":"1"}}`), false},
		{"keys of labels, in spreading", deployment(``, `,"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"k","whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"a"}},"matchLabelKeys":["b"]}]`), false},
		{"keys of labels, in affinity", deployment(``, `,"affinity":{"podAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":1,"podAffinityTerm":{"topologyKey":"k","labelSelector":{"matchLabels":{"app":"a"}},"mismatchLabelKeys":["b"]}}]}}`), false},
		{"AppArmor", deployment(`,"annotations":{"container.apparmor.security.beta.kubernetes.io/c":"runtime/default"}`, ``), false},
		{"claims", claims, false},
	}
	for _, tt := range tests {
		v := Create(tt.object)
		if v.PodsJudged != tt.want || tt.name != "refused" && len(v.Refusals) > 0 {
			t.Errorf("%s: %v, %v", tt.name, v.PodsJudged, describe(v))
		}
	}
}
