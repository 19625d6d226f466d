package wire

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/bindery-project/bindery/internal/op"
)

// jsonReader reads JSON into values along their plans. It is pooled: the
// tokenizer's buffers are worth keeping.
type jsonReader struct {
	limits
	dec     *jsontext.Decoder
	src     bytes.Buffer
	byWire  bool  // member names are wire names (REST-JSON) instead of model names
	folding bool  // fold the members that are marked so
	top     *plan // REST: the shape whose members outside the body are no names here
	scratch []byte
}

var jsonReaders = sync.Pool{New: func() any {
	r := &jsonReader{}
	r.dec = jsontext.NewDecoder(&r.src)
	return r
}}

func newJSONReader(data []byte) *jsonReader {
	r := jsonReaders.Get().(*jsonReader)
	r.src = *bytes.NewBuffer(data)
	r.dec.Reset(&r.src)
	r.limits = limits{budget: MaxMemory}
	r.byWire, r.folding, r.top = false, false, nil
	return r
}

// release gives the reader back, without holding on to the caller's bytes.
func (r *jsonReader) release() {
	r.src = bytes.Buffer{}
	r.missing = nil
	jsonReaders.Put(r)
}

// end makes sure that nothing follows the value.
func (r *jsonReader) end() error {
	if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return serialization(malformed)
	}
	return nil
}

// value reads the next value into v, whose type is the plan's.
func (r *jsonReader) value(p *plan, v reflect.Value) error {
	switch p.shape.Kind {
	case op.Structure:
		return r.structure(p, v)
	case op.Union:
		return r.union(p, v)
	case op.List:
		return r.list(p, v)
	case op.Map:
		return r.mapping(p, v)
	case op.Document:
		return r.document(v)
	default:
		return r.scalar(p.shape.Kind, op.TimeDefault, v)
	}
}

func (r *jsonReader) slot(s slot, v reflect.Value) error {
	if s.ptr {
		if err := r.charge(s.plan.typ); err != nil {
			return err
		}
	}
	return r.value(s.plan, s.newValue(v))
}

// open enters an object or list, or says why the value is none.
func (r *jsonReader) open(want jsontext.Kind) error {
	switch kind := r.dec.PeekKind(); {
	case kind == want:
		if _, err := r.dec.ReadToken(); err != nil {
			return jsonFault(err)
		}
		return r.enter()
	case kind == '{':
		return serialization(foundObject)
	case kind == '[':
		return serialization(foundList)
	case kind == 0:
		_, err := r.dec.ReadToken()
		return jsonFault(err)
	case want == '[':
		return serialization(wantList)
	}
	return serialization(wantNull)
}

// shut leaves an object or list whose end is the next token.
func (r *jsonReader) shut() error {
	r.leave()
	_, err := r.dec.ReadToken()
	return jsonFaultOrNil(err)
}

func jsonFaultOrNil(err error) error {
	if err == nil {
		return nil
	}
	return jsonFault(err)
}

func (r *jsonReader) structure(p *plan, v reflect.Value) error {
	var seen fieldSet
	if err := r.members(p, v, &seen); err != nil {
		return err
	}
	return r.finish(p, v, &seen)
}

func (r *jsonReader) union(p *plan, v reflect.Value) error {
	var seen fieldSet
	if err := r.members(p, v, &seen); err != nil {
		return err
	}
	if seen.len() != 1 {
		return serialization(oneOfUnion)
	}
	return nil
}

// members reads an object's members into the fields that the plan knows.
func (r *jsonReader) members(p *plan, v reflect.Value, seen *fieldSet) error {
	if err := r.open('{'); err != nil {
		return err
	}
	for n := 0; r.dec.PeekKind() != '}'; n++ {
		if n == MaxMembers {
			return errMemory
		}
		i, err := r.memberName(p)
		if err != nil {
			return err
		}
		if i < 0 || r.dec.PeekKind() == 'n' {
			err = r.skip()
		} else {
			seen.add(i)
			err = r.field(&p.fields[i], v)
		}
		if err != nil {
			return err
		}
	}
	return r.shut()
}

// field reads one member's value and folds it when it is a catalog name.
func (r *jsonReader) field(f *field, v reflect.Value) error {
	fv := v.Field(f.Field)
	mark := len(r.missing)
	var err error
	if f.plan.shape.Kind == op.Timestamp {
		err = r.scalar(op.Timestamp, f.Time, f.newValue(fv))
	} else {
		err = r.slot(f.slot, fv)
	}
	r.prefix(mark, f.label)
	if err == nil && f.Fold && r.folding {
		foldField(f, fv)
	}
	return err
}

