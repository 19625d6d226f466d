// Package wire turns request bytes into the Go values of a model and values
// into answer bytes, for every protocol of the Smithy AWS family. It is driven
// by the descriptors of package op: no code is generated per operation, and no
// operation has code here.
//
// Start with [For], which returns a protocol's [Codec]. Behind the codecs lie
// three ideas, each in its own files:
//
//   - a plan (plan.go) is a shape joined with the Go type that carries it,
//     compiled once, so that a request costs field indexes instead of look-ups;
//   - readers and writers per notation (json*.go, xml*.go, form.go, cbor*.go,
//     text.go) walk a plan and a value side by side;
//   - the checker (check.go, echo.go) holds a value against the constraints of
//     its shapes and words what is broken as AWS does.
//
// What every codec promises: it never panics on any input; absent and null are
// the same; an empty list is not an absent one; members that the model does
// not know are skipped; a name given twice, bytes that are no UTF-8, nesting
// beyond [MaxDepth] and values that would cost more memory than [MaxMemory]
// are refused. Errors are [op.Error] values, ready to be encoded.
package wire

import (
	"net/http"
	"net/url"
	"reflect"
	"strconv"

	"github.com/bindery-project/bindery/internal/op"
)

// Limits on what a request may make the server build. A body's size is the
// gateway's to bound; these bound what small bodies can cost.
const (
	MaxDepth   = 100       // nested structures, lists and maps; models need about 30
	MaxMembers = 100_000   // names in one JSON object, parameters of one form
	MaxMemory  = 32 << 20  // bytes allocated for structures, list elements and map entries, strings apart
	maxSkipped = 1_000_000 // tokens inside members that the model does not know
)

// Request is what a codec needs to know of an HTTP request.
type Request struct {
	Method string
	URL    *url.URL
	Header http.Header
	Body   []byte
	Labels map[string]string // path labels of REST operations, unescaped; see [MatchPath]
}

// Response is an answer in the making. A codec appends the body to Body, so a
// caller may hand in a used buffer cut to length zero.
type Response struct {
	Status    int
	Header    http.Header // made by the codec when nil
	Body      []byte
	RequestID string // set by the caller before encoding; it is part of query answers
}

// Codec reads requests and writes answers of one protocol. Codecs hold no
// state and may be used by any number of goroutines.
type Codec interface {
	// Decode returns a new input of the operation, or nil when it takes none.
	// Broken constraints of the model come back together, as one error.
	Decode(m *op.Model, o *op.Operation, r *Request) (any, error)
	// EncodeOutput writes a success. A nil out is an empty answer.
	EncodeOutput(w *Response, m *op.Model, o *op.Operation, out any) error
	// EncodeError writes a failure; modelled errors with all their members.
	EncodeError(w *Response, m *op.Model, e op.Error, requestID string) error
}

// For returns the codec of a protocol.
func For(p op.Protocol) Codec {
	switch p {
	case op.AWSJSON10:
		return awsJSON{contentType: []string{"application/x-amz-json-1.0"}}
	case op.AWSJSON11:
		return awsJSON{contentType: []string{"application/x-amz-json-1.1"}}
	case op.Query:
		return query{}
	case op.RestJSON:
		return restJSON{}
	case op.RestXML:
		return restXML{}
	case op.RPCCBOR:
		return rpcCBOR{}
	}
	panic("wire: no codec for protocol " + strconv.Itoa(int(p)))
}

// Validate returns the texts of all constraints of the shape that v breaks, or
// nil. v is a value of the shape's Go type or a pointer to it. Required
// scalars are plain values in Go and always count as present.
func Validate(m *op.Model, id op.ShapeID, v any) []string {
	rv := reflect.ValueOf(v)
	if rv.Kind() == reflect.Pointer {
		if rv.IsNil() {
			return nil
		}
		rv = rv.Elem()
	}
	p, err := planFor(m, id, rv.Type())
	if err != nil {
		return []string{err.Error()}
	}
	return check(p, rv, nil)
}

// FoldNames lowers the catalog names in v, a pointer to the shape's Go type,
// as decoding does. Inputs that one service builds for another pass it.
func FoldNames(m *op.Model, id op.ShapeID, v any) error {
	rv := reflect.ValueOf(v).Elem()
	p, err := planFor(m, id, rv.Type())
	if err != nil {
		return err
	}
	foldNames(p, rv)
	return nil
}

// MarshalJSON returns the stored form of v, a value of the shape's Go type or
// a pointer to it: the same JSON as on the wire, map keys in order.
func MarshalJSON(m *op.Model, id op.ShapeID, v any) ([]byte, error) {
	return AppendJSON(nil, m, id, v)
}

// AppendJSON is [MarshalJSON] into a buffer of the caller's.
func AppendJSON(dst []byte, m *op.Model, id op.ShapeID, v any) ([]byte, error) {
	rv := reflect.ValueOf(v)
	if rv.Kind() == reflect.Pointer {
		rv = rv.Elem()
	}
	p, err := planFor(m, id, rv.Type())
	if err != nil {
		return nil, err
	}
	return jsonWriter{}.value(dst, p, rv)
}

// UnmarshalJSON reads the stored form into v, a pointer to the shape's Go
// type. It checks no constraints and has no memory limit: documents were
// checked when they were written.
func UnmarshalJSON(m *op.Model, id op.ShapeID, data []byte, v any) error {
	rv := reflect.ValueOf(v).Elem()
	p, err := planFor(m, id, rv.Type())
	if err != nil {
		return err
	}
	r := newJSONReader(data)
	defer r.release()
	r.budget = 1 << 62
	if err := r.value(p, rv); err != nil {
		return err
	}
	return r.end()
}
