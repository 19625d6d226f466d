package protocols_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bindery-project/bindery/internal/api"
	"github.com/bindery-project/bindery/internal/api/accessanalyzerapi"
	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/api/binderyapi"
	"github.com/bindery-project/bindery/internal/api/cloudformationapi"
	"github.com/bindery-project/bindery/internal/api/cloudwatchapi"
	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/api/lakeformationapi"
	"github.com/bindery-project/bindery/internal/api/logsapi"
	"github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/api/stsapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/wire"
)

// services are the generated interfaces, from which the output types are read.
var services = map[string]reflect.Type{
	"accessanalyzer": reflect.TypeFor[accessanalyzerapi.API](),
	"athena":         reflect.TypeFor[athenaapi.API](), "bindery": reflect.TypeFor[binderyapi.API](), "cloudformation": reflect.TypeFor[cloudformationapi.API](),
	"cloudwatch": reflect.TypeFor[cloudwatchapi.API](), "glue": reflect.TypeFor[glueapi.API](),
	"iam": reflect.TypeFor[iamapi.API](), "kms": reflect.TypeFor[kmsapi.API](),
	"lakeformation": reflect.TypeFor[lakeformationapi.API](), "logs": reflect.TypeFor[logsapi.API](),
	"secretsmanager": reflect.TypeFor[secretsmanagerapi.API](), "sts": reflect.TypeFor[stsapi.API](),
}

// TestModels holds the engines against every operation of every generated
// model: descriptors fit their Go types, an input reads back as it was
// written, and an output is well-formed in every protocol of its service.
func TestModels(t *testing.T) {
	operations := 0
	for _, m := range api.Models {
		service, ok := services[m.ID]
		if !ok {
			t.Errorf("no interface listed for service %s", m.ID)
			continue
		}
		for i := range m.Operations {
			o := &m.Operations[i]
			operations++
			t.Run(m.ID+"/"+o.Name, func(t *testing.T) {
				method, ok := service.MethodByName(o.Name)
				if !ok {
					t.Fatal("the interface has no such method")
				}
				roundTrip(t, m, o)
				emptyInput(t, m, o)
				writeOutput(t, m, o, method.Type.Out(0))
			})
		}
	}
	if operations < 900 {
		t.Errorf("only %d operations", operations)
	}
}

func roundTrip(t *testing.T, m *op.Model, o *op.Operation) {
	if o.Input == op.NoShape {
		return
	}
	in := o.NewInput()
	sample(m, o.Input, reflect.ValueOf(in).Elem(), 0)
	data, err := wire.MarshalJSON(m, o.Input, in)
	if err != nil {
		t.Fatal(err)
	}
	back := o.NewInput()
	if err := wire.UnmarshalJSON(m, o.Input, data, back); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	if d := cmp.Diff(in, back); d != "" {
		t.Errorf("%s\n%s", data, d)
	}
	wire.Validate(m, o.Input, in)
}

// emptyInput decodes nothing: an input or a ValidationException comes back.
func emptyInput(t *testing.T, m *op.Model, o *op.Operation) {
	for _, p := range m.Protocols {
		_, err := wire.For(p).Decode(m, o, &wire.Request{URL: &url.URL{}})
		var fault *op.Fault
		if err != nil && (!errors.As(err, &fault) || !strings.HasPrefix(fault.Code, "Validation")) {
			t.Errorf("protocol %d: %v", p, err)
		}
	}
}

func writeOutput(t *testing.T, m *op.Model, o *op.Operation, typ reflect.Type) {
	out := reflect.New(typ.Elem())
	if o.Output != op.NoShape {
		sample(m, o.Output, out.Elem(), 0)
	}
	for _, p := range m.Protocols {
		var w wire.Response
		if err := wire.For(p).EncodeOutput(&w, m, o, out.Interface()); err != nil {
			t.Errorf("protocol %d: %v", p, err)
		}
		if err := wellFormed(p, w.Body, payloadKind(m, o)); err != nil {
			t.Errorf("protocol %d: %v\n%s", p, err, w.Body)
		}
	}
}

func wellFormed(p op.Protocol, body []byte, payload op.Kind) error {
	switch p {
	case op.AWSJSON10, op.AWSJSON11, op.RestJSON:
		if payload == op.Blob {
			return nil
		}
		_, err := jsonValue(body)
		return err
	case op.RPCCBOR:
		if len(body) == 0 {
			return nil
		}
		return cbor.Wellformed(body)
	case op.Query, op.RestXML:
		return readXML(body)
	}
	return fmt.Errorf("no protocol %d", p)
}

