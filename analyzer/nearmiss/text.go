package nearmiss

import (
	"slices"
	"strings"
	"unicode/utf8"

	edlib "github.com/hbollon/go-edlib"
	"k8s.io/apimachinery/pkg/util/sets"
)

// Likeness says how one name resembles another one, from the weakest to the
// strongest.
type Likeness int

const (
	// Unlike names have nothing in common that tells something.
	Unlike Likeness = iota
	// Kindred names share a word.
	Kindred
	// Part: one name is a part of the other.
	Part
	// Reworded names consist of the same words: in another order, in the plural,
	// joined in another way, or with a word for the kind of the object.
	Reworded
	// Changed: one letter is another one, in names of the same length. Both may
	// well be names of their own.
	Changed
	// Slip: letters are swapped, missing or doubled, or the names differ in case or
	// in what separates their words alone.
	Slip
)

// Compare returns how alike two different names are. Numbers alone make names of
// their own: web-1 and web-2 are Unlike.
func Compare(a, b string) Likeness {
	switch {
	case a == b || a == "" || b == "":
		return Unlike
	case unseparated(a) == unseparated(b), sameNumbers(a, b):
		return Slip
	case bare(a) == bare(b):
		return Unlike
	}
	if l := misspelled(a, b); l != Unlike {
		return l
	}
	switch {
	case reworded(a, b):
		return Reworded
	case partOf(a, b):
		return Part
	case shareWord(a, b):
		return Kindred
	}
	return Unlike
}

// IsSlip reports whether one name is a misspelling of the other: at least Changed.
func IsSlip(a, b string) bool { return Compare(a, b) >= Changed }

// Distance counts the letters that are added, missing, changed or swapped with
// their neighbor between two texts: the optimal string alignment.
func Distance(a, b string) int { return edlib.OSADamerauLevenshteinDistance(a, b) }

// misspelled compares names of the same words, one of which is misspelled, and
// others letter by letter.
func misspelled(a, b string) Likeness {
	as, bs := words(a), words(b)
	switch {
	case len(as) == len(bs):
	case hasInOrder(as, bs), hasInOrder(bs, as):
		return Unlike // a word more is no slip: "grant" and "no-grant"
	default:
		return spelled(a, b)
	}
	worst := Unlike
	for i := range as {
		if as[i] == bs[i] {
			continue
		}
		l := spelled(as[i], bs[i])
		switch {
		case l != Unlike || len(as) == 1:
		case sameBeginning(as[i], bs[i]):
			l = Changed
		case letterMissing(as[i], bs[i]) && min(len(a), len(b)) >= 6:
			l = Slip
		case min(len(as[i]), len(bs[i])) == 1 && min(len(a), len(b)) >= 10 && letterMissing("-"+as[i], "-"+bs[i]):
			l = Changed // "todo-d-env" may be a name of its own
		}
		if l == Unlike || worst != Unlike && Distance(a, b) > allowed(a, b) {
			return Unlike // another word
		}
		if worst == Unlike || l < worst {
			worst = l
		}
	}
	if worst == Unlike {
		return spelled(a, b)
	}
	return worst
}

// hasInOrder reports whether all words are among others, in their order.
func hasInOrder(all, some []string) bool {
	for _, word := range all {
		if len(some) > 0 && some[0] == word {
			some = some[1:]
		}
	}
	return len(some) == 0
}

// sameBeginning reports whether two words of a longer name begin alike and differ
// by two letters: redis-cash and redis-cache.
func sameBeginning(a, b string) bool {
	return min(len(a), len(b)) >= 4 && a[:2] == b[:2] && a[len(a)-1:] != "s" && Distance(a, b) <= 2 && bare(a) != bare(b)
}

// letterMissing reports whether a short word of a longer name has one letter more
// than another one: todo-web and todo-we.
func letterMissing(a, b string) bool {
	return len(a) != len(b) && min(len(a), len(b)) >= 2 && Distance(a, b) == 1 && bare(a) != bare(b) && !distinct[[2]string{a, b}] && !distinct[[2]string{b, a}]
}

// spelled compares two words letter by letter.
func spelled(a, b string) Likeness {
	if distinct[[2]string{a, b}] || distinct[[2]string{b, a}] || bare(a) == bare(b) {
		return Unlike
	}
	d := Distance(a, b)
	short := min(utf8.RuneCountInString(a), utf8.RuneCountInString(b))
	switch {
	case d == 0:
		return Unlike
	case d == 1 && short >= 2 && len(a) == len(b) && letters(a) == letters(b):
		return Slip // two neighbors are swapped
	case d == 1 && short == 3 && doubled(a, b):
		return Slip
	case d > allowed(a, b):
		return Unlike
	case len(a) == len(b) && letters(a) != letters(b):
		return Changed
	}
	return Slip
}

// distinct are words of infrastructure that differ by a letter or two and are
// no misspellings of each other.
var distinct = map[[2]string]bool{
	{"http", "https"}: true, {"east", "west"}: true, {"read", "lead"}: true, {"main", "mail"}: true,
	{"test", "rest"}: true, {"host", "hosts"}: true, {"grpc", "rpc"}: true, {"ipv", "ip"}: true,
}

// allowed is how many letters of two texts may differ.
func allowed(a, b string) int {
	switch n := min(utf8.RuneCountInString(a), utf8.RuneCountInString(b)); {
	case n < 4:
		return 0
	case n < 7:
		return 1
	case n < 14:
		return 2
	}
	return 3
}

