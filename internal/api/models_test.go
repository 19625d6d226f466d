package api_test

import (
	"context"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

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
)

// refused is every service, bound to its refusals.
var refused = map[string][]op.Bound{
	"bindery":        binderyapi.Bind(binderyapi.Refused{}),
	"accessanalyzer": accessanalyzerapi.Bind(accessanalyzerapi.Refused{}),
	"athena":         athenaapi.Bind(athenaapi.Refused{}),
	"cloudformation": cloudformationapi.Bind(cloudformationapi.Refused{}),
	"cloudwatch":     cloudwatchapi.Bind(cloudwatchapi.Refused{}),
	"glue":           glueapi.Bind(glueapi.Refused{}),
	"iam":            iamapi.Bind(iamapi.Refused{}),
	"kms":            kmsapi.Bind(kmsapi.Refused{}),
	"lakeformation":  lakeformationapi.Bind(lakeformationapi.Refused{}),
	"logs":           logsapi.Bind(logsapi.Refused{}),
	"secretsmanager": secretsmanagerapi.Bind(secretsmanagerapi.Refused{}),
	"sts":            stsapi.Bind(stsapi.Refused{}),
}

// TestModelsAreComplete walks every operation of every model: it can be
// found by name, has a rule that asks for something, an input to decode into,
// a line in docs/operations, and refuses by name when nobody answers it.
func TestModelsAreComplete(t *testing.T) {
	if len(api.Models) != len(refused) {
		t.Fatalf("%d models, %d are walked", len(api.Models), len(refused))
	}
	total := 0
	for _, m := range api.Models {
		index, err := os.ReadFile("../../docs/operations/" + m.ID + ".md")
		if err != nil {
			t.Fatal(err)
		}
		bound := refused[m.ID]
		if len(bound) != len(m.Operations) || len(bound) == 0 {
			t.Fatalf("%s: %d operations, %d bound", m.ID, len(m.Operations), len(bound))
		}
		for i, b := range bound {
			total++
			if b.Operation != &m.Operations[i] || b.Model != m || m.Operation(b.Name) != b.Operation {
				t.Errorf("%s %s is not found by its name, or bound to another row", m.ID, b.Name)
			}
			if !strings.Contains(string(index), "| "+b.Name+" | ") {
				t.Errorf("%s %s has no line in docs/operations", m.ID, b.Name)
			}
			checkRule(t, m, b.Operation)
			checkRefusal(t, m, b)
		}
	}
	t.Logf("%d operations walked", total)
}

func checkRule(t *testing.T, m *op.Model, o *op.Operation) {
	t.Helper()
	service, name, ok := strings.Cut(o.Auth.Action, ":")
	if !ok || service == "" || name == "" {
		t.Errorf("%s %s: action %q", m.ID, o.Name, o.Auth.Action)
	}
	if len(o.Auth.Resources) == 0 && o.Auth.Resolver == "" {
		t.Errorf("%s %s asks for nothing", m.ID, o.Name)
	}
	for _, r := range o.Auth.Resources {
		if r.Template != "*" && !strings.HasPrefix(r.Template, "arn:aws:") && !strings.HasPrefix(r.Template, "{") {
			t.Errorf("%s %s: template %q is no ARN", m.ID, o.Name, r.Template)
		}
	}
}

func checkRefusal(t *testing.T, m *op.Model, b op.Bound) {
	t.Helper()
	out, err := b.Call(context.Background(), b.NewInput())
	var fault op.Error
	if out != nil || !errors.As(err, &fault) {
		t.Fatalf("%s %s: refusal answers %v, %v", m.ID, b.Name, out, err)
	}
	if fault.ErrorCode() != "UnsupportedOperationException" || !strings.Contains(fault.ErrorMessage(), m.ID+":"+b.Name) {
		t.Errorf("%s %s: refused with %v", m.ID, b.Name, err)
	}
}

// TestUnsignedOperations names every operation that is served without a
// signature, and every one that nothing can deny: new ones must be put here
// by hand.
func TestUnsignedOperations(t *testing.T) {
	var anonymous, always []string
	for _, m := range api.Models {
		for _, o := range m.Operations {
			if o.Auth.Anonymous {
				anonymous = append(anonymous, o.Auth.Action)
			}
			if o.Auth.Always {
				always = append(always, o.Auth.Action)
			}
		}
	}
	slices.Sort(anonymous)
	slices.Sort(always)
	if want := []string{"sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"}; !slices.Equal(anonymous, want) {
		t.Errorf("unsigned: %v, want %v", anonymous, want)
	}
	if want := []string{"bindery:GetDecision", "sts:GetCallerIdentity", "sts:GetSessionToken"}; !slices.Equal(always, want) {
		t.Errorf("always allowed: %v, want %v", always, want)
	}
}

// TestDescriptorsFitTypes follows every input from its descriptor into its Go
// type: names, kinds, pointers for what may be absent, ready-JSON fields.
func TestDescriptorsFitTypes(t *testing.T) {
	walked := 0
	for _, m := range api.Models {
		f := fitter{t: t, m: m, seen: map[op.ShapeID]bool{}}
		for i := range m.Operations {
			o := &m.Operations[i]
			in := reflect.TypeOf(o.NewInput()).Elem()
			if o.Input == op.NoShape {
				if in.NumField() != 0 {
					t.Errorf("%s %s has no input shape, but fields", m.ID, o.Name)
				}
				continue
			}
			f.structure(o.Input, in)
		}
		walked += len(f.seen)
	}
	if walked < 1000 {
		t.Errorf("only %d shapes were walked", walked)
	}
}

type fitter struct {
	t    *testing.T
	m    *op.Model
	seen map[op.ShapeID]bool
}

