package wire_test

import (
	"bytes"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

func decodeCBOR(t *testing.T, v any) (any, error) {
	t.Helper()
	body, ok := v.([]byte)
	if !ok {
		var err error
		if body, err = cbor.Marshal(v); err != nil {
			t.Fatal(err)
		}
	}
	return wire.For(op.RPCCBOR).Decode(catalog, put, &wire.Request{Body: body})
}

type object = map[string]any

func TestDecodeCBOR(t *testing.T) {
	in, err := decodeCBOR(t, object{
		"DatabaseName": "Sales", "Unknown": object{"a": []any{1, nil}},
		"Table": object{
			"Name": "T", "Columns": []any{object{"Name": "c", "Type": nil}}, "Parameters": map[string]string{"k": "v"},
			"Created": cbor.Tag{Number: 1, Content: 1595358275.375},
		},
		"Key": []byte{1, 2}, "Limit": 7, "Ratio": 2, "Flag": true, "Holes": []any{"a", nil}, "ByName": object{"k": object{"Name": "n"}, "gone": nil},
		"Choice": object{"B": -5}, "Deep": object{"Next": object{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &putInput{
		DatabaseName: "sales",
		Table: &table{
			Name: "t", Columns: []column{{Name: "c"}}, Parameters: map[string]string{"k": "v"}, Created: ptr(op.Millis(1595358275375)),
		},
		Key: []byte{1, 2}, Limit: ptr(int32(7)), Ratio: ptr(2.0), Flag: ptr(true), Holes: []*string{ptr("a"), nil},
		ByName: map[string]column{"k": {Name: "n"}}, Choice: &choice{B: ptr(int64(-5))}, Deep: &node{Next: &node{}},
	}
	if d := cmp.Diff(want, in); d != "" {
		t.Error(d)
	}
}

func TestDecodeCBORRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		body any
		want string
	}{
		"no map":           {[]any{1}, "Start of list found where not expected"},
		"no map either":    {7, "Expected null"},
		"cut":              {[]byte{0xa1, 0x61}, "Malformed CBOR"},
		"trailing":         {[]byte{0xa0, 0xa0}, "Malformed CBOR"},
		"duplicate":        {[]byte{0xa2, 0x61, 'a', 1, 0x61, 'a', 2}, "Duplicate field in a CBOR map"},
		"broken UTF-8":     {append([]byte{0xa1, 0x6c}, "DatabaseName\x61\xff"...), "Malformed CBOR"},
		"deep":             {append(bytes.Repeat([]byte{0xa1, 0x61, 'a'}, 1_000_000), 0), "The request is nested too deeply"},
		"many":             {append([]byte{0x9a, 0, 0x10, 0, 0}, make([]byte, 1<<20)...), "The request holds too many values"},
		"number as text":   {object{"DatabaseName": 5}, "NUMBER_VALUE can not be converted to a String"},
		"bool as text":     {object{"DatabaseName": true}, "TRUE_VALUE can not be converted to a String"},
		"false as text":    {object{"DatabaseName": false}, "FALSE_VALUE can not be converted to a String"},
		"bytes as text":    {object{"DatabaseName": []byte("x")}, "BLOB_VALUE can not be converted to a String"},
		"map as text":      {object{"DatabaseName": object{}}, "Start of structure or map found where not expected."},
		"list as text":     {object{"DatabaseName": []any{}}, "Start of list found where not expected"},
		"text as list":     {object{"Names": "a"}, "Expected list or null"},
		"map as list":      {object{"Names": object{}}, "Start of structure or map found where not expected."},
		"float as integer": {object{"Limit": 1.5}, "DECIMAL_VALUE can not be converted to an Integer"},
		"large integer":    {object{"Limit": int64(1) << 31}, "NUMBER_VALUE can not be converted to an Integer"},
		"text as number":   {object{"Ratio": "1"}, "STRING_VALUE can not be converted to a Double"},
		"bare time":        {object{"Table": object{"Created": 5}}, "NUMBER_VALUE can not be converted to milliseconds since epoch"},
		"text time":        {object{"Table": object{"Created": cbor.Tag{Number: 1, Content: "x"}}}, "Malformed CBOR"},
		"far time":         {object{"Table": object{"Created": cbor.Tag{Number: 1, Content: 1e300}}}, "DECIMAL_VALUE can not be converted to milliseconds since epoch"},
		"empty union":      {object{"Choice": object{}}, "Exactly one member of a union must be set"},
	} {
		if _, err := decodeCBOR(t, tc.body); err == nil || err.Error() != "SerializationException: "+tc.want {
			t.Errorf("%s:\n got %v\nwant %s", name, err, tc.want)
		}
	}
}

func TestEncodeCBORError(t *testing.T) {
	for _, e := range []op.Error{&notFound{Message: ptr("m")}, &op.Fault{Code: "EntityNotFoundException", Message: "m"}} {
		var w wire.Response
		if err := wire.For(op.RPCCBOR).EncodeError(&w, catalog, e, "r"); err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := cbor.Unmarshal(w.Body, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]string{"__type": "EntityNotFoundException", "Message": "m"}, got); d != "" {
			t.Error(d)
		}
		if w.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" || w.Header.Get("Content-Type") != "application/cbor" {
			t.Errorf("headers %v", w.Header)
		}
	}
}
