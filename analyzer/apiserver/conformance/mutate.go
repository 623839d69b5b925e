package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mutator changes documents by a sequence of random numbers that only depends
// on a seed and the document.
type mutator struct {
	random *rand.Rand
	// pool are the entries of all seeds by the name of the field that holds
	// them, to be put into other documents.
	pool map[string][]entry
	said []string // what has been done
}

// entry is a key of a mapping with its value.
type entry struct{ key, value *yaml.Node }

// place is a node with what holds it.
type place struct {
	path   []string
	parent *yaml.Node // mapping or sequence
	at     int        // index of the node in the parent's content
}

func (p place) node() *yaml.Node { return p.parent.Content[p.at] }

// inMapping reports whether the node is a value of a mapping.
func (p place) inMapping() bool { return p.parent.Kind == yaml.MappingNode }

// name is the name of the closest field.
func (p place) name() string {
	for _, step := range slices.Backward(p.path) {
		if step != "[]" {
			return step
		}
	}
	return ""
}

// places returns the nodes below a mapping, without the apiVersion and kind of
// the object: they decide who is asked.
func places(root *yaml.Node) []place {
	var all []place
	var walk func(n *yaml.Node, path []string)
	walk = func(n *yaml.Node, path []string) {
		switch n.Kind {
		case yaml.MappingNode:
			for i := 1; i < len(n.Content); i += 2 {
				key := n.Content[i-1].Value
				if len(path) == 0 && (key == "apiVersion" || key == "kind") {
					continue
				}
				p := append(slices.Clone(path), key)
				all = append(all, place{p, n, i})
				walk(n.Content[i], p)
			}
		case yaml.SequenceNode:
			for i := range n.Content {
				p := append(slices.Clone(path), "[]")
				all = append(all, place{p, n, i})
				walk(n.Content[i], p)
			}
		}
	}
	walk(root, nil)
	return all
}

// poolOf collects what stands in the seeds.
func poolOf(documents []document) map[string][]entry {
	pool := map[string][]entry{}
	for _, d := range documents {
		if !d.seed {
			continue
		}
		for _, p := range places(d.node) {
			if p.inMapping() && len(p.path) > 1 {
				holder := place{path: p.path[:len(p.path)-1]}.name()
				pool[holder] = append(pool[holder], entry{p.parent.Content[p.at-1], p.node()})
			}
		}
	}
	return pool
}

// mutation changes a place and says what it has done, "" if it cannot.
type mutation func(m *mutator, root *yaml.Node, p place) string

// mutations are drawn as often as they stand here.
var mutations = []mutation{
	drop, drop, misspell, moveUp, moveDown, retype, retype, retype, invalid, invalid, invalid, invalid,
	invalid, label, label, duplicate, graft, graft, graft, strange,
}

// mutate returns a changed copy of a document, and what was changed.
func (m *mutator) mutate(d document) (text []byte, said string, ok bool) {
	root := clone(d.node)
	m.said = nil
	for range 1 + m.random.IntN(2) {
		for range 20 { // until one fits
			all := places(root)
			if len(all) == 0 {
				break
			}
			p := all[m.random.IntN(len(all))]
			if what := mutations[m.random.IntN(len(mutations))](m, root, p); what != "" {
				m.said = append(m.said, strings.Join(p.path, ".")+": "+what)
				break
			}
		}
	}
	text, err := yaml.Marshal(root)
	return text, strings.Join(m.said, "; "), err == nil && len(m.said) > 0
}

func clone(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = nil
	for _, child := range n.Content {
		c.Content = append(c.Content, clone(child))
	}
	return &c
}

// plain returns a scalar that is written just so.
func plain(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

func quoted(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: text}
}

func empty() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle} }

func sequence(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Content: items}
}

func mapping(key string, value *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{plain(key), value}}
}

func pick[T any](m *mutator, from []T) T { return from[m.random.IntN(len(from))] }

// remove takes a node out of what holds it.
func (p place) remove() {
	from := p.at
	if p.inMapping() {
		from--
	}
	p.parent.Content = slices.Delete(slices.Clone(p.parent.Content), from, p.at+1)
}

func drop(_ *mutator, _ *yaml.Node, p place) string {
	p.remove()
	return "dropped"
}

