package verdict

import "regexp"

// allowed finds the values that the server says a field may have, and quoted
// each of them (k8s.io/apimachinery pkg/util/validation/field NotSupported).
var (
	allowed = regexp.MustCompile(`(?:supported values|valid values|must be one of|only)(?: are)?:? ((?:"[^"]*"(?:, | or )?)+)`)
	quoted  = regexp.MustCompile(`"([^"]*)"`)
)

// Supported returns the values that the server says a field may have, nil if
// it names none.
func Supported(message string) []string {
	var values []string
	if m := allowed.FindStringSubmatch(message); m != nil {
		for _, v := range quoted.FindAllStringSubmatch(m[1], -1) {
			values = append(values, v[1])
		}
	}
	return values
}
