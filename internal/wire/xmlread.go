package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
)

// xmlReader reads XML into values along their plans, token by token. Document
// types, and with them entities, are refused.
type xmlReader struct {
	limits
	dec *xml.Decoder
	top *plan // the shape whose members outside the body are no names here
}

func newXMLReader(body []byte) *xmlReader {
	return &xmlReader{limits: limits{budget: MaxMemory}, dec: xml.NewDecoder(bytes.NewReader(body))}
}

// token returns the next start, end or text.
func (r *xmlReader) token() (xml.Token, error) {
	for {
		t, err := r.dec.Token()
		if err != nil {
			return nil, serialization(malformedXML)
		}
		switch t.(type) {
		case xml.StartElement, xml.EndElement, xml.CharData:
			return t, nil
		case xml.Directive:
			return nil, serialization(malformedXML)
		}
	}
}

// root reads up to the document's element.
func (r *xmlReader) root() (xml.StartElement, error) {
	for {
		t, err := r.token()
		if err != nil {
			return xml.StartElement{}, err
		}
		if start, ok := t.(xml.StartElement); ok {
			return start, nil
		}
	}
}

// end makes sure that nothing but space follows the root.
func (r *xmlReader) end() error {
	for {
		t, err := r.dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		text, ok := t.(xml.CharData)
		if err != nil || ok && len(bytes.TrimSpace(text)) > 0 {
			return serialization(malformedXML)
		}
		if _, ok := t.(xml.StartElement); ok {
			return serialization(malformedXML)
		}
	}
}

// children calls f for every child element; f must read it to its end.
func (r *xmlReader) children(f func(start xml.StartElement) error) error {
	if err := r.enter(); err != nil {
		return err
	}
	defer r.leave()
	for {
		t, err := r.token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := f(t); err != nil {
				return err
			}
		}
	}
}

// skip reads an unknown element to its end.
func (r *xmlReader) skip() error {
	for depth := 1; depth > 0; {
		t, err := r.token()
		if err != nil {
			return err
		}
		switch t.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
		if r.skipped++; r.depth+depth > MaxDepth || r.skipped > maxSkipped {
			return errDepth
		}
	}
	return nil
}

// text reads the character data of an element without children.
func (r *xmlReader) text() (string, error) {
	var b strings.Builder
	for {
		t, err := r.token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			return b.String(), nil
		default:
			return "", serialization(foundObject)
		}
	}
}

func (r *xmlReader) slot(s slot, start xml.StartElement, v reflect.Value, format op.TimeFormat) error {
	if s.ptr {
		if err := r.charge(s.plan.typ); err != nil {
			return err
		}
	}
	return r.value(s.plan, start, s.newValue(v), format)
}

func (r *xmlReader) value(p *plan, start xml.StartElement, v reflect.Value, format op.TimeFormat) error {
	switch p.shape.Kind {
	case op.Structure, op.Union:
		return r.structure(p, start, v)
	case op.List:
		v.Set(reflect.MakeSlice(p.typ, 0, 0))
		return r.wrapped(elemTag(p.shape), func(start xml.StartElement) error { return r.appendItem(p, start, v) })
	case op.Map:
		v.Set(reflect.MakeMap(p.typ))
		return r.wrapped("entry", func(xml.StartElement) error { return r.entry(p, v) })
	default:
		return r.scalar(p.shape.Kind, format, v)
	}
}

// wrapped reads the elements of one name; others are passed over.
func (r *xmlReader) wrapped(tag string, item func(xml.StartElement) error) error {
	return r.children(func(start xml.StartElement) error {
		if start.Name.Local != tag {
			return r.skip()
		}
		return item(start)
	})
}

func (r *xmlReader) scalar(k op.Kind, format op.TimeFormat, v reflect.Value) error {
	text, err := r.text()
	if err != nil {
		return err
	}
	if k != op.String && k != op.Enum {
		text = strings.TrimSpace(text)
	}
	return xmlText(k, format, text, v)
}

func xmlText(k op.Kind, format op.TimeFormat, text string, v reflect.Value) error {
	if format == op.TimeDefault {
		format = op.TimeDateTime
	}
	if err := parseText(k, format, text, v); err != nil {
		return cannot("STRING_VALUE", k)
	}
	return nil
}

