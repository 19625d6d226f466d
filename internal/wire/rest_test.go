package wire_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

// boundInput has a member in every place of an HTTP request.
type boundInput struct {
	Name  string
	Marks []int32
	List  []string
	Meta  map[string]string
	All   map[string]string
	Since *op.Millis
	Text  *string
}

func at(m op.Member, l op.Location, name string) op.Member {
	m.Location, m.LocName = l, name
	return m
}

const (
	bString op.ShapeID = iota
	bInt
	bInts
	bStrings
	bMap
	bTime
	bInput
)

var bound = &op.Model{ID: "bound", Shapes: []op.Shape{
	bString:  {Name: "String", Kind: op.String, HasMax: true, Max: 40},
	bInt:     {Name: "Integer", Kind: op.Integer},
	bInts:    {Name: "Integers", Kind: op.List, Elem: bInt},
	bStrings: {Name: "Strings", Kind: op.List, Elem: bString},
	bMap:     {Name: "Map", Kind: op.Map, Key: bString, Elem: bString},
	bTime:    {Name: "Timestamp", Kind: op.Timestamp},
	bInput: {Name: "Input", Kind: op.Structure, Members: []op.Member{
		required(at(folded(member("Name", bString, 0)), op.InLabel, "Name")),
		at(member("Marks", bInts, 1), op.InQuery, "mark"),
		at(member("List", bStrings, 2), op.InHeader, "X-List"),
		at(member("Meta", bMap, 3), op.InPrefixHeaders, "X-Meta-"),
		at(member("All", bMap, 4), op.InQueryParams, ""),
		at(member("Since", bTime, 5), op.InHeader, "X-Since"),
		member("Text", bString, 6),
	}},
}}

var bind = &op.Operation{
	Name: "Bind", Method: "PUT", Path: "/things/{Name}", Status: http.StatusCreated,
	Input: bInput, Output: bInput, NewInput: func() any { return new(boundInput) },
}