func misspell(m *mutator, _ *yaml.Node, p place) string {
	if !p.inMapping() {
		return ""
	}
	key := p.parent.Content[p.at-1]
	name := key.Value
	i := m.random.IntN(max(1, len(name)-1))
	wrong := pick(m, []string{
		name + "s", strings.TrimSuffix(name, "s"), strings.ToUpper(name[:1]) + name[1:], strings.ToLower(name),
		name[:i] + name[i+1:], name[:i] + name[i:i+1] + name[i:], "x" + name,
	})
	if wrong == name || wrong == "" {
		return ""
	}
	p.parent.Content[p.at-1] = plain(wrong)
	return "renamed to " + wrong
}

// holders returns the mappings on the way to a place, the object first.
func holders(root *yaml.Node, p place) []*yaml.Node {
	var all []*yaml.Node
	var find func(n *yaml.Node) bool
	find = func(n *yaml.Node) bool {
		found := n == p.parent
		for _, c := range n.Content {
			found = found || find(c)
		}
		if found && n.Kind == yaml.MappingNode {
			all = append(all, n)
		}
		return found
	}
	find(root)
	slices.Reverse(all)
	return all
}

func moveUp(m *mutator, root *yaml.Node, p place) string {
	above := holders(root, p)
	if !p.inMapping() || len(above) < 2 {
		return ""
	}
	key, value := p.parent.Content[p.at-1], p.node()
	to := above[m.random.IntN(len(above)-1)]
	if has(to, key.Value) {
		return ""
	}
	p.remove()
	to.Content = append(to.Content, key, value)
	return "moved out"
}

func moveDown(m *mutator, _ *yaml.Node, p place) string {
	if !p.inMapping() {
		return ""
	}
	key, value := p.parent.Content[p.at-1], p.node()
	var inner []*yaml.Node
	for i := 1; i < len(p.parent.Content); i += 2 {
		if n := p.parent.Content[i]; n.Kind == yaml.MappingNode && n != value && !has(n, key.Value) {
			inner = append(inner, n)
		}
	}
	if len(inner) == 0 || key.Value == "apiVersion" || key.Value == "kind" {
		return ""
	}
	p.remove()
	to := pick(m, inner)
	to.Content = append(to.Content, key, value)
	return "moved into a sibling"
}

