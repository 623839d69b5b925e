package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/kubeknot/kubeknot/analyzer"
)

// The measures of a picture, in pixels. A box holds boxColumns characters of
// its font in a line.
const (
	boxWidth, boxHeight = 192, 52
	gapX, gapY          = 62, 14
	margin, headHeight  = 6, 26
	boxColumns          = 24
	// maxBoxes is how many objects are drawn at most.
	maxBoxes = 60
)

// columns are the roles from left to right, with the names over them.
var columns = [...]struct {
	role  analyzer.Role
	title string
}{
	{analyzer.Entrance, "way in"}, {analyzer.Selects, "select pods"}, {analyzer.Pods, "pods"},
	{analyzer.Owner, "owners"}, {analyzer.Place, "nodes"}, {analyzer.Around, "needed, scaling"},
}

// picture is the ties of a unit, laid out.
type picture struct {
	Width, Height int
	Heads         []head
	Boxes         []box
	Lines         []line
	// Left is how many objects are not drawn.
	Left int
}

type head struct {
	X     int
	Title string
}

// box is an object. Href leads to its loudest finding, "" if there is none.
type box struct {
	X, Y               int
	Width, Height      int
	Class, Href        string
	Kind, Name, Detail string // cut to fit
	Full               string // all of it, for a tooltip
}

// line is a tie. MarkX and MarkY are where it is marked. Href and Severity are those
// of its loudest finding, "" if there is none.
type line struct {
	Path, Href, Full string
	MarkX, MarkY     int
	Severity         analyzer.Severity
}

// drawing lays out the ties of a unit.
type drawing struct {
	analyzer.UnitTies
	findings []analyzer.Finding
	near     [][]int // the neighbours of each object
	chosen   []bool
	column   []int // of each object; of a column that nobody is in there is none
	y        []int
}

// draw returns the picture of a unit, nil if nothing in it is tied.
func draw(u analyzer.UnitTies, findings []analyzer.Finding) *picture {
	if len(u.Ties) == 0 {
		return nil
	}
	d := &drawing{UnitTies: u, findings: findings, near: make([][]int, len(u.Objects)), y: make([]int, len(u.Objects))}
	for _, t := range u.Ties {
		d.near[t.From] = append(d.near[t.From], t.To)
		d.near[t.To] = append(d.near[t.To], t.From)
	}
	p := &picture{Left: d.choose()}
	p.Heads = d.columns()
	height := headHeight
	for _, group := range d.groups() {
		height = d.stack(group, height)
	}
	p.Height = height + margin
	p.Width = 2*margin + len(p.Heads)*(boxWidth+gapX) - gapX
	for i, o := range d.Objects {
		if d.chosen[i] {
			p.Boxes = append(p.Boxes, d.box(i, o))
		}
	}
	for _, t := range d.Ties {
		if d.chosen[t.From] && d.chosen[t.To] {
			p.Lines = append(p.Lines, d.line(t))
		}
	}
	slices.SortStableFunc(p.Lines, func(a, b line) int { return cmp.Compare(loudness(a), loudness(b)) }) // the loudest on top
	return p
}

// choose picks what is drawn and returns how much is not: of too many objects
// those that are closest to a finding, tied ones first.
func (d *drawing) choose() (left int) {
	d.chosen = make([]bool, len(d.Objects))
	distance := d.distances()
	order := make([]int, len(d.Objects))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(distance[a], distance[b]) })
	for n, i := range order {
		untied := len(d.near[i]) == 0 && len(d.Objects[i].Findings) == 0
		d.chosen[i] = n < maxBoxes && (!untied || len(order) <= maxBoxes)
		if !d.chosen[i] {
			left++
		}
	}
	return left
}

