package wire

import (
	"bytes"
	"net/http"
	"reflect"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/bindery-project/bindery/internal/op"
)

// awsJSON is the codec of AWS JSON 1.0 and 1.1: one JSON object each way,
// members under their model names.
type awsJSON struct {
	contentType []string // shared by all answers, never changed
}

// Decode implements [Codec]. An empty body is an empty object.
func (awsJSON) Decode(m *op.Model, o *op.Operation, r *Request) (any, error) {
	return decodeJSONBody(m, o, r.Body, false)
}

// decodeJSONBody reads a body that is nothing but an object into a new input.
func decodeJSONBody(m *op.Model, o *op.Operation, body []byte, byWire bool) (any, error) {
	p, in, err := newInput(m, o)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	r := newJSONReader(body)
	defer r.release()
	r.byWire, r.folding = byWire, true
	if err := r.body(p, in); err != nil {
		return nil, err
	}
	if p == nil {
		return nil, nil
	}
	return r.decoded(p, in)
}

// body reads the whole input. Without a plan it must still be an object.
func (r *jsonReader) body(p *plan, in reflect.Value) error {
	if k := r.dec.PeekKind(); k != '{' && k != 0 {
		return serialization(notAnObject)
	}
	read := r.skip
	if p != nil {
		read = func() error { return r.structure(p, in) }
	}
	if err := read(); err != nil {
		return err
	}
	return r.end()
}

// newInput returns the plan of an operation's input and a new value to fill.
// Both are empty for an operation that takes nothing.
func newInput(m *op.Model, o *op.Operation) (*plan, reflect.Value, error) {
	if o.Input == op.NoShape || o.NewInput == nil {
		return nil, reflect.Value{}, nil
	}
	in := reflect.ValueOf(o.NewInput()).Elem()
	p, err := planFor(m, o.Input, in.Type())
	return p, in, err
}

// outputOf returns the plan and value of an operation's output; a nil plan
// when there is nothing to write.
func outputOf(m *op.Model, o *op.Operation, out any) (*plan, reflect.Value, error) {
	v := reflect.ValueOf(out)
	if o.Output == op.NoShape || !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, reflect.Value{}, nil
	}
	v = reflect.Indirect(v)
	p, err := planFor(m, o.Output, v.Type())
	return p, v, err
}

// EncodeOutput implements [Codec].
func (c awsJSON) EncodeOutput(w *Response, m *op.Model, o *op.Operation, out any) error {
	p, v, err := outputOf(m, o, out)
	if err != nil {
		return err
	}
	w.begin(http.StatusOK, c.contentType)
	if p == nil {
		w.Body = append(w.Body, "{}"...)
		return nil
	}
	w.Body, err = jsonWriter{}.structure(w.Body, p, v)
	return err
}

// EncodeError implements [Codec].
func (c awsJSON) EncodeError(w *Response, m *op.Model, e op.Error, requestID string) error {
	w.RequestID = requestID
	w.begin(errorStatus(e), c.contentType)
	w.queryError(m, e)
	b, err := appendJSONError(w.Body, m, e, jsonWriter{}, true)
	w.Body = b
	return err
}

// begin sets what every answer has. Header values are shared: a caller that
// changes a header replaces it.
func (w *Response) begin(status int, contentType []string) {
	w.Status = status
	if w.Header == nil {
		w.Header = make(http.Header, 4)
	}
	if contentType != nil {
		w.Header["Content-Type"] = contentType
	}
	if w.RequestID != "" {
		w.Header["X-Amzn-Requestid"] = []string{w.RequestID}
	}
}

// appendJSONError writes {"__type": code, members…}. An error that the model
// lists is written with all its members and under the names it gives them;
// others have a message only.
func appendJSONError(b []byte, m *op.Model, e op.Error, w jsonWriter, typed bool) ([]byte, error) {
	b = append(b, '{')
	if typed {
		b = append(b, `"__type":`...)
		b, _ = jsontext.AppendQuote(b, e.ErrorCode())
	}
	p, v := modelledError(m, e)
	if v.IsValid() {
		var err error
		if b, err = w.members(b, p, v, true); err != nil {
			return b, err
		}
		return append(b, '}'), nil
	}
	if len(b) > 0 && b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, messageName(errorShape(m, e.ErrorCode()))...)
	b = append(b, `":`...)
	// A message with bytes that are no UTF-8 is still a message.
	b, _ = jsontext.AppendQuote(b, e.ErrorMessage())
	return append(b, '}'), nil
}
