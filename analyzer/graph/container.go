package graph

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Container is a container of a workload's pods that runs as long as they do:
// a regular one, or a sidecar, which stands among the init containers and has
// restartPolicy: Always. Only these have probes and take ports of their node.
type Container struct {
	Node *manifest.Node
	// Path leads to it in its resource.
	Path []string
	Name string
}

// Containers returns the containers that run as long as the pods.
func (w *Workload) Containers() []Container {
	w.once.Do(func() { w.containers = w.readContainers() })
	return w.containers
}

func (w *Workload) readContainers() []Container {
	var found []Container
	for _, field := range []string{"containers", "initContainers"} {
		for i, n := range manifest.Items(w.PodField("spec", field)) {
			if field == "initContainers" && manifest.String(n, "restartPolicy") != "Always" {
				continue
			}
			found = append(found, Container{Node: n, Path: w.At("spec", field, strconv.Itoa(i)), Name: manifest.String(n, "name")})
		}
	}
	return found
}

// ContainerPort is a port that a container declares.
type ContainerPort struct {
	Name string
	// Protocol is TCP where it is left out.
	Protocol string
	// Number is 0 where it is no number.
	Number int
	// HostPort is the port of the node, 0 if none is asked for; HostIP is the
	// address of it, "" for all of them.
	HostPort int
	HostIP   string
	// Path leads to it in its resource.
	Path []string
}

// Ports returns the ports that a container declares.
func (c Container) Ports() []ContainerPort {
	var found []ContainerPort
	for i, n := range manifest.Items(manifest.Get(c.Node, "ports")) {
		port := ContainerPort{
			Name:     manifest.String(n, "name"),
			Protocol: cmp.Or(manifest.String(n, "protocol"), "TCP"),
			HostIP:   manifest.String(n, "hostIP"),
			Path:     slices.Concat(c.Path, []string{"ports", strconv.Itoa(i)}),
		}
		port.Number, _ = manifest.Int(n, "containerPort")
		port.HostPort, _ = manifest.Int(n, "hostPort")
		found = append(found, port)
	}
	return found
}

// IsPart reports whether it cannot be a whole container: it names no image, so
// it is a patch or waits for one, and what it lacks proves nothing.
func (c Container) IsPart() bool { return manifest.Get(c.Node, "image") == nil }