// memberName reads a name and returns the index of its field, -1 for a name
// that the model does not know.
func (r *jsonReader) memberName(p *plan) (int, error) {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return 0, jsonFault(err)
	}
	name, err := r.unquote(raw)
	if err != nil {
		return 0, err
	}
	names := p.byName
	if r.byWire {
		names = p.byWire
	}
	i, ok := names[string(name)]
	if !ok || p == r.top && p.fields[i].Location != op.InBody {
		return -1, nil
	}
	return i, nil
}

// unquote returns the text of a JSON string. The bytes are valid until the
// next read.
func (r *jsonReader) unquote(raw []byte) ([]byte, error) {
	if text := raw[1 : len(raw)-1]; bytes.IndexByte(text, '\\') < 0 {
		return text, nil
	}
	var err error
	r.scratch, err = jsontext.AppendUnquote(r.scratch[:0], raw)
	return r.scratch, jsonFaultOrNil(err)
}

// skip passes over a value without building it.
func (r *jsonReader) skip() error {
	if k := r.dec.PeekKind(); k != '{' && k != '[' {
		_, err := r.dec.ReadValue()
		return jsonFaultOrNil(err)
	}
	var members [MaxDepth + 1]int
	for depth := 0; ; {
		token, err := r.dec.ReadToken()
		if err != nil {
			return jsonFault(err)
		}
		switch token.Kind() {
		case '{', '[':
			depth++
			if r.depth+depth > MaxDepth {
				return errDepth
			}
			members[depth] = 0
		case '}', ']':
			depth--
		}
		// An object's names are held until its end, so their number counts.
		members[depth]++
		r.skipped++
		if members[depth] > 2*MaxMembers || r.skipped > maxSkipped {
			return errMemory
		}
		if depth == 0 {
			return nil
		}
	}
}

func (r *jsonReader) list(p *plan, v reflect.Value) error {
	if err := r.open('['); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(p.typ, 0, 0))
	for n := 0; r.dec.PeekKind() != ']'; n++ {
		if err := r.grow(v); err != nil {
			return err
		}
		if err := r.element(p, v.Index(n), n); err != nil {
			return err
		}
	}
	return r.shut()
}

func (r *jsonReader) element(p *plan, v reflect.Value, n int) error {
	if r.dec.PeekKind() == 'n' {
		if !p.shape.Sparse || !p.elem.ptr {
			r.miss(elementLabel(n))
		}
		return r.skip()
	}
	mark := len(r.missing)
	err := r.slot(p.elem, v)
	if len(r.missing) > mark {
		r.prefix(mark, elementLabel(n))
	}
	return err
}

func (r *jsonReader) mapping(p *plan, v reflect.Value) error {
	if err := r.open('{'); err != nil {
		return err
	}
	v.Set(reflect.MakeMap(p.typ))
	for n := 0; r.dec.PeekKind() != '}'; n++ {
		if n == MaxMembers {
			return errMemory
		}
		if err := r.entry(p, v); err != nil {
			return err
		}
	}
	return r.shut()
}

// entry reads one map entry. A null value is no entry, unless the map keeps
// nulls.
func (r *jsonReader) entry(p *plan, v reflect.Value) error {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return jsonFault(err)
	}
	text, err := r.unquote(raw)
	if err != nil {
		return err
	}
	key := string(text)
	if r.dec.PeekKind() == 'n' {
		if p.shape.Sparse && p.elem.ptr {
			v.SetMapIndex(reflect.ValueOf(key).Convert(p.typ.Key()), reflect.Zero(p.typ.Elem()))
		}
		return r.skip()
	}
	if err := r.chargeEntry(p.typ); err != nil {
		return err
	}
	if plain, ok := v.Addr().Interface().(*map[string]string); ok {
		(*plain)[key], err = r.text(p.elem.plan.shape.Kind)
		return err
	}
	return r.mapValue(p, v, key)
}

func (r *jsonReader) mapValue(p *plan, v reflect.Value, key string) error {
	value := reflect.New(p.typ.Elem()).Elem()
	mark := len(r.missing)
	err := r.slot(p.elem, value)
	r.prefix(mark, key+".member")
	v.SetMapIndex(reflect.ValueOf(key).Convert(p.typ.Key()), value)
	return err
}

func (r *jsonReader) document(v reflect.Value) error {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return jsonFault(err)
	}
	if jsonDepth(raw) > MaxDepth {
		return errDepth
	}
	v.SetBytes(bytes.Clone(raw))
	return nil
}

// jsonDepth returns how deep valid JSON nests.
func jsonDepth(raw []byte) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}