func TestRestInput(t *testing.T) {
	u, err := url.Parse("/things/A%2FB?mark=1&mark=-2&other=x")
	if err != nil {
		t.Fatal(err)
	}
	labels, ok := wire.MatchPath(bind.Path, u.EscapedPath())
	if !ok {
		t.Fatal("the path does not match")
	}
	in, err := wire.For(op.RestJSON).Decode(bound, bind, &wire.Request{
		Method: "PUT", URL: u, Labels: labels, Body: []byte(`{"Text":"t","Name":"not from here"}`),
		Header: http.Header{"X-List": {`a, "b,\"c"`, "d"}, "X-Meta-One": {"1"}, "X-Since": {"Tue, 29 Apr 2014 18:30:38 GMT"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &boundInput{
		Name: "a/b", Marks: []int32{1, -2}, List: []string{"a", `b,"c`, "d"}, Meta: map[string]string{"one": "1"},
		All: map[string]string{"mark": "1", "other": "x"}, Since: ptr(op.Millis(1398796238000)), Text: ptr("t"),
	}
	if d := cmp.Diff(want, in); d != "" {
		t.Error(d)
	}
}

func TestRestInputRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		r    wire.Request
		want string
	}{
		"number":  {wire.Request{URL: &url.URL{RawQuery: "mark=x"}}, "SerializationException: STRING_VALUE can not be converted to an Integer"},
		"missing": {wire.Request{}, "ValidationException: 1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"},
		"body":    {wire.Request{Body: []byte("7")}, "SerializationException: Expected a JSON object"},
		"twice":   {wire.Request{Body: []byte(`{"Text":"a","Text":"b"}`)}, "SerializationException: Duplicate field in a JSON object"},
		"time":    {wire.Request{Header: http.Header{"X-Since": {"soon"}}}, "SerializationException: STRING_VALUE can not be converted to milliseconds since epoch"},
	} {
		if _, err := wire.For(op.RestJSON).Decode(bound, bind, &tc.r); err == nil || err.Error() != tc.want {
			t.Errorf("%s:\n got %v\nwant %s", name, err, tc.want)
		}
	}
}

func TestRestOutput(t *testing.T) {
	var w wire.Response
	out := &boundInput{Name: "n", List: []string{"a,b", "c\r\nX-Evil: 1"}, Meta: map[string]string{"k": "v"}, Text: ptr("t")}
	if err := wire.For(op.RestJSON).EncodeOutput(&w, bound, bind, out); err != nil {
		t.Fatal(err)
	}
	want := http.Header{"Content-Type": {"application/json"}, "X-List": {`"a,b", cX-Evil: 1`}, "X-Meta-K": {"v"}}
	if d := cmp.Diff(want, w.Header); d != "" || w.Status != http.StatusCreated {
		t.Errorf("status %d %s", w.Status, d)
	}
	if got := string(w.Body); got != `{"Name":"n","Text":"t"}` {
		t.Errorf("body %s", got)
	}
}

func TestRestJSONError(t *testing.T) {
	var w wire.Response
	if err := wire.For(op.RestJSON).EncodeError(&w, catalog, &notFound{Message: ptr("m")}, "r"); err != nil {
		t.Fatal(err)
	}
	if w.Header.Get("x-amzn-ErrorType") != "EntityNotFoundException" || string(w.Body) != `{"Message":"m"}` {
		t.Errorf("%v %s", w.Header, w.Body)
	}
}

func TestBareXMLError(t *testing.T) {
	bare := *catalog
	bare.BareErrors = true
	var w wire.Response
	e := &op.Fault{Code: "NoSuchKey", Message: "The specified key does not exist.", Status: 404}
	if err := wire.For(op.RestXML).EncodeError(&w, &bare, e, "r"); err != nil {
		t.Fatal(err)
	}
	want := `<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><RequestId>r</RequestId></Error>`
	if string(w.Body) != want || w.Status != 404 {
		t.Errorf("%d %s", w.Status, w.Body)
	}
}

func TestMatchPath(t *testing.T) {
	for _, tc := range []struct {
		template, path string
		want           map[string]string
	}{
		{"/", "/", map[string]string{}},
		{"/AddLFTagsToResource", "/AddLFTagsToResource", map[string]string{}},
		{"/AddLFTagsToResource", "/addlftagstoresource", nil},
		{"/{Bucket}/{Key+}?x-id=Get", "/b/a/b%20c", map[string]string{"Bucket": "b", "Key": "a/b c"}},
		{"/{Bucket}/{Key+}", "/b", nil},
		{"/{a}/x/{b+}/end", "/1/x/2/3/end", map[string]string{"a": "1", "b": "2/3"}},
		{"/{a}", "/", nil},
		{"/{a}", "/%zz", nil},
		{"/{a}", "/1/2", nil},
	} {
		got, ok := wire.MatchPath(tc.template, tc.path)
		if d := cmp.Diff(tc.want, got); d != "" || ok != (tc.want != nil) {
			t.Errorf("%s on %s: %v %s", tc.template, tc.path, ok, d)
		}
	}
}

func TestFoldNames(t *testing.T) {
	in := &putInput{DatabaseName: "DB", Table: &table{Name: "T", Owner: ptr("Keep")}, Names: []string{"One"}}
	if err := wire.FoldNames(catalog, sPut, in); err != nil {
		t.Fatal(err)
	}
	want := &putInput{DatabaseName: "db", Table: &table{Name: "t", Owner: ptr("Keep")}, Names: []string{"one"}}
	if d := cmp.Diff(want, in); d != "" {
		t.Error(d)
	}
}

func TestXMLRefuses(t *testing.T) {
	for body, want := range map[string]string{
		`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`: "Malformed XML",
		`<a>`:      "Malformed XML",
		`<a/><b/>`: "Malformed XML",
		`<a><DatabaseName>x</DatabaseName><DatabaseName>y</DatabaseName></a>`: "An element is given more than once: DatabaseName",
		`<a><Limit>x</Limit></a>`:    "STRING_VALUE can not be converted to an Integer",
		`<a><Limit><b/></Limit></a>`: "Start of structure or map found where not expected.",
	} {
		_, err := wire.For(op.RestXML).Decode(catalog, put, &wire.Request{Body: []byte(body)})
		if err == nil || err.Error() != "SerializationException: "+want {
			t.Errorf("%s:\n got %v\nwant %s", body, err, want)
		}
	}
}
