// Package protocols_test plays the server to the published protocol vectors:
// see SOURCE.md.
package protocols_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

// vector is one case of a suite.
type vector struct {
	ID          string `json:"id"`
	Description string `json:"description"`
	Given       given  `json:"given"`

	Params     any        `json:"params"` // input cases
	Serialized serialized `json:"serialized"`

	Result       any      `json:"result"` // output cases
	ErrorCode    string   `json:"errorCode"`
	ErrorMessage string   `json:"errorMessage"`
	Error        any      `json:"error"`
	Response     response `json:"response"`
}

type given struct {
	Name string `json:"name"`
	HTTP struct {
		Method string `json:"method"`
		URI    string `json:"requestUri"`
		Status int    `json:"responseCode"`
	} `json:"http"`
	Input  *shapeRef  `json:"input"`
	Output *shapeRef  `json:"output"`
	Errors []shapeRef `json:"errors"`
}

type shapeRef struct {
	Shape string `json:"shape"`
}

type serialized struct {
	Method  string            `json:"method"`
	URI     string            `json:"uri"`
	Body    string            `json:"body"`
	Headers map[string]string `json:"headers"`
}

type response struct {
	Status  int               `json:"status_code"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

// files lists every vector file with the number of cases that must run and
// the number that skipped_test.go leaves out.
var files = []struct {
	name         string
	protocol     op.Protocol
	in, skipIn   int
	out, skipOut int
}{
	{"json_1_0", op.AWSJSON10, 19, 2, 26, 6},
	{"json", op.AWSJSON11, 52, 2, 52, 6},
	{"query", op.Query, 34, 4, 38, 0},
	{"rest-json", op.RestJSON, 106, 7, 84, 7},
	{"rest-xml", op.RestXML, 90, 4, 76, 2},
	{"smithy-rpc-v2-cbor", op.RPCCBOR, 15, 0, 35, 0},
	{"json_1_0-query-compatible", op.AWSJSON10, 1, 0, 2, 0},
	{"smithy-rpc-v2-cbor-query-compatible", op.RPCCBOR, 1, 0, 2, 0},
}

func TestInput(t *testing.T) {
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			ran, skipped := runFile(t, "input", f.name, f.protocol, decodes)
			if ran != f.in || skipped != f.skipIn {
				t.Errorf("%d cases ran and %d were skipped, want %d and %d", ran, skipped, f.in, f.skipIn)
			}
		})
	}
}

func TestOutput(t *testing.T) {
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			ran, skipped := runFile(t, "output", f.name, f.protocol, encodes)
			if ran != f.out || skipped != f.skipOut {
				t.Errorf("%d cases ran and %d were skipped, want %d and %d", ran, skipped, f.out, f.skipOut)
			}
		})
	}
}

// TestSkipsExist fails when the skip list names a case that is no more.
func TestSkipsExist(t *testing.T) {
	known := map[string]bool{}
	for _, kind := range []string{"input", "output"} {
		for _, f := range files {
			for _, s := range load(t, kind, f.name) {
				for _, c := range s.Cases {
					known[kind+"/"+f.name+"/"+c.ID] = true
				}
			}
		}
	}
	for name := range skipped {
		if !known[name] {
			t.Errorf("skipped case %s does not exist", name)
		}
	}
}

func load(t *testing.T, kind, name string) []suite {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", kind, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var suites []suite
	if err := d.Decode(&suites); err != nil {
		t.Fatal(err)
	}
	return suites
}

type runner func(t *testing.T, b *builder, c *vector)

func runFile(t *testing.T, kind, name string, protocol op.Protocol, run runner) (ran, left int) {
	for _, s := range load(t, kind, name) {
		b := newBuilder(&s, protocol)
		for i := range s.Cases {
			c := &s.Cases[i]
			if skipped[kind+"/"+name+"/"+c.ID] != "" {
				left++
				continue
			}
			ran++
			t.Run(c.ID, func(t *testing.T) { run(t, b, c) })
		}
	}
	return ran, left
}

// operation makes the descriptor of a case's operation.
func (b *builder) operation(c *vector) *op.Operation {
	o := &op.Operation{
		Name: c.Given.Name, Method: c.Given.HTTP.Method, Path: c.Given.HTTP.URI,
		Status: c.Given.HTTP.Status, Input: op.NoShape, Output: op.NoShape,
	}
	if c.Given.Input != nil {
		id, t := b.root(c.Given.Input.Shape)
		o.Input, o.NewInput = id, func() any { return reflect.New(t).Interface() }
	}
	return o
}

// decodes runs an input case: the client's bytes must become its values.
func decodes(t *testing.T, b *builder, c *vector) {
	o := b.operation(c)
	got, err := wire.For(b.model.Protocol).Decode(b.model, o, request(t, b, o, c))
	if err != nil {
		t.Fatal(err)
	}
	if o.Input == op.NoShape {
		if got != nil {
			t.Errorf("got %v for an operation without input", got)
		}
		return
	}
	want := reflect.New(reflect.TypeOf(o.NewInput()).Elem())
	if err := fill(b.model, o.Input, want.Elem(), c.Params); err != nil {
		t.Fatalf("params: %v", err)
	}
	settle(b.model, o.Input, want.Elem(), reflect.ValueOf(got).Elem())
	if d := cmp.Diff(want.Interface(), got, cmpopts.EquateNaNs(), sameJSON); d != "" {
		t.Errorf("%s\nrequest: %+v\n(-want +got)\n%s", c.Description, c.Serialized, d)
	}
}

// settle levels what a server cannot see or sees more of: an empty list or map
// leaves no header or parameter, and a map of all parameters holds those of
// named members too, while a client's map holds only its own.
func settle(m *op.Model, id op.ShapeID, want, got reflect.Value) {
	for _, member := range m.Shape(id).Members {
		w, g := want.Field(member.Field), got.Field(member.Field)
		if member.Location == op.InStatus {
			w.SetZero() // the status is not read
		}
		if member.Location == op.InBody || w.Kind() != reflect.Map && w.Kind() != reflect.Slice {
			continue
		}
		if w.Kind() == reflect.Map && member.Location == op.InQueryParams {
			dropNamed(m, id, w, g)
		}
		for _, v := range []reflect.Value{w, g} {
			if v.Len() == 0 {
				v.SetZero()
			}
		}
	}
}

func dropNamed(m *op.Model, id op.ShapeID, want, got reflect.Value) {
	for _, member := range m.Shape(id).Members {
		key := reflect.ValueOf(member.LocName)
		if member.Location == op.InQuery && got.MapIndex(key).IsValid() && !want.MapIndex(key).IsValid() {
			got.SetMapIndex(key, reflect.Value{})
		}
	}
}

// sameJSON compares documents by value.
var sameJSON = cmp.FilterPath(func(p cmp.Path) bool {
	return p.Last().Type() == reflect.TypeFor[op.Raw]()
}, cmp.Comparer(func(a, b op.Raw) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}))

func request(t *testing.T, b *builder, o *op.Operation, c *vector) *wire.Request {
	t.Helper()
	u, err := url.Parse(c.Serialized.URI)
	if err != nil {
		t.Fatal(err)
	}
	r := &wire.Request{Method: c.Serialized.Method, URL: u, Header: http.Header{}, Body: body(t, b, c.Serialized.Body)}
	for name, value := range c.Serialized.Headers {
		r.Header.Set(name, value)
	}
	if p := b.model.Protocol; p == op.RestJSON || p == op.RestXML {
		labels, ok := wire.MatchPath(o.Path, strings.TrimPrefix(u.EscapedPath(), "/custom"))
		if !ok {
			t.Fatalf("path %s does not match %s", u.EscapedPath(), o.Path)
		}
		r.Labels = labels
	}
	return r
}

// body is a case's body; binary ones are base64 in the files.
func body(t *testing.T, b *builder, text string) []byte {
	t.Helper()
	if b.model.Protocol != op.RPCCBOR {
		return []byte(text)
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// encodes runs an output case: the values must become the response.
func encodes(t *testing.T, b *builder, c *vector) {
	w := &wire.Response{RequestID: requestID(c)}
	o := b.operation(c)
	var err error
	if c.Error != nil {
		err = wire.For(b.model.Protocol).EncodeError(w, b.model, b.failure(t, c), "foo-id")
	} else {
		out := b.output(t, o, c)
		readsBack(t, b, o, c, out)
		if clientOnly[c.ID] != "" {
			return
		}
		err = wire.For(b.model.Protocol).EncodeOutput(w, b.model, o, out)
	}
	if err != nil {
		t.Fatal(err)
	}
	if w.Status != c.Response.Status {
		t.Errorf("status %d, want %d", w.Status, c.Response.Status)
	}
	sameHeaders(t, c, w.Header, len(w.Body) == 0)
	if d := sameBody(b, o, body(t, b, c.Response.Body), w.Body); d != "" {
		t.Errorf("%s\n got: %s\nwant: %s\n%s", c.Description, w.Body, c.Response.Body, d)
	}
}

// requestID is the id that the vectors' answers carry.
func requestID(c *vector) string {
	for name, value := range c.Response.Headers {
		if strings.EqualFold(name, "x-amzn-RequestId") {
			return value
		}
	}
	return "foo-id"
}

// readsBack decodes the response as if it were a request: what the vectors say
// of reading (nulls, unknown members, number forms) holds for a server too.
// Query answers are XML and its requests are forms, so those are left out.
func readsBack(t *testing.T, b *builder, o *op.Operation, c *vector, out any) {
	t.Helper()
	if out == nil || b.model.Protocol == op.Query || writeOnly[c.ID] {
		return
	}
	r := &wire.Request{Method: http.MethodPost, URL: &url.URL{}, Header: http.Header{}, Body: body(t, b, c.Response.Body)}
	for name, value := range c.Response.Headers {
		r.Header.Set(name, value)
	}
	typ := reflect.TypeOf(out).Elem()
	mirror := &op.Operation{Name: o.Name, Input: o.Output, NewInput: func() any { return reflect.New(typ).Interface() }}
	got, err := wire.For(b.model.Protocol).Decode(b.model, mirror, r)
	if err != nil {
		t.Fatalf("reading the response: %v", err)
	}
	want := reflect.New(typ)
	want.Elem().Set(reflect.ValueOf(out).Elem())
	settle(b.model, o.Output, want.Elem(), reflect.ValueOf(got).Elem())
	if d := cmp.Diff(want.Interface(), got, cmpopts.EquateNaNs(), sameJSON); d != "" {
		t.Errorf("%s\nresponse: %s\n(-want +got)\n%s", c.Description, c.Response.Body, d)
	}
}

// output builds the operation's output from the case's result.
func (b *builder) output(t *testing.T, o *op.Operation, c *vector) any {
	t.Helper()
	if c.Given.Output == nil {
		return nil
	}
	id, typ := b.root(c.Given.Output.Shape)
	o.Output = id
	out := reflect.New(typ)
	if c.Result != nil {
		if err := fill(b.model, id, out.Elem(), c.Result); err != nil {
			t.Fatalf("result: %v", err)
		}
	}
	return out.Interface()
}

// failure builds the error of a case.
func (b *builder) failure(t *testing.T, c *vector) op.Error {
	t.Helper()
	for _, ref := range c.Given.Errors {
		id, typ := b.root(ref.Shape)
		shape := b.model.Shape(id)
		if shape.Error.Code != c.ErrorCode && shape.Error.Query != c.ErrorCode {
			continue
		}
		v := reflect.New(typ)
		if err := fill(b.model, id, v.Elem(), c.Error); err != nil {
			t.Fatalf("error: %v", err)
		}
		*v.Elem().Field(0).Addr().Interface().(*Modelled) = Modelled{shape, id, c.ErrorMessage}
		return v.Interface().(op.Error)
	}
	t.Fatalf("no error %s in the case", c.ErrorCode)
	return nil
}
