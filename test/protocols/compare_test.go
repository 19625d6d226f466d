package protocols_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bindery-project/bindery/internal/op"
)

// sameHeaders demands every header that the vector names.
func sameHeaders(t *testing.T, c *vector, got http.Header, empty bool) {
	t.Helper()
	for name, want := range c.Response.Headers {
		have := got.Get(name)
		if name == "X-Amz-Target" {
			continue // a request's header, left in one vector
		}
		if name == "X-Amzn-Errortype" {
			want = errorName(want)
		}
		if strings.EqualFold(name, "Content-Length") || strings.EqualFold(name, "Content-Type") && empty {
			continue // the length is the HTTP server's to say; nothing has no type
		}
		if mediaType(have) != mediaType(want) && !sameList(have, want) {
			t.Errorf("header %s: got %q, want %q", name, have, want)
		}
	}
}

// errorName cuts a code as clients do: a namespace before, a link behind.
func errorName(code string) string {
	code, _, _ = strings.Cut(code, ":")
	return code[strings.LastIndexByte(code, '#')+1:]
}

func mediaType(value string) string {
	value, _, _ = strings.Cut(value, ";")
	return value
}

// sameList compares header lists whatever the space after commas.
func sameList(a, b string) bool {
	return strings.ReplaceAll(a, ", ", ",") == strings.ReplaceAll(b, ", ", ",")
}

// sameBody says how two bodies differ for a client of the protocol.
func sameBody(b *builder, o *op.Operation, want, got []byte) string {
	switch b.model.Protocol {
	case op.AWSJSON10, op.AWSJSON11:
		return sameJSONBody(want, got)
	case op.Query:
		return sameXML(want, got)
	case op.RPCCBOR:
		return sameCBOR(want, got)
	case op.RestJSON, op.RestXML: // whose bodies may be a single member
	}
	switch payload := payloadKind(b.model, o); {
	case payload == op.Blob || payload == op.String || payload == op.Enum:
		return cmp.Diff(string(want), string(got))
	case b.model.Protocol == op.RestXML:
		return sameXML(want, got)
	}
	return sameJSONBody(want, got)
}

// payloadKind is the kind of the member that is the whole body, a structure
// when there is none.
func payloadKind(m *op.Model, o *op.Operation) op.Kind {
	if o.Output == op.NoShape {
		return op.Structure
	}
	for _, member := range m.Shape(o.Output).Members {
		if member.Location == op.InPayload {
			return m.Shape(member.Shape).Kind
		}
	}
	return op.Structure
}

func sameJSONBody(want, got []byte) string {
	x, err := jsonValue(want)
	if err != nil {
		return err.Error()
	}
	y, err := jsonValue(got)
	if err != nil {
		return err.Error()
	}
	return cmp.Diff(x, y, sameText)
}

// sameText compares texts in one form for numbers and times.
var sameText = cmp.Comparer(func(a, b string) bool { return plainText(a) == plainText(b) })

// jsonValue parses a body; nothing at all is an empty object. Error codes are
// compared without what clients cut off.
func jsonValue(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	var v any
	err := json.Unmarshal(body, &v)
	if object, ok := v.(map[string]any); ok {
		if code, ok := object["__type"].(string); ok {
			object["__type"] = errorName(code)
		}
	}
	return v, err
}

func sameCBOR(want, got []byte) string {
	x, err := cborValue(want)
	if err != nil {
		return err.Error()
	}
	y, err := cborValue(got)
	if err != nil {
		return err.Error()
	}
	return cmp.Diff(x, y, cmpopts.EquateNaNs())
}

func cborValue(body []byte) (any, error) {
	if len(body) == 0 {
		return map[any]any{}, nil
	}
	mode, err := cbor.DecOptions{TimeTag: cbor.DecTagOptional, UnrecognizedTagToAny: cbor.UnrecognizedTagContentToAny, TimeTagToAny: cbor.TimeTagToRFC3339}.DecMode()
	if err != nil {
		return nil, err
	}
	var v any
	err = mode.Unmarshal(body, &v)
	return plainNumbers(v), err
}

// plainNumbers makes every number a float: integers and floats of any width
// are the same to a client.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case map[any]any:
		for key, part := range v {
			v[key] = plainNumbers(part)
		}
		if code, ok := v["__type"].(string); ok {
			v["__type"] = errorName(code)
		}
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case uint64:
		return float64(v)
	case int64:
		return float64(v)
	case float32:
		return float64(v)
	}
	return v
}

// element is an XML element without namespaces and order of names.
type element struct {
	Name     string
	Attrs    []string
	Text     string
	Children []element
}

func sameXML(want, got []byte) string {
	x, err := xmlValue(want)
	if err != nil {
		return err.Error()
	}
	y, err := xmlValue(got)
	if err != nil {
		return err.Error()
	}
	// Clients look neither at the root's name nor at metadata they did not expect.
	x.Name, y.Name = "", ""
	if !slices.ContainsFunc(x.Children, isMetadata) {
		y.Children = slices.DeleteFunc(y.Children, isMetadata)
	}
	return cmp.Diff(x, y, cmpopts.EquateEmpty())
}

// isEmptyResult matches what a query answer may as well leave out.
func isEmptyResult(e element) bool {
	return strings.HasSuffix(e.Name, "Result") && len(e.Children) == 0 && e.Text == ""
}

func isMetadata(e element) bool { return e.Name == "ResponseMetadata" }

func xmlValue(body []byte) (element, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return element{}, nil
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return element{}, errors.New("no root element")
		}
		if err != nil {
			return element{}, err
		}
		if start, ok := t.(xml.StartElement); ok {
			return readElement(d, start)
		}
	}
}

func readElement(d *xml.Decoder, start xml.StartElement) (element, error) {
	e := element{Name: start.Name.Local}
	for _, a := range start.Attr {
		if a.Name.Local != "xmlns" && a.Name.Space != "xmlns" {
			e.Attrs = append(e.Attrs, a.Name.Local+"="+a.Value)
		}
	}
	for {
		t, err := d.Token()
		if err != nil {
			return e, err
		}
		switch t := t.(type) {
		case xml.CharData:
			e.Text += string(t)
		case xml.StartElement:
			child, err := readElement(d, t)
			if err != nil {
				return e, err
			}
			e.Children = append(e.Children, child)
		case xml.EndElement:
			return e.settled(), nil
		}
	}
}

// settled puts children into an order that ignores what clients ignore: the
// order of different names, and of map entries.
func (e element) settled() element {
	if len(e.Children) > 0 || strings.TrimSpace(e.Text) == "" {
		e.Text = ""
	}
	e.Text = plainText(e.Text)
	e.Children = slices.DeleteFunc(e.Children, isEmptyResult)
	slices.SortStableFunc(e.Children, func(a, b element) int {
		if a.Name == b.Name && len(a.Children) == 2 {
			return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
		}
		return strings.Compare(a.Name, b.Name)
	})
	return e
}

// plainText brings numbers and times to one form.
func plainText(s string) string {
	if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at.UTC().Format(time.RFC3339Nano)
	}
	return s
}
