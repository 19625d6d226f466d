package wire

import (
	"bytes"
	"reflect"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/op"
)

// restJSON is the codec of AWS REST-JSON: members in path, query, headers and
// a JSON body under their wire names.
type restJSON struct{}

// Decode implements [Codec].
func (restJSON) Decode(m *op.Model, o *op.Operation, r *Request) (any, error) {
	return decodeRest(m, o, r, notation{payload: (*binder).jsonPayload, body: (*binder).jsonBody})
}

// jsonBody reads the members that are in the body; an empty body has none.
func (b *binder) jsonBody(p *plan, in reflect.Value) error {
	if len(bytes.TrimSpace(b.r.Body)) == 0 {
		return nil
	}
	r := b.jsonReader(b.r.Body)
	defer r.release()
	r.top = p
	if k := r.dec.PeekKind(); k != '{' && k != 0 {
		return serialization(notAnObject)
	}
	if err := r.members(p, in, &b.seen); err != nil {
		return err
	}
	b.missing = append(b.missing, r.missing...)
	return r.end()
}

// jsonPayload reads a body that is one member of structure or document kind.
func (b *binder) jsonPayload(f *field, v reflect.Value) error {
	r := b.jsonReader(b.r.Body)
	defer r.release()
	if err := r.slot(f.slot, v); err != nil {
		return err
	}
	r.prefix(0, f.label)
	b.missing = append(b.missing, r.missing...)
	return r.end()
}

func (b *binder) jsonReader(body []byte) *jsonReader {
	r := newJSONReader(body)
	r.byWire, r.folding = true, true
	return r
}

func payloadText(body []byte) (string, error) {
	if !utf8.Valid(body) {
		return "", serialization("The body is not valid UTF-8")
	}
	return string(body), nil
}

// EncodeOutput implements [Codec].
func (restJSON) EncodeOutput(w *Response, m *op.Model, o *op.Operation, out any) error {
	p, v, err := outputOf(m, o, out)
	if err != nil {
		return err
	}
	w.begin(successStatus(o), nil)
	switch {
	case p == nil:
		w.contentType("application/json")
		w.Body = append(w.Body, "{}"...)
		return nil
	case p.payload >= 0:
		w.writeBound(p, v)
		return w.jsonPayload(p, v)
	}
	w.writeBound(p, v)
	w.contentType("application/json")
	return w.jsonObject(p, v)
}

// jsonObject writes the body members of a structure.
func (w *Response) jsonObject(p *plan, v reflect.Value) error {
	b, err := jsonWriter{byWire: true}.members(append(w.Body, '{'), p, v, true)
	w.Body = append(b, '}')
	return err
}

func (w *Response) jsonPayload(p *plan, v reflect.Value) error {
	f, fv, err := payloadValue(p, v)
	if err != nil || !fv.IsValid() || w.writePayload(f, fv) {
		return err
	}
	w.contentType("application/json")
	w.Body, err = jsonWriter{byWire: true}.value(w.Body, f.plan, fv)
	return err
}

// EncodeError implements [Codec]: the code is a header, the body holds the
// message and the error's other members.
func (restJSON) EncodeError(w *Response, m *op.Model, e op.Error, requestID string) error {
	w.RequestID = requestID
	w.begin(errorStatus(e), []string{"application/json"})
	w.Header.Set("X-Amzn-Errortype", e.ErrorCode())
	if p, v := modelledError(m, e); p != nil {
		w.writeBound(p, v)
	}
	b, err := appendJSONError(w.Body, m, e, jsonWriter{byWire: true}, false)
	w.Body = b
	return err
}
