package wire

import (
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/op"
)

// xmlWriter writes values as XML along their plans, by appending.
type xmlWriter struct {
	b      []byte
	format op.TimeFormat // of timestamps whose member does not say
}

// open starts an element, with a default namespace when one is given.
func (x *xmlWriter) open(tag, namespace string) {
	x.b = append(x.b, '<')
	x.b = append(x.b, tag...)
	if namespace != "" {
		x.attribute("xmlns", namespace)
	}
	x.b = append(x.b, '>')
}

func (x *xmlWriter) attribute(name, value string) {
	x.b = append(x.b, ' ')
	x.b = append(x.b, name...)
	x.b = append(x.b, '=', '"')
	x.b = appendXMLText(x.b, value)
	x.b = append(x.b, '"')
}

// shut ends an element.
func (x *xmlWriter) shut(tag string) {
	x.b = append(x.b, '<', '/')
	x.b = append(x.b, tag...)
	x.b = append(x.b, '>')
}

func (x *xmlWriter) leaf(tag, text string) {
	x.open(tag, "")
	x.b = appendXMLText(x.b, text)
	x.shut(tag)
}

// members writes the members of a structure that are present, attributes
// apart. With bodyOnly, those that travel elsewhere are left out.
func (x *xmlWriter) members(p *plan, v reflect.Value, bodyOnly bool) error {
	for i := range p.fields {
		f := &p.fields[i]
		if f.Attribute || bodyOnly && !f.inOutputBody() {
			continue
		}
		if err := x.member(f, v); err != nil {
			return err
		}
	}
	return nil
}

func (x *xmlWriter) member(f *field, v reflect.Value) error {
	fv, err := fieldValue(f, v)
	if err != nil || !f.present(fv) {
		return err
	}
	if f.ptr {
		fv = fv.Elem()
	}
	if f.flat && (f.plan.shape.Kind == op.List || f.plan.shape.Kind == op.Map) {
		return x.items(f.plan, f.wireName(), f.Namespace, fv)
	}
	return x.element(f.plan, f.wireName(), f.Namespace, f.Time, fv)
}

// element writes one value inside its tag.
func (x *xmlWriter) element(p *plan, tag, namespace string, format op.TimeFormat, v reflect.Value) error {
	var err error
	switch p.shape.Kind {
	case op.Structure, op.Union:
		x.openWithAttributes(p, tag, namespace, v)
		err = x.members(p, v, false)
	case op.List:
		x.open(tag, namespace)
		err = x.items(p, elemTag(p.shape), "", v)
	case op.Map:
		x.open(tag, namespace)
		err = x.items(p, "entry", "", v)
	default:
		x.open(tag, namespace)
		x.scalar(p.shape.Kind, format, v)
	}
	x.shut(tag)
	return err
}

// openWithAttributes starts a structure's element with the members that are
// attributes of it.
func (x *xmlWriter) openWithAttributes(p *plan, tag, namespace string, v reflect.Value) {
	x.open(tag, namespace)
	x.b = x.b[:len(x.b)-1]
	for i := range p.fields {
		f := &p.fields[i]
		fv := v.Field(f.Field)
		if !f.Attribute || !f.present(fv) {
			continue
		}
		text := appendText(nil, f.plan.shape.Kind, x.timeFormat(f.Time), reflect.Indirect(fv))
		x.attribute(f.wireName(), string(text))
	}
	x.b = append(x.b, '>')
}

func (x *xmlWriter) timeFormat(own op.TimeFormat) op.TimeFormat {
	if own == op.TimeDefault {
		return x.format
	}
	return own
}

