package wire

import (
	"fmt"
	"reflect"
	"strconv"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/op"
)

// plan is a shape joined with the Go type that carries it. Plans are compiled
// once per type, refer to each other as the shapes do, and never change.
type plan struct {
	model *op.Model
	id    op.ShapeID
	shape *op.Shape
	typ   reflect.Type // the value itself, never a pointer

	fields   []field        // Structure and Union
	byName   map[string]int // field index by model name
	byWire   map[string]int // field index by wire name
	required []int          // required fields whose Go type cannot say "absent"
	defaults []int          // fields of plain type with a model default
	payload  int            // the field that is the whole HTTP body, -1 for none
	bound    []int          // fields that travel outside the body

	elem slot  // List: element; Map: value
	key  *plan // Map: key

	checked bool // a constraint lies here or below
}

// slot is the place of a value inside a list or map: T or *T.
type slot struct {
	plan *plan
	ptr  bool
}

// field is a member with all that reading and writing it needs.
type field struct {
	*op.Member
	slot
	plain bool   // the Go type is a bare scalar: always present
	label string // name in paths of constraint texts
	name  []byte // `"Name":`
	wire  []byte // `"WireName":`
	flat  bool   // XML and query: no wrapping element
	raw   int    // index of the field with ready bytes, -1 for none
}

// plans caches compiled plans: reflect.Type -> []*plan, one for each model and
// shape that the type carries (nearly always one).
var plans sync.Map

// compiling serialises compilation; readers do not take it.
var compiling sync.Mutex

// planFor returns the plan of a shape carried by a Go type. An error means
// that descriptors and type do not fit: a fault of the build, not of a caller.
func planFor(m *op.Model, id op.ShapeID, t reflect.Type) (*plan, error) {
	if p := cachedPlan(m, id, t); p != nil {
		return p, nil
	}
	compiling.Lock()
	defer compiling.Unlock()
	c := compiler{model: m, fresh: map[planKey]*plan{}}
	p, err := c.compile(id, t)
	if err != nil {
		return nil, fmt.Errorf("wire: %s: %w", m.ID, err)
	}
	c.markChecked()
	c.publish()
	return p, nil
}

func cachedPlan(m *op.Model, id op.ShapeID, t reflect.Type) *plan {
	known, ok := plans.Load(t)
	if !ok {
		return nil
	}
	for _, p := range known.([]*plan) {
		if p.model == m && p.id == id {
			return p
		}
	}
	return nil
}

type planKey struct {
	id op.ShapeID
	t  reflect.Type
}

// compiler builds the plans that one call adds to the cache.
type compiler struct {
	model *op.Model
	fresh map[planKey]*plan
}

func (c *compiler) compile(id op.ShapeID, t reflect.Type) (*plan, error) {
	if p := cachedPlan(c.model, id, t); p != nil {
		return p, nil
	}
	if p := c.fresh[planKey{id, t}]; p != nil {
		return p, nil // being compiled further up: recursive shapes
	}
	shape := c.model.Shape(id)
	if !fits(shape.Kind, t) {
		return nil, fmt.Errorf("shape %s does not fit Go type %s", shape.Name, t)
	}
	p := &plan{model: c.model, id: id, shape: shape, typ: t, payload: -1}
	c.fresh[planKey{id, t}] = p
	return p, c.fill(p)
}

func (c *compiler) fill(p *plan) error {
	switch p.shape.Kind {
	case op.Structure, op.Union:
		return c.fillFields(p)
	case op.Map:
		key, err := c.compile(p.shape.Key, p.typ.Key())
		if err != nil {
			return err
		}
		p.key = key
		return c.fillSlot(&p.elem, p.shape.Elem, p.typ.Elem())
	case op.List:
		return c.fillSlot(&p.elem, p.shape.Elem, p.typ.Elem())
	}
	return nil
}

func (c *compiler) fillFields(p *plan) error {
	members := p.shape.Members
	p.fields = make([]field, len(members))
	p.byName = make(map[string]int, len(members))
	p.byWire = make(map[string]int, len(members))
	for i := range members {
		m := &members[i]
		if m.Field < 0 || m.Field >= p.typ.NumField() {
			return fmt.Errorf("member %s$%s has no field %d in %s", p.shape.Name, m.Name, m.Field, p.typ)
		}
		f := &p.fields[i]
		f.Member = m
		if err := c.fillSlot(&f.slot, m.Shape, p.typ.Field(m.Field).Type); err != nil {
			return fmt.Errorf("%s$%s: %w", p.shape.Name, m.Name, err)
		}
		f.describe()
		f.raw = rawField(m, p.typ)
		p.index(i)
	}
	return nil
}

