package text

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/graph"
)

// ServicePortList returns the ports of a Service as people write them:
// "http (80), 8080".
func ServicePortList(ports []graph.ServicePort) string {
	var names []string
	for _, port := range ports {
		name := strconv.Itoa(port.Number)
		if port.Name != "" {
			name = fmt.Sprintf("%s (%d)", port.Name, port.Number)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// PortList returns ports as people write them: "http (8080), 9090".
func PortList(ports []graph.ContainerPort) string {
	var names []string
	for _, c := range ports {
		name := strconv.Itoa(c.Number)
		if c.Name != "" {
			name = fmt.Sprintf("%s (%d)", c.Name, c.Number)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