func has(n *yaml.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

func retype(m *mutator, _ *yaml.Node, p place) string {
	n := p.node()
	var to *yaml.Node
	switch {
	case n.Kind == yaml.ScalarNode && m.random.IntN(2) == 0:
		if to = quoted(n.Value); n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 || n.ShortTag() == "!!str" {
			to = plain("7")
		}
	case n.Kind == yaml.ScalarNode:
		to = pick(m, []*yaml.Node{plain("null"), plain("true"), plain("1.5"), sequence(clone(n)), mapping("a", clone(n)), sequence(), empty()})
	case n.Kind == yaml.MappingNode:
		to = pick(m, []*yaml.Node{plain("null"), plain("text"), sequence(clone(n)), sequence(), empty(), plain("3")})
	default:
		to = pick(m, []*yaml.Node{plain("null"), plain("text"), empty(), sequence(), sequence(plain("null")), sequence(plain("a")), mapping("a", plain("b"))})
		if len(n.Content) == 1 {
			to = pick(m, []*yaml.Node{to, clone(n.Content[0])})
		}
	}
	p.parent.Content[p.at] = to
	return "made " + describe(to)
}

// strange are scalars that YAML 1.1, YAML 1.2 and JSON read differently, and
// numbers at the edge of what Go holds.
func strange(m *mutator, _ *yaml.Node, p place) string {
	if p.node().Kind != yaml.ScalarNode {
		return ""
	}
	to := plain(pick(m, []string{
		"yes", "No", "on", "y", "~", "010", "0o10", "0x1F", "1e3", "1_000", ".5", "5.", ".inf", ".nan", "-0", "+1",
		"2147483648", "9223372036854775808", "12345678901234567890123", "1.0", "2001-01-01", "12:30:45", "0b11", "1e400",
	}))
	p.parent.Content[p.at] = to
	return "made " + describe(to)
}

func describe(n *yaml.Node) string {
	text, err := yaml.Marshal(n)
	if err != nil {
		return "?"
	}
	short := strings.TrimSpace(string(text))
	if len(short) > 60 {
		short = short[:60] + "..."
	}
	return fmt.Sprintf("%q", short)
}

// wrong are values by what a field is called, the first that fits; all of them
// have the type that the field holds.
var wrong = []struct {
	names  []string
	values []string
}{
	{[]string{"port", "containerPort", "hostPort", "number", "targetPort", "endPort", "nodePort"},
		[]string{"0", "-1", "65536", "70000", "80", "30000"}},
	{[]string{"cpu", "memory", "storage", "sizeLimit", "divisor", "averageValue", "example.com/gpu"},
		[]string{"-1", "1Gi", `"1.5"`, "0.0001", "1x", `""`, "1e3", "100m", `" 1"`, "1.5Gi", "1E", "0"}},
	{[]string{"maxSurge", "maxUnavailable", "minAvailable"}, []string{"0", "-1", "0%", "101%", "ten", `"5"`, "50 %"}},
	{[]string{"schedule"}, []string{"* * *", "@hourly", "61 * * * *", "TZ=UTC 0 0 * * *", `""`}},
	{[]string{"image"}, []string{`""`, `" nginx"`, "UPPER", "a:b:c"}},
	{[]string{"cidr", "ip", "clusterIP", "podCIDR"}, []string{"10.0.0.0/33", "010.0.0.1", "::1", "1.2.3", "None", "10.0.0.1/8", `""`, "127.0.0.1"}},
	{[]string{"name", "namespace", "key", "serviceName", "secretName", "claimName", "generateName", "host", "subdomain", "hostname", "kind", "apiGroup"},
		[]string{"Bad_Name", "-a", "a.", "a..b", "a b", `""`, strings.Repeat("x", 64), strings.Repeat("x", 254), "a/b", "*", "..", "A", "1a", "a.b"}},
	{[]string{"path", "mountPath", "subPath", "devicePath", "workingDir"},
		[]string{`""`, "..", "../a", "/a/../b", "a:b", "relative", "/", "//"}},
}

func invalid(m *mutator, _ *yaml.Node, p place) string {
	n := p.node()
	if n.Kind != yaml.ScalarNode {
		return ""
	}
	var values []string
	for _, w := range wrong {
		if slices.Contains(w.names, p.name()) {
			values = w.values
			break
		}
	}
	switch n.ShortTag() {
	case "!!int":
		values = append(slices.Clone(values), "-1", "0", "1", "2147483647", "100")
	case "!!str":
		values = append(slices.Clone(values), "Bogus", `""`, strings.ToLower(n.Value)+"-other", strings.Repeat("y", 300))
	case "!!bool":
		values = append(slices.Clone(values), "true", "false")
	}
	if len(values) == 0 {
		return ""
	}
	value := pick(m, values)
	to := plain(value)
	if strings.HasPrefix(value, `"`) {
		to = quoted(strings.Trim(value, `"`))
	} else if to.ShortTag() != n.ShortTag() && n.ShortTag() == "!!str" {
		to = quoted(value)
	}
	p.parent.Content[p.at] = to
	return "made " + describe(to)
}

// label changes labels and what selects them.
func label(m *mutator, _ *yaml.Node, p place) string {
	if !slices.Contains([]string{"labels", "matchLabels", "selector", "matchExpressions", "values", "nodeSelector", "annotations"}, p.name()) {
		return ""
	}
	switch n := p.node(); {
	case n.Kind == yaml.MappingNode:
		key := pick(m, []string{"added", "app", "kubernetes.io/x", "a/b/c", "Upper", "-bad", strings.Repeat("k", 64), "example.com/" + strings.Repeat("k", 63)})
		if has(n, key) {
			return ""
		}
		n.Content = append(n.Content, plain(key), plain(pick(m, []string{"v", "a b", "''", strings.Repeat("v", 64), "x_y.z"})))
		return "got " + key
	case n.Kind == yaml.SequenceNode:
		n.Content = append(n.Content, plain(pick(m, []string{"other", "a b"})))
		return "got an item"
	}
	return ""
}

func duplicate(m *mutator, _ *yaml.Node, p place) string {
	if p.inMapping() {
		return ""
	}
	p.parent.Content = append(slices.Clone(p.parent.Content), clone(p.node()))
	return "repeated"
}

// graft puts a field into a mapping that another document has in one of the
// same name.
func graft(m *mutator, _ *yaml.Node, p place) string {
	n := p.node()
	candidates := m.pool[p.name()]
	if n.Kind != yaml.MappingNode || len(candidates) == 0 {
		return ""
	}
	e := pick(m, candidates)
	if has(n, e.key.Value) {
		return ""
	}
	n.Content = append(n.Content, clone(e.key), clone(e.value))
	return "got " + e.key.Value
}