func (f *fitter) structure(id op.ShapeID, typ reflect.Type) {
	if f.seen[id] {
		return
	}
	f.seen[id] = true
	s := f.m.Shape(id)
	for _, m := range s.Members {
		field := typ.Field(m.Field)
		if want := strings.ToUpper(m.Name[:1]) + m.Name[1:]; field.Name != want {
			f.t.Errorf("%s: %s.%s is carried by the field %s", f.m.ID, s.Name, m.Name, field.Name)
		}
		f.member(s, &m, field.Type)
		if m.RawField != 0 && typ.Field(m.RawField).Name != "Raw"+field.Name {
			f.t.Errorf("%s: %s.%s has the ready field %s", f.m.ID, s.Name, m.Name, typ.Field(m.RawField).Name)
		}
	}
}

func (f *fitter) member(s *op.Shape, m *op.Member, typ reflect.Type) {
	pointer := typ.Kind() == reflect.Pointer
	if pointer {
		typ = typ.Elem()
	}
	kind := f.m.Shape(m.Shape).Kind
	nilable := slices.Contains([]op.Kind{op.List, op.Map, op.Blob, op.Document}, kind)
	want := kind == op.Structure || kind == op.Union || !m.Required && !nilable
	if pointer != want {
		f.t.Errorf("%s: %s.%s is a pointer: %t, want %t", f.m.ID, s.Name, m.Name, pointer, want)
	}
	f.value(m.Shape, typ)
}

var carriers = map[op.Kind]reflect.Type{
	op.String: reflect.TypeFor[string](), op.Enum: reflect.TypeFor[string](), op.Blob: reflect.TypeFor[[]byte](),
	op.Boolean: reflect.TypeFor[bool](), op.Integer: reflect.TypeFor[int32](), op.Long: reflect.TypeFor[int64](),
	op.Float: reflect.TypeFor[float32](), op.Double: reflect.TypeFor[float64](),
	op.Timestamp: reflect.TypeFor[op.Millis](), op.Document: reflect.TypeFor[op.Raw](),
}

func (f *fitter) value(id op.ShapeID, typ reflect.Type) {
	s := f.m.Shape(id)
	switch want := carriers[s.Kind]; {
	case s.Kind == op.Structure || s.Kind == op.Union:
		f.structure(id, typ)
	case s.Kind == op.List:
		f.value(s.Elem, typ.Elem())
	case s.Kind == op.Map:
		f.value(s.Key, typ.Key())
		f.value(s.Elem, typ.Elem())
	case typ != want:
		f.t.Errorf("%s: %s is carried by %s", f.m.ID, s.Name, typ)
	}
}

// TestPatternsCompile runs every pattern once: each is valid for RE2 or a
// function, and none panics.
func TestPatternsCompile(t *testing.T) {
	patterns := 0
	for _, m := range api.Models {
		for i := range m.Shapes {
			s := &m.Shapes[i]
			if (s.Match == nil) != (s.Pattern == "") {
				t.Errorf("%s: %s has a pattern without a function, or the other way round", m.ID, s.Name)
			}
			if s.Match != nil {
				s.Match("arn:aws:x")
				patterns++
			}
		}
	}
	if patterns < 200 {
		t.Errorf("only %d patterns", patterns)
	}
}

// TestErrors holds codes and statuses that clients tell errors by.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		err    op.Modeled
		model  *op.Model
		code   string
		status int
		server bool
	}{
		{&glueapi.EntityNotFoundException{Message: "x"}, &glueapi.Model, "EntityNotFoundException", 400, false},
		{&glueapi.InternalServiceException{Message: "x"}, &glueapi.Model, "InternalServiceException", 500, true},
		{&iamapi.NoSuchEntityException{Message: "x"}, &iamapi.Model, "NoSuchEntity", 404, false},
		{&iamapi.EntityAlreadyExistsException{Message: "x"}, &iamapi.Model, "EntityAlreadyExists", 409, false},
		{&stsapi.PackedPolicyTooLargeException{Message: "x"}, &stsapi.Model, "PackedPolicyTooLarge", 400, false},
		{&athenaapi.InternalServerException{Message: "x"}, &athenaapi.Model, "InternalServerException", 500, true},
		{&kmsapi.NotFoundException{Message: "x"}, &kmsapi.Model, "NotFoundException", 400, false},
	} {
		if c.err.ErrorCode() != c.code || c.err.HTTPStatus() != c.status || c.err.ServerFault() != c.server || c.err.ErrorMessage() != "x" {
			t.Errorf("%T: %s %d %t %q", c.err, c.err.ErrorCode(), c.err.HTTPStatus(), c.err.ServerFault(), c.err.ErrorMessage())
		}
		info := c.model.Shape(c.err.ErrorShape()).Error
		if info == nil || info.Code != c.code || info.Status != c.status || info.Server != c.server {
			t.Errorf("%T: its shape says %+v", c.err, info)
		}
	}
}

// TestConversions copies what both structures have and nothing else.
func TestConversions(t *testing.T) {
	in := &glueapi.TableInput{Name: "t", Owner: new("o"), Parameters: map[string]string{"k": "v"}}
	out := glueapi.TableFromInput(in)
	if out.Name != "t" || *out.Owner != "o" || out.Parameters["k"] != "v" || out.CreateTime != nil {
		t.Errorf("table %+v", out)
	}
	if back := glueapi.TableInputFromTable(out); !reflect.DeepEqual(back, in) {
		t.Errorf("back %+v, want %+v", back, in)
	}
	if glueapi.TableFromInput(nil) != nil {
		t.Error("nothing became a table")
	}
}
