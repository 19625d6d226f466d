package wire

import (
	"fmt"
	"reflect"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/op"
)

// maxEcho bounds, in bytes, how much of a refused value is repeated.
const maxEcho = 512

// redacted stands for a sensitive value inside a larger one.
const redacted = "***Sensitive Data Redacted***"

// echo renders a value as AWS repeats it in constraint texts: lists as
// [a, b], maps as {k=v}, structures as Name(member=value).
func echo(p *plan, v reflect.Value) string {
	e := echoer{}
	e.value(p, v)
	if len(e.out) <= maxEcho {
		return string(e.out)
	}
	cut := maxEcho
	for cut > 0 && !utf8.RuneStart(e.out[cut]) {
		cut--
	}
	return string(e.out[:cut]) + "..."
}

// echoer stops building once it has more than will be shown.
type echoer struct{ out []byte }

func (e *echoer) full() bool { return len(e.out) > maxEcho }

func (e *echoer) text(s string) {
	if room := maxEcho + 4 - len(e.out); len(s) > room {
		s = s[:max(room, 0)]
	}
	e.out = append(e.out, s...)
}

func (e *echoer) value(p *plan, v reflect.Value) {
	switch {
	case e.full():
	case p.shape.Sensitive:
		e.text(redacted)
	case p.shape.Kind == op.Structure || p.shape.Kind == op.Union:
		e.structure(p, v)
	case p.shape.Kind == op.List:
		e.list(p, v)
	case p.shape.Kind == op.Map:
		e.mapping(p, v)
	case p.shape.Kind == op.Blob:
		// A Java buffer prints its state, not its bytes; so do AWS's services.
		e.text(fmt.Sprintf("java.nio.HeapByteBuffer[pos=0 lim=%d cap=%[1]d]", v.Len()))
	case p.shape.Kind == op.Document:
		e.text(string(v.Bytes()))
	case p.shape.Kind == op.String || p.shape.Kind == op.Enum:
		e.text(v.String())
	default:
		e.text(string(appendText(nil, p.shape.Kind, op.TimeDefault, v)))
	}
}

func (e *echoer) slot(s slot, v reflect.Value) {
	if s.ptr {
		if v.IsNil() {
			e.text("null")
			return
		}
		v = v.Elem()
	}
	e.value(s.plan, v)
}

func (e *echoer) list(p *plan, v reflect.Value) {
	e.text("[")
	for i := 0; i < v.Len() && !e.full(); i++ {
		if i > 0 {
			e.text(", ")
		}
		e.slot(p.elem, v.Index(i))
	}
	e.text("]")
}

func (e *echoer) mapping(p *plan, v reflect.Value) {
	e.text("{")
	for i, key := range sortedKeys(v) {
		if i > 0 {
			e.text(", ")
		}
		if e.full() {
			break
		}
		e.value(p.key, key)
		e.text("=")
		e.slot(p.elem, v.MapIndex(key))
	}
	e.text("}")
}

func (e *echoer) structure(p *plan, v reflect.Value) {
	e.text(p.shape.Name + "(")
	first := true
	for i := range p.fields {
		f := &p.fields[i]
		fv := v.Field(f.Field)
		if !f.present(fv) || e.full() {
			continue
		}
		if !first {
			e.text(", ")
		}
		first = false
		e.text(f.label + "=")
		e.slot(f.slot, fv)
	}
	e.text(")")
}
