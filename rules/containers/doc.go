// Package containers holds the rules about what keeps kubelet from starting a
// container, or makes the container run something else than was written: its
// image, its command, its user, its files and its memory.
package containers
