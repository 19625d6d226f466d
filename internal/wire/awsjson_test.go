package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

func decodeJSON(o *op.Operation, body string) (any, error) {
	return wire.For(op.AWSJSON11).Decode(catalog, o, &wire.Request{Method: "POST", Body: []byte(body)})
}

func TestDecodeJSON(t *testing.T) {
	_, err := decodeJSON(put, `{
		"DatabaseName": "Sales", "Unknown": {"a": [1, {"b": null}]},
		"Table": {"Name": "ORDERS", "Columns": [{"Name": "id\n\u00e9"}, {"Name": "x", "Type": "int"}],
			"Parameters": {"a": "b", "gone": null}, "Created": 1595358275.375, "Retention": null},
		"Names": ["One", "TWO"], "Key": "AAEC", "Limit": 7, "Ratio": "-Infinity",
		"Deep": {"Next": {"All": [{}, {"Next": {}}]}}, "Choice": {"B": -5},
		"Free": {"any": [1, 2.50, "x"]}, "Flag": false, "Holes": ["a", null], "ByName": {"k": {"Name": "n"}}}`)
	want := []string{"Value 'id\né' at 'table.columns.1.member.name'"}
	if err == nil || !strings.Contains(err.Error(), want[0]) {
		t.Fatalf("err = %v, want the line break refused", err)
	}

	in, err := decodeJSON(put, `{
		"DatabaseName": "Sales", "Unknown": {"a": [1, {"b": null}]},
		"Table": {"Name": "ORDERS", "Columns": [{"Name": "id\u00e9"}, {"Name": "x", "Type": "int"}],
			"Parameters": {"a": "b", "gone": null}, "Created": 1595358275.375, "Retention": null},
		"Names": [], "Key": "AAEC", "Limit": 7, "Ratio": 2.5e3,
		"Deep": {"Next": {"All": [{}, {"Next": {}}]}}, "Choice": {"B": -5},
		"Free": {"any": [1, 2.50, "x"]}, "Flag": false, "Holes": ["a", null], "ByName": {"k": {"Name": "n"}}}`)
	if err != nil {
		t.Fatal(err)
	}
	expect := &putInput{
		DatabaseName: "sales",
		Table: &table{
			Name: "orders", Columns: []column{{Name: "idé"}, {Name: "x", Type: ptr("int")}},
			Parameters: map[string]string{"a": "b"}, Created: ptr(op.Millis(1595358275375)),
		},
		Names: []string{}, Key: []byte{0, 1, 2}, Limit: ptr(int32(7)), Ratio: ptr(2500.0),
		Deep:   &node{Next: &node{All: []node{{}, {Next: &node{}}}}},
		Choice: &choice{B: ptr(int64(-5))}, Free: op.Raw(`{"any": [1, 2.50, "x"]}`), Flag: ptr(false),
		Holes: []*string{ptr("a"), nil}, ByName: map[string]column{"k": {Name: "n"}},
	}
	if d := cmp.Diff(expect, in); d != "" {
		t.Error(d)
	}
}

