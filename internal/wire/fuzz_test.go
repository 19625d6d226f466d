package wire_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

// fixpoint holds a codec to this: whatever bytes it is given, it refuses them
// with an op.Error, or what it made of them writes to bytes that read to a
// value that writes to the same bytes.
func fixpoint(t *testing.T, p op.Protocol, body []byte) {
	t.Helper()
	c := wire.For(p)
	in, err := c.Decode(catalog, put, &wire.Request{Method: http.MethodPost, URL: &url.URL{}, Body: body})
	if err != nil {
		var refusal op.Error
		if !errors.As(err, &refusal) {
			t.Fatalf("%v is no error for a caller", err)
		}
		return
	}
	first := write(t, c, in)
	again, err := c.Decode(catalog, put, &wire.Request{Method: http.MethodPost, URL: &url.URL{}, Body: first})
	if err != nil {
		t.Fatalf("%q was written as %q, which is refused: %v", body, first, err)
	}
	if second := write(t, c, again); !bytes.Equal(first, second) {
		t.Fatalf("%q was written as %q and then as %q", body, first, second)
	}
}

func write(t *testing.T, c wire.Codec, v any) []byte {
	t.Helper()
	var w wire.Response
	if err := c.EncodeOutput(&w, catalog, put, v); err != nil {
		t.Fatal(err)
	}
	return w.Body
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, `{"DatabaseName":"D","Table":{"Name":"t"}}`,
		`{"DatabaseName":"d","Table":{"Name":"t","Columns":[{"Name":"a","Type":null}],"Parameters":{"k":"v"},"Created":1.5e9,"Retention":-1},"Names":["x"],` +
			`"Secret":"sixsix","Key":"AA==","Limit":5,"Ratio":"NaN","Deep":{"Next":{"All":[{}]}},"Choice":{"B":1},"Free":[{}],"Flag":true,"Holes":[null],"ByName":{"a":{"Name":"b"}}}`,
		`{"DatabaseName":"\ud83d\ude00İΣ","Table":{"Name":"\u0000","Created":-0.001}}`,
		`{"x":{"y":[[[]]]}}`, "{\"DatabaseName\":\"\xff\"}", `{"Limit":1,"Limit":2}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) { fixpoint(t, op.AWSJSON11, body) })
}

func FuzzRestJSON(f *testing.F) {
	f.Add([]byte(`{"DatabaseName":"d","Table":{"Name":"t"}}`), "a=1&b=2", "text")
	f.Add([]byte(`{"Table":{"Name":"t","Created":12}}`), "DatabaseName=x", "\"quoted, text\", more")
	f.Fuzz(func(t *testing.T, body []byte, query, header string) {
		fixpoint(t, op.RestJSON, body)
		r := &wire.Request{Method: http.MethodPost, URL: &url.URL{RawQuery: query}, Header: http.Header{"X-List": {header}, "X-Meta-A": {header}}, Body: body}
		_, err := wire.For(op.RestJSON).Decode(bound, bind, r)
		var refusal op.Error
		if err != nil && !errors.As(err, &refusal) {
			t.Fatalf("%v is no error for a caller", err)
		}
	})
}

func FuzzRestXML(f *testing.F) {
	for _, seed := range []string{
		``, `<a/>`, `<Put><DatabaseName>d</DatabaseName><Table><Name>t</Name></Table></Put>`,
		`<P><DatabaseName>d&amp;&#x9;</DatabaseName><Table><Name>t</Name><Columns><member><Name>a</Name></member></Columns><Parameters><entry><key>k</key><value>v</value></entry></Parameters>` +
			`<Created>2015-01-25T08:00:00.123Z</Created></Table><Choice><A>x</A></Choice><Flag>true</Flag><Names/><Key>AA==</Key><Ratio>-Infinity</Ratio></P>`,
		`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, `<a><b></a></b>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) { fixpoint(t, op.RestXML, body) })
}

func FuzzCBOR(f *testing.F) {
	w := write(&testing.T{}, wire.For(op.RPCCBOR), &putInput{
		DatabaseName: "d", Table: &table{Name: "t", Created: ptr(op.Millis(1500)), Columns: []column{{Name: "c"}}, Parameters: map[string]string{"k": "v"}},
		Names: []string{}, Key: []byte{1}, Ratio: ptr(0.5), Choice: &choice{B: ptr(int64(-7))}, Flag: ptr(true), Holes: []*string{nil},
	})
	f.Add(w)
	f.Add([]byte{})
	f.Add([]byte{0xbf, 0xff})
	f.Add([]byte{0xa1, 0x65, 'L', 'i', 'm', 'i', 't', 0xc2, 0x41, 1})
	f.Fuzz(func(t *testing.T, body []byte) { fixpoint(t, op.RPCCBOR, body) })
}

// FuzzForm has no form writer to come back by; the stored form stands in.
func FuzzForm(f *testing.F) {
	f.Add("Action=Put&DatabaseName=d&Table.Name=t")
	f.Add("DatabaseName=d&Table.Name=t&Table.Columns.member.1.Name=a&Table.Parameters.entry.1.key=k&Names=&Limit=1&Choice.A=&Key=AA%3D%3D")
	f.Add("Table.=&.=&a.b.c&%zz&Names.member.99999999999=1")
	f.Fuzz(func(t *testing.T, form string) {
		in, err := decodeForm(put, form)
		if err != nil {
			var refusal op.Error
			if !errors.As(err, &refusal) {
				t.Fatalf("%v is no error for a caller", err)
			}
			return
		}
		first, err := wire.MarshalJSON(catalog, sPut, in)
		if err != nil {
			t.Fatal(err)
		}
		var back putInput
		if err := wire.UnmarshalJSON(catalog, sPut, first, &back); err != nil {
			t.Fatalf("%q: %v", first, err)
		}
		if second, _ := wire.MarshalJSON(catalog, sPut, &back); !bytes.Equal(first, second) {
			t.Fatalf("%q was written as %q and then as %q", form, first, second)
		}
	})
}