func (r *xmlReader) structure(p *plan, start xml.StartElement, v reflect.Value) error {
	var seen fieldSet
	if err := r.members(p, start, v, &seen); err != nil {
		return err
	}
	if p.shape.Kind == op.Union && seen.len() != 1 {
		return serialization(oneOfUnion)
	}
	return r.finish(p, v, &seen)
}

// members reads a structure's attributes and children into their fields.
func (r *xmlReader) members(p *plan, start xml.StartElement, v reflect.Value, seen *fieldSet) error {
	if err := attributes(p, start, v, seen); err != nil {
		return err
	}
	return r.children(func(start xml.StartElement) error {
		i, ok := p.byWire[start.Name.Local]
		if !ok || p.fields[i].Attribute || p == r.top && p.fields[i].Location != op.InBody {
			return r.skip()
		}
		return r.member(&p.fields[i], i, start, v, seen)
	})
}

func attributes(p *plan, start xml.StartElement, v reflect.Value, seen *fieldSet) error {
	if len(start.Attr) == 0 {
		return nil
	}
	for i := range p.fields {
		f := &p.fields[i]
		if !f.Attribute {
			continue
		}
		// "xsi:type" is matched by its local part: prefixes are the sender's.
		local := f.wireName()[strings.LastIndexByte(f.wireName(), ':')+1:]
		for _, a := range start.Attr {
			if a.Name.Local != local {
				continue
			}
			seen.add(i)
			if err := xmlText(f.plan.shape.Kind, f.Time, a.Value, f.newValue(v.Field(f.Field))); err != nil {
				return err
			}
		}
	}
	return nil
}

// member reads a child. Only flattened lists and maps may come repeatedly.
func (r *xmlReader) member(f *field, i int, start xml.StartElement, v reflect.Value, seen *fieldSet) error {
	fv := v.Field(f.Field)
	flatList := f.flat && f.plan.shape.Kind == op.List
	flatMap := f.flat && f.plan.shape.Kind == op.Map
	if seen.has(i) && !flatList && !flatMap {
		return serialization("An element is given more than once: " + f.wireName())
	}
	first := !seen.has(i)
	seen.add(i)
	mark := len(r.missing)
	var err error
	switch {
	case flatList:
		if first {
			fv.Set(reflect.MakeSlice(f.plan.typ, 0, 0))
		}
		err = r.appendItem(f.plan, start, fv)
	case flatMap:
		if first {
			fv.Set(reflect.MakeMap(f.plan.typ))
		}
		err = r.entry(f.plan, fv)
	default:
		err = r.slot(f.slot, start, fv, f.Time)
	}
	r.prefix(mark, f.label)
	if err == nil && f.Fold {
		foldField(f, fv)
	}
	return err
}

func (r *xmlReader) appendItem(p *plan, start xml.StartElement, v reflect.Value) error {
	n := v.Len()
	if err := r.grow(v); err != nil {
		return err
	}
	mark := len(r.missing)
	err := r.slot(p.elem, start, v.Index(n), op.TimeDefault)
	if len(r.missing) > mark {
		r.prefix(mark, elementLabel(n))
	}
	return err
}

// entry reads one map entry: a key element and a value element.
func (r *xmlReader) entry(p *plan, v reflect.Value) error {
	if err := r.chargeEntry(p.typ); err != nil {
		return err
	}
	key := reflect.New(p.typ.Key()).Elem()
	value := reflect.New(p.typ.Elem()).Elem()
	haveKey := false
	mark := len(r.missing)
	err := r.children(func(start xml.StartElement) error {
		switch start.Name.Local {
		case keyTag(p.shape):
			haveKey = true
			return r.scalar(op.String, op.TimeDefault, key)
		case valTag(p.shape):
			return r.slot(p.elem, start, value, op.TimeDefault)
		}
		return r.skip()
	})
	if err != nil {
		return err
	}
	if !haveKey || v.MapIndex(key).IsValid() {
		return serialization("A map entry needs one key that no other entry has")
	}
	r.prefix(mark, key.String()+".member")
	v.SetMapIndex(key, value)
	return nil
}
