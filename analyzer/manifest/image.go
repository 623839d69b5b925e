package manifest

import "strings"

// ImageName returns an image without its tag and digest.
func ImageName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image = image[:i] // else the port of a registry
	}
	return image
}