func readXML(body []byte) error {
	d := xml.NewDecoder(strings.NewReader(string(body)))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// sampleDepth bounds samples of recursive shapes.
const sampleDepth = 5

// sample fills v with one value of everything.
func sample(m *op.Model, id op.ShapeID, v reflect.Value, depth int) {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	shape := m.Shape(id)
	switch shape.Kind {
	case op.Structure:
		for _, member := range shape.Members {
			sampleMember(m, member, v, depth)
		}
	case op.Union:
		member := flattest(m, shape)
		sample(m, member.Shape, v.Field(member.Field), depth+1)
	case op.List:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		sample(m, shape.Elem, v.Index(0), depth+1)
	case op.Map:
		v.Set(reflect.MakeMap(v.Type()))
		elem := reflect.New(v.Type().Elem()).Elem()
		sample(m, shape.Elem, elem, depth+1)
		v.SetMapIndex(reflect.ValueOf("key").Convert(v.Type().Key()), elem)
	default:
		sampleScalar(shape.Kind, v)
	}
}

// flattest picks a union member that ends soonest: a scalar, a structure, else
// the first.
func flattest(m *op.Model, shape *op.Shape) op.Member {
	best := shape.Members[0]
	for _, member := range shape.Members {
		switch k := m.Shape(member.Shape).Kind; {
		case k > op.Map:
			return member
		case k == op.Structure:
			best = member
		}
	}
	return best
}

func sampleMember(m *op.Model, member op.Member, v reflect.Value, depth int) {
	if target := m.Shape(member.Shape).Kind; depth > sampleDepth && (target <= op.Map) {
		return
	}
	sample(m, member.Shape, v.Field(member.Field), depth+1)
}

func sampleScalar(k op.Kind, v reflect.Value) {
	switch k {
	case op.String, op.Enum:
		v.SetString("a <b> \"c\"\n\u00e9\U0001F600")
	case op.Blob:
		v.SetBytes([]byte{0, 255})
	case op.Document:
		v.SetBytes([]byte(`{"any":[1,null]}`))
	case op.Boolean:
		v.SetBool(true)
	case op.Integer, op.Long:
		v.SetInt(-42)
	case op.Float, op.Double:
		v.SetFloat(0.25)
	case op.Timestamp:
		v.SetInt(1595358275375)
	}
}

// TestGlueTexts checks constraint texts on the real model.
func TestGlueTexts(t *testing.T) {
	o := glueapi.Model.Operation("CreateTable")
	body := `{"DatabaseName":"d","TableInput":{"Name":"t","StorageDescriptor":{"Columns":[{"Name":"a"},{"Name":"b","Comment":"x\ny"}]}}}`
	_, err := wire.For(op.AWSJSON11).Decode(&glueapi.Model, o, &wire.Request{Body: []byte(body)})
	want := "ValidationException: 1 validation error detected: Value 'x\ny' at 'tableInput.storageDescriptor.columns.2.member.comment' " +
		`failed to satisfy constraint: Member must satisfy regular expression pattern: [\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*`
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

// TestErrorsAreEncoded writes one modelled error in every protocol.
func TestErrorsAreEncoded(t *testing.T) {
	var w wire.Response
	e := &glueapi.EntityNotFoundException{}
	if err := fill(&glueapi.Model, e.ErrorShape(), reflect.ValueOf(e).Elem(), map[string]any{"Message": "Table not found."}); err != nil {
		t.Fatal(err)
	}
	if err := wire.For(op.AWSJSON11).EncodeError(&w, &glueapi.Model, e, "id"); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"__type": "EntityNotFoundException", "Message": "Table not found."}
	got, err := jsonValue(w.Body)
	if d := cmp.Diff(any(want), got, cmpopts.EquateEmpty()); d != "" || err != nil || w.Status != 400 {
		t.Errorf("%d %v %s", w.Status, err, d)
	}
}

// BenchmarkGlue is the hot path on the real model.
func BenchmarkGlue(b *testing.B) {
	c := wire.For(op.AWSJSON11)
	b.Run("decode GetTable", func(b *testing.B) {
		o := glueapi.Model.Operation("GetTable")
		r := &wire.Request{Body: []byte(`{"DatabaseName": "sales_2024", "Name": "orders"}`)}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Decode(&glueapi.Model, o, r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encode GetPartitions 100", func(b *testing.B) {
		o := glueapi.Model.Operation("GetPartitions")
		out := &glueapi.GetPartitionsOutput{}
		sample(&glueapi.Model, o.Output, reflect.ValueOf(out).Elem(), 0)
		for len(out.Partitions) < 100 {
			out.Partitions = append(out.Partitions, out.Partitions[0])
		}
		w := &wire.Response{}
		b.ReportAllocs()
		for b.Loop() {
			w.Body = w.Body[:0]
			if err := c.EncodeOutput(w, &glueapi.Model, o, out); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(len(w.Body)))
	})
	b.Run("decode CreateTable 40 columns", func(b *testing.B) {
		o := glueapi.Model.Operation("CreateTable")
		column := `{"Name":"column_name","Type":"string","Comment":"a comment"}`
		body := `{"DatabaseName":"d","TableInput":{"Name":"t","StorageDescriptor":{"Columns":[` + strings.Repeat(column+",", 39) + column +
			`],"Location":"s3://b/p/"},"Parameters":{"classification":"parquet"}}}`
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if _, err := c.Decode(&glueapi.Model, o, &wire.Request{Body: []byte(body)}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