// items writes the elements of a list or the entries of a map, one tag each.
func (x *xmlWriter) items(p *plan, tag, namespace string, v reflect.Value) error {
	if p.shape.Kind == op.Map {
		return x.entries(p, tag, namespace, v)
	}
	for i := range v.Len() {
		if err := x.item(p.elem, tag, namespace, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (x *xmlWriter) entries(p *plan, tag, namespace string, v reflect.Value) error {
	for _, key := range sortedKeys(v) {
		x.open(tag, namespace)
		x.leaf(keyTag(p.shape), key.String())
		if err := x.item(p.elem, valTag(p.shape), "", v.MapIndex(key)); err != nil {
			return err
		}
		x.shut(tag)
	}
	return nil
}

// item writes an element of a list or the value of an entry; a null is an
// empty element.
func (x *xmlWriter) item(s slot, tag, namespace string, v reflect.Value) error {
	if s.ptr {
		if v.IsNil() {
			x.leaf(tag, "")
			return nil
		}
		v = v.Elem()
	}
	return x.element(s.plan, tag, namespace, op.TimeDefault, v)
}

func (x *xmlWriter) scalar(k op.Kind, format op.TimeFormat, v reflect.Value) {
	switch k {
	case op.String, op.Enum:
		x.b = appendXMLText(x.b, v.String())
	default:
		x.b = appendText(x.b, k, x.timeFormat(format), v)
	}
}

// errorResponse writes the error body of query and REST-XML services.
func (x *xmlWriter) errorResponse(m *op.Model, e op.Error, requestID string) error {
	x.open("ErrorResponse", m.XMLNamespace)
	x.open("Error", "")
	err := x.errorMembers(m, e)
	x.shut("Error")
	x.leaf("RequestId", requestID)
	x.shut("ErrorResponse")
	return err
}

func (x *xmlWriter) errorMembers(m *op.Model, e op.Error) error {
	x.leaf("Type", blame(e))
	x.leaf("Code", orDefault(queryCode(m, e), e.ErrorCode()))
	return x.errorDetail(m, e)
}

// errorDetail writes the message, always as Message, and the other members of
// a modelled error.
func (x *xmlWriter) errorDetail(m *op.Model, e op.Error) error {
	if e.ErrorMessage() != "" {
		x.leaf("Message", e.ErrorMessage())
	}
	p, v := modelledError(m, e)
	if p == nil {
		return nil
	}
	for i := range p.fields {
		f := &p.fields[i]
		if !f.inOutputBody() || strings.EqualFold(f.Name, "message") {
			continue
		}
		if err := x.member(f, v); err != nil {
			return err
		}
	}
	return nil
}

// fieldValue is a member's value in protocols other than JSON: ready bytes
// are read back first.
func fieldValue(f *field, v reflect.Value) (reflect.Value, error) {
	fv := v.Field(f.Field)
	raw := rawOf(f, v)
	if !raw.IsValid() {
		return fv, nil
	}
	r := newJSONReader(appendRawValue(nil, raw))
	defer r.release()
	r.budget = 1 << 62
	fresh := reflect.New(fv.Type()).Elem()
	err := r.slot(f.slot, fresh)
	return fresh, err
}

// appendXMLText escapes text for content and attributes. What XML cannot hold
// (most control characters, broken UTF-8) becomes U+FFFD.
func appendXMLText(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < utf8.RuneSelf && c != '&' && c != '<' && c != '>' && c != '"' {
			b = append(b, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		b = appendXMLRune(b, r, s[i:i+n])
		i += n
	}
	return b
}

func appendXMLRune(b []byte, r rune, raw string) []byte {
	switch {
	case r == '&':
		return append(b, "&amp;"...)
	case r == '<':
		return append(b, "&lt;"...)
	case r == '>':
		return append(b, "&gt;"...)
	case r == '"':
		return append(b, "&quot;"...)
	case r == '\n':
		return append(b, "&#xA;"...)
	case r == '\r':
		return append(b, "&#xD;"...)
	case r == '\t':
		return append(b, "&#x9;"...)
	case r == '\u0085' || r == '\u2028':
		return append(append(append(b, "&#x"...), strings.ToUpper(strconv.FormatInt(int64(r), 16))...), ';')
	case r < ' ' || r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError && len(raw) == 1:
		return append(b, "\uFFFD"...)
	}
	return append(b, raw...)
}
