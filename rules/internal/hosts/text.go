package hosts

import (
	"regexp"
	"strconv"
	"strings"
)

// named is a host in a text.
type named struct {
	host string
	port int // 0 if there is none
	url  bool
}

var (
	// A host begins with a letter: addresses name no Service.
	urls  = regexp.MustCompile(`\b[a-z][a-z0-9+.-]*://(?:[^\s/@"']*@)?([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*)(?::([0-9]{1,5}))?(?:[/?#,;\s"'<>)\]}|]|$)`)
	pairs = regexp.MustCompile(`(?:^|[\s"'=,;@(\[|])([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*):([0-9]{1,5})(?:[/\s"',;)\]|]|$)`)
	name  = regexp.MustCompile(`^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*$`)
	hosty = regexp.MustCompile(`(?i)(^|[_.-])(host|hosts|hostname|addr|address|server|servers|endpoint|endpoints|url|uri|broker|brokers|upstream)$`)
)

// leastPort is the least port of a host:port without a scheme, so that image tags
// and ratios are not taken for ports.
const leastPort = 80

// inText returns the hosts of a text: those of its URLs, those written host:port,
// and the whole text if its key says that it is a host. Comment lines are left out.
func inText(key, text string) []named {
	if len(text) > 1 && name.MatchString(text) {
		if hosty.MatchString(key) {
			return []named{{host: text}}
		}
		return nil
	}
	if !strings.Contains(text, ":") {
		return nil
	}
	var found []named
	for line := range strings.Lines(text) {
		if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, "//") {
			continue
		}
		found = append(found, inLine(key, line)...)
	}
	return found
}

// inLine returns the hosts of one line.
func inLine(key, line string) []named {
	var found []named
	for _, m := range urls.FindAllStringSubmatch(line, -1) {
		port, _ := strconv.Atoi(m[2])
		found = append(found, named{host: m[1], port: port, url: true})
	}
	if strings.Contains(strings.ToLower(key+line), "image") {
		return found
	}
	for rest := line; ; { // delimiters are shared, so matches overlap
		m := pairs.FindStringSubmatchIndex(rest)
		if m == nil {
			return found
		}
		if port, _ := strconv.Atoi(rest[m[4]:m[5]]); port >= leastPort && port <= 65535 {
			found = append(found, named{host: rest[m[2]:m[3]], port: port})
		}
		rest = rest[m[5]:]
	}
}
