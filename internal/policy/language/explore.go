package language

import (
	"encoding/binary"
	"slices"
	"unicode"
)

// Reader is a pattern with the reading that is asked of it.
type Reader struct {
	Pattern   *Pattern
	Certainty Certainty
}

// Class is one way in which the readers treat strings, with a shortest string treated so.
type Class struct {
	Text    []rune
	Accepts []bool // by reader
}

// MaxStates bounds a walk.
const MaxStates = 60_000

// Budget bounds the work of several walks together, in places looked at, which take some
// nanoseconds each: a hostile document must not keep a server busy.
type Budget struct{ left int }

// NewBudget returns a budget of n places.
func NewBudget(n int) *Budget { return &Budget{left: n} }

// Spend takes n from the budget and reports whether it was there.
func (b *Budget) Spend(n int) bool {
	b.left -= n
	return b.left >= 0
}

// Explore answers every class of the strings that all of within accept, as the readers treat
// them. complete is false when the walk was given up because the patterns overlap in too many
// ways; what was found until then is answered.
func Explore(b *Budget, within, readers []Reader) (classes []Class, complete bool) {
	w := newWalk(within, readers)
	seen := map[string]bool{}
	kept := map[string]bool{}
	queue := []step{{sets: w.start()}}
	seen[queue[0].sets.key()] = true
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if accepts, ok := w.verdict(at.sets); ok {
			if key := bits(accepts); !kept[key] {
				kept[key] = true
				classes = append(classes, Class{Text: at.text(), Accepts: accepts})
			}
		}
		for _, letter := range w.alphabet {
			if !b.Spend(at.sets.size()) {
				return classes, false
			}
			next := w.advance(at.sets, letter)
			if next == nil {
				continue
			}
			key := next.key()
			if seen[key] {
				continue
			}
			if len(seen) >= MaxStates {
				return classes, false
			}
			seen[key] = true
			queue = append(queue, step{sets: next, letter: letter, before: &at})
		}
	}
	return classes, true
}

// step is a state with the way to it.
type step struct {
	sets   sets
	letter rune
	before *step
}

func (s *step) text() []rune {
	var out []rune
	for ; s.before != nil; s = s.before {
		out = append(out, s.letter)
	}
	slices.Reverse(out)
	return out
}

// sets are the places that each reader may stand at, one list per reader, ascending.
type sets [][]uint16

// size is what a step from here costs.
func (s sets) size() int {
	n := len(s)
	for _, set := range s {
		n += len(set)
	}
	return n
}

func (s sets) key() string {
	var b []byte
	for _, set := range s {
		b = binary.AppendUvarint(b, uint64(len(set)))
		for _, at := range set {
			b = binary.AppendUvarint(b, uint64(at))
		}
	}
	return string(b)
}

func bits(accepts []bool) string {
	b := make([]byte, len(accepts))
	for i, yes := range accepts {
		if yes {
			b[i] = 1
		}
	}
	return string(b)
}

// walk is the product of the readers; the first `within` of them must stay alive.
type walk struct {
	readers  []Reader
	within   int
	alphabet []rune
}

func newWalk(within, readers []Reader) *walk {
	w := &walk{readers: append(slices.Clone(within), readers...), within: len(within)}
	letters := map[rune]bool{}
	for _, r := range w.readers {
		r.Pattern.letters(letters)
	}
	for letter := range letters {
		w.alphabet = append(w.alphabet, letter)
	}
	slices.Sort(w.alphabet)
	w.alphabet = append([]rune{unnamed(letters)}, w.alphabet...)
	return w
}

// unnamed is a letter that no pattern names, one that reads well when there is one.
func unnamed(named map[rune]bool) rune {
	for _, r := range "xyzqwvkjabcdefghilmnoprstu0123456789-_" {
		if !named[r] && !named[unicode.ToUpper(r)] {
			return r
		}
	}
	r := rune(0x4E00)
	for named[r] {
		r++
	}
	return r
}

func (w *walk) start() sets {
	out := make(sets, len(w.readers))
	for i, r := range w.readers {
		out[i] = r.closure(nil, 0)
	}
	return out
}

// closure adds a place and those reached from it without a letter, behind stars.
func (r Reader) closure(set []uint16, at int) []uint16 {
	for {
		if i, found := slices.BinarySearch(set, uint16(at)); !found {
			set = slices.Insert(set, i, uint16(at))
		}
		if at == len(r.Pattern.symbols) || !r.runs(r.Pattern.symbols[at]) {
			return set
		}
		at++
	}
}

// runs: a star takes any run of letters, and so may a variable.
func (r Reader) runs(s symbol) bool {
	return s.kind == star || (s.kind == variable && r.Certainty == Perhaps)
}

// advance reads one letter; nil when nobody of within can.
func (w *walk) advance(from sets, letter rune) sets {
	out := make(sets, len(w.readers))
	for i, r := range w.readers {
		out[i] = r.read(from[i], letter)
		if i < w.within && len(out[i]) == 0 {
			return nil
		}
	}
	return out
}

func (r Reader) read(from []uint16, letter rune) []uint16 {
	if len(from) == 0 {
		return nil
	}
	if letter >= firstVariable && r.Certainty == Perhaps { // the text behind it may lead anywhere
		var out []uint16
		for at := int(from[0]); at <= len(r.Pattern.symbols); at++ {
			out = append(out, uint16(at))
		}
		return out
	}
	var out []uint16
	for _, at := range from {
		if int(at) == len(r.Pattern.symbols) {
			continue
		}
		s := r.Pattern.symbols[at]
		switch {
		case r.runs(s):
			if s.takes(letter) || s.kind == variable {
				out = r.closure(out, int(at))
			}
		case s.kind == one:
			if s.takes(letter) && letter < firstVariable { // the variable's text may have another length
				out = r.closure(out, int(at)+1)
			}
		case s.letter == letter || (r.Pattern.fold && s.kind == literal && sameLetter(s.letter, letter)):
			out = r.closure(out, int(at)+1)
		}
	}
	return out
}

// takes: within a segment of an ARN a wildcard takes no colon, nor a text that may hold one.
func (s symbol) takes(letter rune) bool {
	return !s.noColon || (letter != ':' && letter < firstVariable)
}

func sameLetter(a, b rune) bool {
	for r := unicode.SimpleFold(a); r != a; r = unicode.SimpleFold(r) {
		if r == b {
			return true
		}
	}
	return false
}

// verdict tells who accepts when the string ends here; ok is false when one of within does not.
func (w *walk) verdict(at sets) (accepts []bool, ok bool) {
	for i, r := range w.readers {
		set := at[i]
		accepted := len(set) > 0 && int(set[len(set)-1]) == len(r.Pattern.symbols)
		if i < w.within && !accepted {
			return nil, false
		}
		if i >= w.within {
			accepts = append(accepts, accepted)
		}
	}
	return accepts, true
}

// Covered reports whether every string of p is surely one of the others. It answers false when
// that could not be found out.
func Covered(b *Budget, p *Pattern, others []*Pattern) bool {
	readers := make([]Reader, len(others))
	for i, o := range others {
		readers[i] = Reader{Pattern: o}
	}
	classes, complete := Explore(b, []Reader{{Pattern: p}}, readers)
	if !complete {
		return false
	}
	for _, c := range classes {
		if !slices.Contains(c.Accepts, true) {
			return false
		}
	}
	return true
}
