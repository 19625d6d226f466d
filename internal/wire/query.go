package wire

import (
	"errors"
	"net/http"

	"github.com/bindery-project/bindery/internal/op"
)

// query is the codec of the AWS query protocol: a form in, XML out.
type query struct{}

var xmlContentType = []string{"text/xml"}

// Decode implements [Codec]. The parameters are the form body or, when there
// is none, the query string; names of other things than members (Action,
// Version, signature parameters) are passed over.
func (query) Decode(m *op.Model, o *op.Operation, r *Request) (any, error) {
	p, in, err := newInput(m, o)
	if err != nil {
		return nil, err
	}
	form := string(r.Body)
	if form == "" && r.URL != nil {
		form = r.URL.RawQuery
	}
	pairs, err := parseForm(form)
	if err != nil || p == nil {
		return nil, err
	}
	reader := formReader{limits{budget: MaxMemory}}
	if err := reader.structure(p, branch{pairs: pairs}, in); err != nil {
		return nil, queryFault(err)
	}
	value, err := reader.decoded(p, in)
	return value, queryFault(err)
}

// queryFault gives shared refusals the codes that query services use.
func queryFault(err error) error {
	var f *op.Fault
	if !errors.As(err, &f) {
		return err
	}
	switch f.Code {
	case "ValidationException":
		return &op.Fault{Code: "ValidationError", Message: f.Message}
	case "SerializationException":
		return malformedInput(f.Message)
	}
	return err
}

// EncodeOutput implements [Codec]:
// <XResponse xmlns><XResult>members</XResult><ResponseMetadata>….
func (query) EncodeOutput(w *Response, m *op.Model, o *op.Operation, out any) error {
	p, v, err := outputOf(m, o, out)
	if err != nil {
		return err
	}
	w.begin(http.StatusOK, xmlContentType)
	x := xmlWriter{b: w.Body, format: op.TimeDateTime}
	x.open(o.Name+"Response", m.XMLNamespace)
	if result := resultTag(o); p != nil && result != "" {
		x.open(result, "")
		err = x.members(p, v, false)
		x.shut(result)
	}
	x.open("ResponseMetadata", "")
	x.leaf("RequestId", w.RequestID)
	x.shut("ResponseMetadata")
	x.shut(o.Name + "Response")
	w.Body = x.b
	return err
}

// resultTag is the element around an output's members.
func resultTag(o *op.Operation) string {
	if o.Wrapper != "" || o.Output == op.NoShape {
		return o.Wrapper
	}
	return o.Name + "Result"
}

// EncodeError implements [Codec].
func (query) EncodeError(w *Response, m *op.Model, e op.Error, requestID string) error {
	w.RequestID = requestID
	w.begin(errorStatus(e), xmlContentType)
	x := xmlWriter{b: w.Body, format: op.TimeDateTime}
	err := x.errorResponse(m, e, requestID)
	w.Body = x.b
	return err
}