// distances returns how many ties lie between each object and a finding.
func (d *drawing) distances() []int {
	far := len(d.Objects)
	distance := make([]int, far)
	var queue []int
	for i, o := range d.Objects {
		distance[i] = far
		if len(d.near[i]) == 0 {
			distance[i]++
		}
		if len(o.Findings) > 0 {
			distance[i] = 0
			queue = append(queue, i)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, n := range d.near[queue[0]] {
			if next := distance[queue[0]] + 1; next < distance[n] {
				distance[n] = next
				queue = append(queue, n)
			}
		}
	}
	return distance
}

// columns gives each object its column and returns those that are needed.
func (d *drawing) columns() []head {
	d.column = make([]int, len(d.Objects))
	var heads []head
	for _, c := range columns {
		used := false
		for i, o := range d.Objects {
			if o.Role == c.role {
				d.column[i] = len(heads)
				used = used || d.chosen[i]
			}
		}
		if used {
			heads = append(heads, head{margin + len(heads)*(boxWidth+gapX), c.title})
		}
	}
	return heads
}

// groups returns the objects that are tied together, directly or not, those
// with findings first.
func (d *drawing) groups() [][]int {
	seen := make([]bool, len(d.Objects))
	var groups [][]int
	for i := range d.Objects {
		if seen[i] || !d.chosen[i] {
			continue
		}
		seen[i] = true
		group := []int{i}
		for at := 0; at < len(group); at++ {
			for _, n := range d.near[group[at]] {
				if d.chosen[n] && !seen[n] {
					seen[n] = true
					group = append(group, n)
				}
			}
		}
		groups = append(groups, group)
	}
	sound := func(group []int) int {
		if slices.ContainsFunc(group, func(i int) bool { return len(d.Objects[i].Findings) > 0 }) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(groups, func(a, b []int) int { return cmp.Compare(sound(a), sound(b)) })
	return groups
}

// stack places a group below top and returns where it ends. Each column is
// ordered by the middle of what its objects are tied to, twice, so that few
// lines cross.
func (d *drawing) stack(group []int, top int) (bottom int) {
	stacks := make([][]int, len(columns))
	tallest := 0
	for _, i := range group {
		stacks[d.column[i]] = append(stacks[d.column[i]], i)
		tallest = max(tallest, len(stacks[d.column[i]]))
	}
	step := boxHeight + gapY
	for range 3 {
		for _, s := range stacks {
			middle := map[int]int{}
			for _, i := range s {
				for _, n := range d.near[i] {
					middle[i] += d.y[n] * 100 / len(d.near[i])
				}
			}
			slices.SortStableFunc(s, func(a, b int) int { return cmp.Compare(middle[a], middle[b]) })
			for k, i := range s {
				d.y[i] = top + (tallest-len(s))*step/2 + k*step
			}
		}
	}
	return top + tallest*step
}

func (d *drawing) box(i int, o analyzer.TiedObject) box {
	b := box{X: margin + d.column[i]*(boxWidth+gapX), Y: d.y[i], Width: boxWidth, Height: boxHeight, Class: "box", Kind: cut(o.Kind), Name: cut(o.Name), Detail: cut(o.Detail)}
	b.Full = flat(strings.TrimSpace(o.Kind + " " + o.Name))
	if o.Detail != "" {
		b.Full += ": " + flat(o.Detail)
	}
	switch {
	case o.Missing:
		b.Class += " missing"
	case o.Elsewhere:
		b.Class += " elsewhere"
	}
	if f := d.loudest(o.Findings); f >= 0 {
		b.Href, b.Class = "#"+anchor(f), b.Class+" "+string(severity(&d.findings[f]))
		b.Full += "\n" + flat(d.findings[f].Message)
	}
	return b
}

// line leads from the side of one box to the side of the other. It bends, and
// has its mark, between the first two columns, where no box hides it.
func (d *drawing) line(t analyzer.Tie) line {
	from, to := d.column[t.From], d.column[t.To]
	x1, x2, half := margin+from*(boxWidth+gapX)+boxWidth, margin+to*(boxWidth+gapX), gapX/2
	if from > to {
		x1, x2, half = x1-boxWidth, x2+boxWidth, -half
	}
	y1, y2, middle := d.y[t.From]+boxHeight/2, d.y[t.To]+boxHeight/2, x1+half
	l := line{Path: fmt.Sprintf("M%d %dC%d %d %d %d %d %dH%d", x1, y1, middle, y1, middle, y2, middle+half, y2, x2),
		Full: flat(name(d.Objects[t.From]) + " " + t.What + " → " + name(d.Objects[t.To])), MarkX: middle, MarkY: (y1 + y2) / 2}
	if f := d.loudest(t.Findings); f >= 0 {
		l.Href, l.Severity = "#"+anchor(f), severity(&d.findings[f])
		l.Full += "\n" + flat(d.findings[f].Message)
	}
	return l
}

// loudness orders lines: what holds, then by severity.
func loudness(l line) int {
	if i := slices.Index(levels, l.Severity); i >= 0 {
		return len(levels) - i
	}
	return 0
}

func name(o analyzer.TiedObject) string { return strings.TrimSpace(o.Kind + " " + o.Name) }

// loudest returns the loudest of some findings, -1 for none.
func (d *drawing) loudest(findings []int) int {
	best := -1
	for _, f := range findings {
		if best < 0 || !severity(&d.findings[best]).AtLeast(severity(&d.findings[f])) {
			best = f
		}
	}
	return best
}

// cut shortens a text to the width of a box.
func cut(s string) string { return displaywidth.TruncateString(flat(s), boxColumns, "…") }

// anchor is the id of a finding on the page.
func anchor(index int) string { return fmt.Sprintf("f%d", index+1) }