// rawField returns where the ready bytes of a member lie, -1 for nowhere.
func rawField(m *op.Member, t reflect.Type) int {
	if m.RawField <= 0 || m.RawField >= t.NumField() {
		return -1
	}
	switch t.Field(m.RawField).Type {
	case reflect.TypeFor[op.Raw](), reflect.TypeFor[[]op.Raw]():
		return m.RawField
	}
	return -1
}

// index enters field i in the plan's look-up tables.
func (p *plan) index(i int) {
	f := &p.fields[i]
	p.byName[f.Name] = i
	p.byWire[f.wireName()] = i
	switch f.Location {
	case op.InBody:
	case op.InPayload:
		p.payload = i
	default:
		p.bound = append(p.bound, i)
	}
	if f.plain && f.Required {
		p.required = append(p.required, i)
	}
	if f.plain && f.Default != "" && f.Default != "null" {
		p.defaults = append(p.defaults, i)
	}
}

// describe fills what follows from the member alone.
func (f *field) describe() {
	f.plain = !f.ptr && isScalar(f.plan.shape.Kind)
	f.label = decapitalize(f.Name)
	f.name = strconv.AppendQuote(nil, f.Name)
	f.name = append(f.name, ':')
	f.wire = strconv.AppendQuote(nil, f.wireName())
	f.wire = append(f.wire, ':')
	f.flat = f.Flattened || f.plan.shape.Flattened
}

func (f *field) wireName() string {
	if f.Wire != "" {
		return f.Wire
	}
	return f.Name
}

func (c *compiler) fillSlot(s *slot, id op.ShapeID, t reflect.Type) error {
	if t.Kind() == reflect.Pointer {
		s.ptr = true
		t = t.Elem()
	}
	var err error
	s.plan, err = c.compile(id, t)
	return err
}

// fits reports whether a Go type can carry a kind.
func fits(k op.Kind, t reflect.Type) bool {
	switch k {
	case op.Structure, op.Union:
		return t.Kind() == reflect.Struct
	case op.List:
		return t.Kind() == reflect.Slice
	case op.Map:
		return t.Kind() == reflect.Map && t.Key().Kind() == reflect.String
	case op.String, op.Enum:
		return t.Kind() == reflect.String
	case op.Blob, op.Document:
		return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
	case op.Boolean:
		return t.Kind() == reflect.Bool
	case op.Integer:
		return t.Kind() == reflect.Int32
	case op.Long, op.Timestamp:
		return t.Kind() == reflect.Int64
	case op.Float:
		return t.Kind() == reflect.Float32
	case op.Double:
		return t.Kind() == reflect.Float64
	}
	return false
}

// isScalar reports whether the Go form of a kind has no nil of its own.
func isScalar(k op.Kind) bool {
	switch k {
	case op.String, op.Enum, op.Boolean, op.Integer, op.Long, op.Float, op.Double, op.Timestamp:
		return true
	case op.Structure, op.Union, op.List, op.Map, op.Blob, op.Document:
		return false
	}
	return false
}

// markChecked finds which fresh plans hold constraints, here or below. Shapes
// may be recursive, so it repeats until nothing changes.
func (c *compiler) markChecked() {
	for changed := true; changed; {
		changed = false
		for _, p := range c.fresh {
			if !p.checked && p.constrained() {
				p.checked, changed = true, true
			}
		}
	}
}

func (p *plan) constrained() bool {
	if s := p.shape; s.HasMin || s.HasMax || s.Match != nil || len(s.Enum) > 0 {
		return true
	}
	for i := range p.fields {
		if f := &p.fields[i]; f.Required || f.plan.checked {
			return true
		}
	}
	return p.elem.plan != nil && p.elem.plan.checked || p.key != nil && p.key.checked
}

func (c *compiler) publish() {
	for _, p := range c.fresh {
		var known []*plan
		if v, ok := plans.Load(p.typ); ok {
			known = v.([]*plan)
		}
		plans.Store(p.typ, append(known[:len(known):len(known)], p))
	}
}

// present reports whether a field's value travels: everything but nil.
func (f *field) present(v reflect.Value) bool {
	return f.plain || f.plan.shape.Kind == op.Structure && !f.ptr || !v.IsNil()
}

// decapitalize writes a member name as constraint texts do: only the first
// letter is lowered ("KMSKeyId" becomes "kMSKeyId").
func decapitalize(name string) string {
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(r)) + name[n:]
}

// newValue returns the value to fill in a slot: the slot itself, or what a
// fresh pointer in it points to.
func (s slot) newValue(v reflect.Value) reflect.Value {
	if !s.ptr {
		return v
	}
	v.Set(reflect.New(s.plan.typ))
	return v.Elem()
}
