package wire_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

func decodeForm(o *op.Operation, form string) (any, error) {
	return wire.For(op.Query).Decode(catalog, o, &wire.Request{Method: "POST", URL: &url.URL{}, Body: []byte(form)})
}

func TestDecodeForm(t *testing.T) {
	in, err := decodeForm(put, strings.Join([]string{
		"Action=Put", "Version=2020-01-01", "DatabaseName=Sales",
		"Table.Name=T%20x", "Table.Columns.member.2.Name=b", "Table.Columns.member.10.Name=c", "Table.Columns.member.1.Name=a",
		"Table.Parameters.entry.1.key=k", "Table.Parameters.entry.1.value=v+w", "Table.Created=2015-01-25T08:00:00.5Z",
		"Names=", "Key=AAEC", "Limit=5", "Ratio=NaN", "Choice.B=9", "Flag=true",
	}, "&"))
	if err != nil {
		t.Fatal(err)
	}
	got := in.(*putInput)
	if *got.Ratio == *got.Ratio {
		t.Errorf("Ratio = %v, want NaN", *got.Ratio)
	}
	got.Ratio = nil
	want := &putInput{
		DatabaseName: "sales",
		Table: &table{
			Name: "t x", Columns: []column{{Name: "a"}, {Name: "b"}, {Name: "c"}},
			Parameters: map[string]string{"k": "v w"}, Created: ptr(op.Millis(1422172800500)),
		},
		Names: []string{}, Key: []byte{0, 1, 2}, Limit: ptr(int32(5)), Choice: &choice{B: ptr(int64(9))}, Flag: ptr(true),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestDecodeFormFromURL(t *testing.T) {
	u := &url.URL{RawQuery: "Action=Get&DatabaseName=d&Name=n"}
	in, err := wire.For(op.Query).Decode(catalog, get, &wire.Request{Method: "GET", URL: u})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&getInput{"d", "n"}, in); d != "" {
		t.Error(d)
	}
}

func TestDecodeFormRefuses(t *testing.T) {
	for _, tc := range []struct{ form, code, text string }{
		{"DatabaseName=a&DatabaseName=b", "MalformedQueryString", "A parameter is given more than once"},
		{"DatabaseName=%zz", "MalformedQueryString", "The parameters are not well-formed"},
		{"DatabaseName=%ff", "MalformedQueryString", "The parameters are not well-formed"},
		{strings.Repeat("a&", wire.MaxMembers+1), "MalformedQueryString", "Too many parameters"},
		{"Limit=x", "MalformedInput", "STRING_VALUE can not be converted to an Integer"},
		{"Limit.a=1", "MalformedInput", "Start of structure or map found where not expected."},
		{"Names.member.x=1", "MalformedInput", "Unexpected complex element termination"},
		{"Deep" + strings.Repeat(".Next", 200) + "=", "MalformedInput", "The request is nested too deeply"},
		{"", "ValidationError", "2 validation errors detected: " +
			"Value null at 'databaseName' failed to satisfy constraint: Member must not be null; " +
			"Value null at 'table' failed to satisfy constraint: Member must not be null"},
	} {
		_, err := decodeForm(put, tc.form)
		var fault *op.Fault
		if !errors.As(err, &fault) {
			t.Errorf("%.60s: err = %v, want a fault", tc.form, err)
			continue
		}
		if fault.Code != tc.code || fault.Message != tc.text {
			t.Errorf("%.60s:\n got %s: %s\nwant %s: %s", tc.form, fault.Code, fault.Message, tc.code, tc.text)
		}
	}
}

func TestEncodeQuery(t *testing.T) {
	w := wire.Response{RequestID: "r-1"}
	out := &putInput{
		DatabaseName: "a<b>&\n", Names: []string{"x"}, Table: &table{Name: "t", Created: ptr(op.Millis(1422172800500))},
		ByName: map[string]column{"k": {Name: "n"}},
	}
	if err := wire.For(op.Query).EncodeOutput(&w, catalog, put, out); err != nil {
		t.Fatal(err)
	}
	want := `<PutResponse xmlns="https://example.com/doc/"><PutResult><DatabaseName>a&lt;b&gt;&amp;&#xA;</DatabaseName>` +
		`<Table><Name>t</Name><Created>2015-01-25T08:00:00.5Z</Created></Table><Names><member>x</member></Names>` +
		`<ByName><entry><key>k</key><value><Name>n</Name></value></entry></ByName></PutResult>` +
		`<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></PutResponse>`
	if string(w.Body) != want {
		t.Errorf("\n got %s\nwant %s", w.Body, want)
	}
}

func TestEncodeQueryRaw(t *testing.T) {
	var w wire.Response
	if err := wire.For(op.Query).EncodeOutput(&w, catalog, get, &getOutput{TablesRaw: []op.Raw{op.Raw(`{"Name":"t"}`)}}); err != nil {
		t.Fatal(err)
	}
	if want := `<Tables><member><Name>t</Name></member></Tables>`; !strings.Contains(string(w.Body), want) {
		t.Errorf("got %s, want it to hold %s", w.Body, want)
	}
}

func TestEncodeQueryError(t *testing.T) {
	for _, tc := range []struct {
		err    op.Error
		status int
		inner  string
	}{
		{&notFound{Message: ptr("no t"), Hint: ptr("h")}, 400, `<Type>Sender</Type><Code>EntityNotFoundException</Code><Message>no t</Message><Hint>h</Hint>`},
		{&op.Fault{Code: "ServiceFailure", Status: 500, Server: true}, 500, `<Type>Receiver</Type><Code>ServiceFailure</Code>`},
	} {
		var w wire.Response
		if err := wire.For(op.Query).EncodeError(&w, catalog, tc.err, "r"); err != nil {
			t.Fatal(err)
		}
		want := `<ErrorResponse xmlns="https://example.com/doc/"><Error>` + tc.inner + `</Error><RequestId>r</RequestId></ErrorResponse>`
		if string(w.Body) != want || w.Status != tc.status {
			t.Errorf("\n got %d %s\nwant %d %s", w.Status, w.Body, tc.status, want)
		}
	}
}
