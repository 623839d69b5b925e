package nearmiss

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/graph"
)

// The labels that a StatefulSet gives each of its pods
// (k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_utils.go updateIdentity).
const podName, podIndex = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"

// beyondReplicas: the label is one that a StatefulSet gives its pods, but it has
// no pod of that number.
func (s search) beyondReplicas(near []*holder) *Explanation {
	for _, h := range near {
		w := h.workload
		replicas, ok := w.Replicas()
		if !ok || w.Kind != "StatefulSet" || !s.sees(h) {
			continue
		}
		key, value := podName, s.Selector.Equal[podName]
		if value == "" {
			key, value = podIndex, s.Selector.Equal[podIndex]
		}
		off, one := OneOff(s.Selector.Equal, h.carries)
		if value == "" || w.Carries(key, value) || key == podName && !graph.IsOrdinalName(w.Name, value) || key == podIndex && !(one && off == podIndex) {
			continue
		}
		first := w.FirstOrdinal()
		e := &Explanation{
			Key:   key,
			Label: "no pod has this number",
			At:    w.EntryLocation("spec", "replicas"),
			What:  fmt.Sprintf("%s creates %d pods, numbered from %d", w, replicas, first),
			Help:  "raise spec.replicas, or select an existing pod ordinal",
		}
		if n, err := strconv.Atoi(value[strings.LastIndex(value, "-")+1:]); err == nil && n < first { // more replicas do not create it
			e.At = w.EntryLocation("spec", "ordinals", "start")
			e.Help = fmt.Sprintf("select an existing pod ordinal, or set spec.ordinals.start to %d", n)
		}
		return e
	}
	return nil
}

// namedPod: the selector names a pod of a StatefulSet, and one of its other labels
// is not that of the pod.
func (s search) namedPod(near []*holder) *Explanation {
	pod := s.Selector.Equal[podName]
	for _, h := range near {
		w := h.workload
		key, ok := OneOff(s.Selector.Equal, h.carries)
		if pod == "" || !ok || key == podName || w.Kind != "StatefulSet" || !w.Carries(podName, pod) || !s.sees(h) {
			continue
		}
		e := &Explanation{
			Key:   key,
			Label: fmt.Sprintf("pod %s does not have this label", pod),
			At:    h.at(key),
			What:  fmt.Sprintf("the pods of %s have %s", w, w.PodLabels()),
			Help:  fmt.Sprintf("remove %s from the selector, or add %s: %s to spec.template.metadata.labels", key, key, s.Selector.Equal[key]),
		}
		if value, labeled := w.Labels[key]; labeled {
			e.What = fmt.Sprintf("the pods of %s have %s=%s", w, key, value)
			e.Help = fmt.Sprintf("set %s to %s in the selector", key, value)
		}
		return e
	}
	return nil
}
