package wire

import (
	"reflect"
	"strconv"

	"github.com/bindery-project/bindery/internal/op"
)

// limits is the state that every reader keeps beside its input: how deep it
// is, what it may still build, and which required members it did not meet.
type limits struct {
	depth   int
	budget  int64
	skipped int
	missing []string // paths of absent members that Go values cannot show
}

func (l *limits) enter() error {
	if l.depth++; l.depth > MaxDepth {
		return errDepth
	}
	return nil
}

func (l *limits) leave() { l.depth-- }

// charge takes the size of a new value from the budget. Strings are not
// charged: they are no longer than the body.
func (l *limits) charge(t reflect.Type) error {
	if l.budget -= int64(t.Size()); l.budget < 0 {
		return errMemory
	}
	return nil
}

// grow makes room for one more element of a list. It doubles, and it charges
// all that it allocates, the arrays left behind too: those are what a bomb of
// empty elements costs.
func (l *limits) grow(v reflect.Value) error {
	n := v.Len()
	if n == v.Cap() {
		room := max(4, n)
		if l.budget -= int64(n+room) * int64(v.Type().Elem().Size()); l.budget < 0 {
			return errMemory
		}
		v.Grow(room)
	}
	v.SetLen(n + 1)
	return nil
}

// miss notes a member or element that is not there. Beyond what an error
// names, more of them change nothing.
func (l *limits) miss(label string) {
	if len(l.missing) < maxProblems {
		l.missing = append(l.missing, label)
	}
}

// entryOverhead is what a map spends on an entry beside key and value.
const entryOverhead = 32

func (l *limits) chargeEntry(t reflect.Type) error {
	l.budget -= entryOverhead
	if err := l.charge(t.Key()); err != nil {
		return err
	}
	return l.charge(t.Elem())
}

// prefix puts a step before the missing paths found since mark: paths grow as
// the reader unwinds, so that the usual case costs nothing.
func (l *limits) prefix(mark int, step string) {
	for i := mark; i < len(l.missing); i++ {
		l.missing[i] = step + "." + l.missing[i]
	}
}

// finish notes the required members that did not come and sets defaults of
// fields that cannot be nil.
func (l *limits) finish(p *plan, v reflect.Value, seen *fieldSet) error {
	for _, i := range p.required {
		if !seen.has(i) {
			l.miss(p.fields[i].label)
		}
	}
	for _, i := range p.defaults {
		if f := &p.fields[i]; !seen.has(i) && !f.Required {
			if err := setDefault(f, v.Field(f.Field)); err != nil {
				return err
			}
		}
	}
	return nil
}

// setDefault reads a member's default, which the model writes as JSON.
func setDefault(f *field, v reflect.Value) error {
	r := newJSONReader([]byte(f.Default))
	defer r.release()
	return r.scalar(f.plan.shape.Kind, f.Time, v)
}

// elementLabel is the step of the n-th list element (from 0) in a path.
func elementLabel(n int) string { return strconv.Itoa(n+1) + ".member" }

// fieldSet is a set of field indexes, without allocation for the first 256.
type fieldSet struct {
	bits  [4]uint64
	extra map[int]bool
	count int
}

func (s *fieldSet) add(i int) {
	if s.has(i) {
		return
	}
	s.count++
	if i < 256 {
		s.bits[i/64] |= 1 << (i % 64)
		return
	}
	if s.extra == nil {
		s.extra = map[int]bool{}
	}
	s.extra[i] = true
}

func (s *fieldSet) has(i int) bool {
	if i < 256 {
		return s.bits[i/64]&(1<<(i%64)) != 0
	}
	return s.extra[i]
}

func (s *fieldSet) len() int { return s.count }

// decoded turns what a reader built into what Decode returns: the input, or
// the error that names every broken constraint.
func (l *limits) decoded(p *plan, v reflect.Value) (any, error) {
	if problems := check(p, v, l.missing); len(problems) > 0 {
		return nil, op.Validation(problems)
	}
	return v.Addr().Interface(), nil
}