// doubled reports whether the longer word repeats a letter of the shorter one.
func doubled(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a) != len(b)+1 {
		return false
	}
	for i := 1; i < len(a); i++ {
		if a[i] == a[i-1] && a[:i]+a[i+1:] == b {
			return true
		}
	}
	return false
}

// letters returns the letters of a text in alphabetical order.
func letters(s string) string {
	b := []byte(s)
	slices.Sort(b)
	return string(b)
}

// bare returns a name without its digits, and without what separates words.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_' {
			return -1
		}
		return r
	}, s)
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '.' || r == '_' })
}

// sameNumbers reports whether two texts differ in the zeros before their numbers
// alone: pvc-001 and pvc-0001.
func sameNumbers(a, b string) bool { return bare(a) != "" && trimZeros(a) == trimZeros(b) }

// trimZeros removes the zeros that stand before other digits.
func trimZeros(s string) string {
	var b strings.Builder
	number := false
	for i, r := range s {
		digit := r >= '0' && r <= '9'
		next := i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9'
		if r == '0' && !number && next {
			continue
		}
		number = digit
		b.WriteRune(r)
	}
	return b.String()
}

// kindWords are the words by which names say of what kind an object is.
var kindWords = sets.New(
	"deploy", "deployment", "statefulset", "sts",
	"svc", "service",
	"cm", "config", "configmap", "conf", "cfg",
	"secret", "secrets", "creds", "credentials",
	"pvc", "pv", "claim", "volume", "vol",
	"app", "sa", "account", "serviceaccount", "role", "clusterrole", "binding", "rolebinding",
)

// reworded reports whether two names have the same words, see Reworded.
func reworded(a, b string) bool {
	one, other := stems(a), stems(b)
	if len(one) == 0 || len(other) == 0 {
		return false
	}
	slices.Sort(one)
	slices.Sort(other)
	return slices.Equal(one, other)
}

func unseparated(s string) string { return strings.Join(words(strings.ToLower(s)), "") }

// stems returns the words of a name in the singular, without those for its kind.
func stems(name string) []string {
	var all []string
	for _, word := range words(strings.ToLower(name)) {
		if kindWords.Has(word) {
			continue
		}
		switch {
		case len(word) > 4 && strings.HasSuffix(word, "ies"):
			word = strings.TrimSuffix(word, "ies") + "y"
		case len(word) > 3 && strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") && word != "https":
			word = strings.TrimSuffix(word, "s")
		}
		all = append(all, word)
	}
	return all
}

// partOf reports whether one name consists of some words of the other that
// follow each other, or begins or ends it and is at least half of it.
func partOf(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 3 {
		return false
	}
	if len(a) >= 4 && 2*len(a) >= len(b) && (strings.HasPrefix(b, a) || strings.HasSuffix(b, a)) {
		return true
	}
	short, long := words(a), words(b)
	if 2*len(short) < len(long) {
		return false
	}
	for i := range long {
		if i+len(short) <= len(long) && slices.Equal(long[i:i+len(short)], short) {
			return true
		}
	}
	return false
}

// shareWord reports whether two names have a word of three letters in common.
func shareWord(a, b string) bool {
	other := words(b)
	return slices.ContainsFunc(words(a), func(word string) bool {
		return len(bare(word)) >= 3 && !kindWords.Has(word) && slices.Contains(other, word)
	})
}

// hasWords reports whether a name has all words of another one that has three or
// more, perhaps among others and in another order.
func hasWords(name, of string) bool {
	wanted, there := words(of), words(name)
	return len(wanted) >= 3 && !slices.ContainsFunc(wanted, func(word string) bool { return !slices.Contains(there, word) })
}

// Mark returns two names with the part in brackets in which they differ.
func Mark(a, b string) (string, string) {
	start := 0
	for start < min(len(a), len(b)) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < min(len(a), len(b))-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	mark := func(s string) string {
		if start == len(s)-end {
			return s
		}
		return s[:start] + "[" + s[start:len(s)-end] + "]" + s[len(s)-end:]
	}
	return mark(a), mark(b)
}

// Closest returns the candidate that a mistyped name may have meant, "" if none
// is close: at most a third of its letters may differ, and never more than
// three.
func Closest(name string, candidates []string) string {
	best, limit := "", min(3, max(1, len(name)/3))+1
	for _, c := range candidates {
		if d := Distance(name, c); d < limit {
			best, limit = c, d
		}
	}
	return best
}

// Nearest returns the best of a few candidates and whether it is the one that a
// name probably means: the most alike one, of which there is but one. Where there
// is one candidate alone, a single letter decides in words of any length.
func Nearest(name string, candidates []string) (best string, ok bool) {
	like, alike := Part, 0
	for _, c := range candidates {
		switch l := Compare(name, c); {
		case l > like:
			best, like, alike = c, l, 1
		case l == like:
			best, alike = c, alike+1
		}
	}
	if alike == 0 && len(candidates) == 1 && Distance(name, candidates[0]) == 1 && bare(name) != bare(candidates[0]) {
		return candidates[0], true
	}
	return best, alike == 1
}

// IsPart reports whether one name is a part of the other.
func IsPart(a, b string) bool { return a != b && bare(a) != bare(b) && partOf(a, b) }