func TestDecodeJSONRefuses(t *testing.T) {
	deep := strings.Repeat(`{"Next":`, 100_000)
	for _, tc := range []struct{ body, code, text string }{
		{`[]`, "SerializationException", "Expected a JSON object"},
		{`null`, "SerializationException", "Expected a JSON object"},
		{`{`, "SerializationException", "Malformed JSON"},
		{`{}{}`, "SerializationException", "Malformed JSON"},
		{`{"DatabaseName":"a","DatabaseName":"b"}`, "SerializationException", "Duplicate field in a JSON object"},
		{`{"x":1,"x":2}`, "SerializationException", "Duplicate field in a JSON object"},
		{`{"x":{"y":1,"y":2}}`, "SerializationException", "Duplicate field in a JSON object"},
		{`{"DatabaseName":"` + "\xff" + `"}`, "SerializationException", "Malformed JSON"},
		{`{"DatabaseName":"\ud800"}`, "SerializationException", "Malformed JSON"},
		{`{"DatabaseName":5}`, "SerializationException", "NUMBER_VALUE can not be converted to a String"},
		{`{"DatabaseName":5.0}`, "SerializationException", "DECIMAL_VALUE can not be converted to a String"},
		{`{"DatabaseName":true}`, "SerializationException", "TRUE_VALUE can not be converted to a String"},
		{`{"DatabaseName":{}}`, "SerializationException", "Start of structure or map found where not expected."},
		{`{"DatabaseName":[]}`, "SerializationException", "Start of list found where not expected"},
		{`{"Limit":"5"}`, "SerializationException", "STRING_VALUE can not be converted to an Integer"},
		{`{"Limit":2147483648}`, "SerializationException", "NUMBER_VALUE can not be converted to an Integer"},
		{`{"Limit":1e2}`, "SerializationException", "DECIMAL_VALUE can not be converted to an Integer"},
		{`{"Ratio":1e999}`, "SerializationException", "DECIMAL_VALUE can not be converted to a Double"},
		{`{"Ratio":NaN}`, "SerializationException", "Malformed JSON"},
		{`{"Ratio":"nan"}`, "SerializationException", "STRING_VALUE can not be converted to a Double"},
		{`{"Names":"a"}`, "SerializationException", "Expected list or null"},
		{`{"Names":{}}`, "SerializationException", "Start of structure or map found where not expected."},
		{`{"Table":"a"}`, "SerializationException", "Expected null"},
		{`{"Table":[]}`, "SerializationException", "Start of list found where not expected"},
		{`{"Table":{"Created":"2020-01-01T00:00:00Z"}}`, "SerializationException", "STRING_VALUE can not be converted to milliseconds since epoch"},
		{`{"Table":{"Created":1e300}}`, "SerializationException", "DECIMAL_VALUE can not be converted to milliseconds since epoch"},
		{`{"Key":"!"}`, "SerializationException", "Invalid base64 in a blob"},
		{`{"Choice":{}}`, "SerializationException", "Exactly one member of a union must be set"},
		{`{"Choice":{"A":"x","B":1}}`, "SerializationException", "Exactly one member of a union must be set"},
		{`{"Deep":` + deep, "SerializationException", "The request is nested too deeply"},
		{`{"Unknown":` + deep, "SerializationException", "The request is nested too deeply"},
		{`{"Free":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, "SerializationException", "The request is nested too deeply"},
		{`{}`, "ValidationException", "2 validation errors detected: " +
			"Value null at 'databaseName' failed to satisfy constraint: Member must not be null; " +
			"Value null at 'table' failed to satisfy constraint: Member must not be null"},
	} {
		_, err := decodeJSON(put, tc.body)
		var fault *op.Fault
		if !errors.As(err, &fault) {
			t.Errorf("%.60s: err = %v, want a fault", tc.body, err)
			continue
		}
		if fault.Code != tc.code || fault.Message != tc.text {
			t.Errorf("%.60s:\n got %s: %s\nwant %s: %s", tc.body, fault.Code, fault.Message, tc.code, tc.text)
		}
	}
}

// TestDecodeJSONBounds holds small bodies to small costs.
func TestDecodeJSONBounds(t *testing.T) {
	var many bytes.Buffer
	for i := range wire.MaxMembers + 1 {
		fmt.Fprintf(&many, `"k%d":"",`, i)
	}
	members := strings.TrimSuffix(many.String(), ",")
	for name, body := range map[string]string{
		"members":         "{" + members + "}",
		"map entries":     `{"Table":{"Parameters":{` + members + "}}}",
		"skipped members": `{"Unknown":{"Further":{` + members + "}}}",
		"elements":        `{"Table":{"Columns":[` + strings.Repeat("{},", 2_000_000) + `{}]}}`,
		"skipped tokens":  `{"Unknown":[` + strings.Repeat("[0,0,0],", 300_000) + `0]}`,
	} {
		if _, err := decodeJSON(put, body); err == nil || !strings.Contains(err.Error(), "too many values") {
			t.Errorf("%s: err = %v, want a refusal", name, err)
		}
	}
}

func TestDecodeJSONEmptyBody(t *testing.T) {
	for _, body := range []string{"", " \n", "{}"} {
		if in, err := decodeJSON(ping, body); in != nil || err != nil {
			t.Errorf("%q: got %v, %v", body, in, err)
		}
	}
	if _, err := decodeJSON(ping, "[]"); err == nil {
		t.Error("a list passes as the input of an operation that takes nothing")
	}
}

func TestConstraints(t *testing.T) {
	long := strings.Repeat("é", 256)
	for _, tc := range []struct{ body, want string }{
		{`"Names":["ok",""]`, "Value '[ok, ]' at 'names' failed to satisfy constraint: Member must satisfy constraint: " +
			"[Member must have length less than or equal to 255, Member must have length greater than or equal to 1, " +
			`Member must satisfy regular expression pattern: [^\r\n]*]`},
		{`"Names":["a","b","c","d"]`, "Value '[a, b, c, d]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 3"},
		{`"Names":["a",null]`, "Value null at 'names.2.member' failed to satisfy constraint: Member must not be null"},
		{`"Secret":"abc"`, "Value at 'secret' failed to satisfy constraint: Member must have length greater than or equal to 6"},
		{`"Key":""`, "Value 'java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]' at 'key' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{`"Limit":0`, "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{`"Limit":101`, "Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"},
		{`"Kind":"X"`, "Value 'X' at 'kind' failed to satisfy constraint: Member must satisfy enum value set: [VIEW, TABLE]"},
		{`"ByName":{"k":{}}`, "Value null at 'byName.k.member.name' failed to satisfy constraint: Member must not be null"},
		{`"ByName":{"k":{"Name":""}}`, "Value '' at 'byName.k.member.name' failed to satisfy constraint: Member must have length greater than or equal to 1"},
	} {
		_, err := decodeJSON(put, `{"DatabaseName":"d","Table":{"Name":"t"},`+tc.body+`}`)
		if want := "ValidationException: 1 validation error detected: " + tc.want; err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", tc.body, err, want)
		}
	}
	for _, tc := range []struct{ body, want string }{
		{`"Columns":[{"Name":"a"},{"Name":"b","Comment":"x\ny"}]`, "Value 'x\ny' at 'table.columns.2.member.comment' failed to satisfy constraint: " +
			`Member must satisfy regular expression pattern: [^\r\n]*`},
		{`"Columns":[{"Name":"a"},{"Type":"int"}]`, "Value null at 'table.columns.2.member.name' failed to satisfy constraint: Member must not be null"},
		{`"Parameters":{"":"v"}`, "Value '{=v}' at 'table.parameters' failed to satisfy constraint: Map keys must satisfy constraint: " +
			"[Member must have length less than or equal to 255, Member must have length greater than or equal to 1]"},
		{`"Parameters":{"k":"` + strings.Repeat("x", 600) + `"}`, "Value '{k=" + strings.Repeat("x", 509) + "...' at 'table.parameters' failed to satisfy constraint: " +
			"Map value must satisfy constraint: [Member must have length less than or equal to 512]"},
		{`"Owner":"` + long + `"`, "Value '" + long + "' at 'table.owner' failed to satisfy constraint: Member must have length less than or equal to 255"},
	} {
		_, err := decodeJSON(put, `{"DatabaseName":"d","Table":{"Name":"t",`+tc.body+`}}`)
		if want := "ValidationException: 1 validation error detected: " + tc.want; err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", tc.body, err, want)
		}
	}
}

func TestEncodeJSON(t *testing.T) {
	out := &putInput{
		DatabaseName: "d", Table: &table{
			Name: "t\u2028\"", Columns: []column{}, Parameters: map[string]string{"b": "1", "a": "2"},
			Created: ptr(op.Millis(1595358275070)),
		},
		Key: []byte{}, Ratio: ptr(1.5), Free: op.Raw("[1]"), Holes: []*string{nil, ptr("x")},
	}
	got := encodeJSON(t, put, out)
	want := `{"DatabaseName":"d","Table":{"Name":"t` + "\u2028" + `\"","Columns":[],"Parameters":{"a":"2","b":"1"},"Created":1595358275.070},` +
		`"Key":"","Ratio":1.5,"Free":[1],"Holes":[null,"x"]}`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got := encodeJSON(t, ping, nil); got != "{}" {
		t.Errorf("no output: %s", got)
	}
}

func TestEncodeJSONRaw(t *testing.T) {
	got := encodeJSON(t, get, &getOutput{TableRaw: op.Raw(`{"Name":"t"}`), TablesRaw: []op.Raw{op.Raw("{}"), op.Raw("{}")}})
	if want := `{"Table":{"Name":"t"},"Tables":[{},{}]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	got = encodeJSON(t, get, &getOutput{Table: &table{Name: "x"}, TablesRaw: []op.Raw{}})
	if want := `{"Table":{"Name":"x"},"Tables":[]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func encodeJSON(t *testing.T, o *op.Operation, out any) string {
	t.Helper()
	var w wire.Response
	if err := wire.For(op.AWSJSON11).EncodeOutput(&w, catalog, o, out); err != nil {
		t.Fatal(err)
	}
	if ct := w.Header.Get("Content-Type"); ct != "application/x-amz-json-1.1" || w.Status != 200 {
		t.Errorf("status %d, content type %q", w.Status, ct)
	}
	return string(w.Body)
}

func TestEncodeJSONError(t *testing.T) {
	for _, tc := range []struct {
		err    op.Error
		status int
		body   string
	}{
		{&notFound{Message: ptr("no t"), Hint: ptr("h")}, 400, `{"__type":"EntityNotFoundException","Message":"no t","Hint":"h"}`},
		{&op.Fault{Code: "EntityNotFoundException", Message: "m"}, 400, `{"__type":"EntityNotFoundException","Message":"m"}`},
		{&op.Fault{Code: "ThrottlingException", Message: "Rate exceeded"}, 400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`},
		{&op.Fault{Code: "InternalFailure", Server: true}, 500, `{"__type":"InternalFailure","message":""}`},
	} {
		var w wire.Response
		if err := wire.For(op.AWSJSON11).EncodeError(&w, catalog, tc.err, "req-1"); err != nil {
			t.Fatal(err)
		}
		if w.Status != tc.status || string(w.Body) != tc.body || w.Header.Get("x-amzn-RequestId") != "req-1" {
			t.Errorf("got %d %s %v", w.Status, w.Body, w.Header)
		}
	}
}

func TestStoredDocument(t *testing.T) {
	doc := &table{Name: "T", Columns: []column{{Name: "a"}}, Created: ptr(op.Millis(-1500))}
	data, err := wire.MarshalJSON(catalog, sTable, doc)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"Name":"T","Columns":[{"Name":"a"}],"Created":-1.500}`; string(data) != want {
		t.Errorf("got %s, want %s", data, want)
	}
	var back table
	if err := wire.UnmarshalJSON(catalog, sTable, data, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(doc, &back); d != "" {
		t.Error(d)
	}
	if got := wire.Validate(catalog, sTable, &table{Name: ""}); len(got) != 1 {
		t.Errorf("Validate = %q, want one problem", got)
	}
}
