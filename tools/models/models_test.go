package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindery-project/bindery/tools/models/facts"
)

const sample = `{
 "metadata": {"apiVersion": "2020-01-01", "endpointPrefix": "tiny", "protocol": "query", "serviceId": "Tiny", "xmlNamespace": "urn:tiny"},
 "operations": {"Put": {"name": "Put", "http": {"method": "POST", "requestUri": "/", "responseCode": 200},
  "input": {"shape": "In"}, "output": {"shape": "Out", "resultWrapper": "PutResult"}, "errors": [{"shape": "Gone"}], "documentation": "<p>no</p>", "authtype": "none"}},
 "shapes": {
  "In": {"type": "structure", "required": ["B"], "members": {"Z": {"shape": "N", "documentation": "no"}, "A": {"shape": "L", "flattened": true}, "B": {"shape": "E", "locationName": "b", "idempotencyToken": true}}},
  "Out": {"type": "structure", "members": {"T": {"shape": "T", "timestampFormat": "iso8601"}}, "payload": "T"},
  "N": {"type": "long", "box": true, "min": 0, "max": 9223372036854775807},
  "L": {"type": "list", "member": {"shape": "E", "locationName": "item"}},
  "E": {"type": "string", "enum": ["a"]},
  "T": {"type": "timestamp"},
  "Gone": {"type": "structure", "members": {}, "exception": true, "fault": true, "error": {"code": "Lost", "httpStatusCode": 503}}}}`

// TestConvert takes the facts of a model, member order included, and nothing else.
func TestConvert(t *testing.T) {
	var raw rawModel
	if err := json.Unmarshal([]byte(sample), &raw); err != nil {
		t.Fatal(err)
	}
	raw.Pages = map[string]rawPage{"Put": {Input: "N", Output: []any{"M", "O"}, Items: "L"}}
	got, err := convert(&raw, "tiny", "sample 1")
	if err != nil {
		t.Fatal(err)
	}
	want := &facts.Service{
		ID: "tiny", Title: "Tiny", Version: "2020-01-01", Endpoint: "tiny", Signing: "tiny", XMLNamespace: "urn:tiny",
		Protocols: []string{"query"}, Source: "sample 1",
		Operations: []facts.Operation{{
			Name: "Put", Input: "In", Output: "Out", Errors: []string{"Gone"}, Wrapper: "PutResult", Method: "POST", Path: "/",
			Unsigned: true, Page: &facts.Paginator{Input: "N", Output: "M", Items: "L"},
		}},
		Shapes: []facts.Shape{
			{Name: "E", Type: "enum", Enum: []string{"a"}},
			{Name: "Gone", Type: "structure", Error: &facts.Error{QueryCode: "Lost", Status: 503, Server: true}},
			{Name: "In", Type: "structure", Members: []facts.Member{
				{Name: "Z", Shape: "N"},
				{Name: "A", Shape: "L", Flattened: true},
				{Name: "B", Shape: "E", Required: true, Wire: "b", Token: true},
			}},
			{Name: "L", Type: "list", Elem: "E", ElemTag: "item"},
			{Name: "N", Type: "long", Min: new(int64(0)), Max: new(int64(math.MaxInt64))},
			{Name: "Out", Type: "structure", Members: []facts.Member{{Name: "T", Shape: "T", Time: "iso8601", Location: "payload"}}},
			{Name: "T", Type: "timestamp"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts differ (-want +got):\n%s", diff)
	}
}

func TestBoundsMustBeWhole(t *testing.T) {
	half := 0.5
	if _, err := convertShape("X", &rawShape{Type: "float", Min: &half}); err == nil {
		t.Error("half a bound was taken")
	}
}

// TestVerify sees that another file than the pinned one is refused.
func TestVerify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.whl")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := Package{Name: "x", Version: "1", SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
	if err := p.verify(path); err != nil {
		t.Error(err)
	}
	p.SHA256 = strings.Repeat("0", 64)
	if err := p.verify(path); err == nil {
		t.Error("a file with another hash was accepted")
	}
}
