package protocols_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
)

// suite is one entry of a vector file: shapes and the cases that use them.
type suite struct {
	Description string              `json:"description"`
	Metadata    metadata            `json:"metadata"`
	Shapes      map[string]shapeDef `json:"shapes"`
	Cases       []vector            `json:"cases"`
}

type metadata struct {
	XMLNamespace    string    `json:"xmlNamespace"`
	QueryCompatible *struct{} `json:"awsQueryCompatible"`
}

type shapeDef struct {
	Type            string               `json:"type"`
	Members         map[string]memberDef `json:"members"`
	Required        []string             `json:"required"`
	Member          memberDef            `json:"member"`
	Key             memberDef            `json:"key"`
	Value           memberDef            `json:"value"`
	Payload         string               `json:"payload"`
	Union           bool                 `json:"union"`
	Document        bool                 `json:"document"`
	Flattened       bool                 `json:"flattened"`
	Exception       bool                 `json:"exception"`
	Fault           bool                 `json:"fault"`
	TimestampFormat string               `json:"timestampFormat"`
	LocationName    string               `json:"locationName"`
	Enum            []string             `json:"enum"`
	Error           struct {
		Code   string `json:"code"`
		Status int    `json:"httpStatusCode"`
	} `json:"error"`
}

type memberDef struct {
	Shape           string  `json:"shape"`
	Location        string  `json:"location"`
	LocationName    *string `json:"locationName"`
	Flattened       bool    `json:"flattened"`
	TimestampFormat string  `json:"timestampFormat"`
	XMLAttribute    bool    `json:"xmlAttribute"`
	JSONValue       bool    `json:"jsonvalue"`
}

func (m memberDef) tag() string {
	if m.LocationName == nil {
		return ""
	}
	return *m.LocationName
}

// unrolled is how often a recursive structure repeats: reflect cannot make
// recursive types, and no vector nests deeper.
const unrolled = 3

// builder turns shape definitions into a model and Go types as the generator
// would write them.
type builder struct {
	defs  map[string]shapeDef
	model *op.Model
	open  map[string]int
	roots map[string]root // what cases of a suite share
}

type root struct {
	id  op.ShapeID
	typ reflect.Type
}

func newBuilder(s *suite, protocol op.Protocol) *builder {
	return &builder{
		defs:  s.Shapes,
		model: &op.Model{ID: "vectors", Protocol: protocol, XMLNamespace: s.Metadata.XMLNamespace, QueryErrors: s.Metadata.QueryCompatible != nil},
		open:  map[string]int{},
		roots: map[string]root{},
	}
}

// root returns the shape and type of an input, output or error, made once.
func (b *builder) root(name string) (op.ShapeID, reflect.Type) {
	r, ok := b.roots[name]
	if !ok {
		r.id, r.typ = b.add(name)
		b.roots[name] = r
	}
	return r.id, r.typ
}

// add returns a new shape of the model for a definition, and its Go type.
func (b *builder) add(name string) (op.ShapeID, reflect.Type) {
	def, ok := b.defs[name]
	if !ok {
		panic("vectors: no shape " + name)
	}
	id := op.ShapeID(len(b.model.Shapes))
	b.model.Shapes = append(b.model.Shapes, op.Shape{Name: name})
	shape := op.Shape{Name: name, Kind: kindOf(def)}
	var t reflect.Type
	switch shape.Kind {
	case op.Structure, op.Union:
		t = b.structure(name, def, &shape)
	case op.List:
		t = b.list(name, def, &shape)
	case op.Map:
		t = b.mapping(name, def, &shape)
	default:
		t = scalarTypes[shape.Kind]
		if shape.Kind == op.Enum {
			shape.Enum = def.Enum
		}
	}
	b.model.Shapes[id] = shape
	return id, t
}

func kindOf(def shapeDef) op.Kind {
	kinds := map[string]op.Kind{
		"list": op.List, "map": op.Map, "string": op.String, "blob": op.Blob, "boolean": op.Boolean,
		"integer": op.Integer, "long": op.Long, "float": op.Float, "double": op.Double, "timestamp": op.Timestamp,
	}
	switch {
	case def.Document:
		return op.Document
	case def.Union:
		return op.Union
	case def.Type == "structure":
		return op.Structure
	case def.Type == "string" && len(def.Enum) > 0:
		return op.Enum
	}
	kind, ok := kinds[def.Type]
	if !ok {
		panic("vectors: no kind for type " + def.Type)
	}
	return kind
}

var scalarTypes = map[op.Kind]reflect.Type{
	op.String: reflect.TypeFor[string](), op.Enum: reflect.TypeFor[string](), op.Blob: reflect.TypeFor[[]byte](),
	op.Boolean: reflect.TypeFor[bool](), op.Integer: reflect.TypeFor[int32](), op.Long: reflect.TypeFor[int64](),
	op.Float: reflect.TypeFor[float32](), op.Double: reflect.TypeFor[float64](),
	op.Timestamp: reflect.TypeFor[op.Millis](), op.Document: reflect.TypeFor[op.Raw](),
}

func (b *builder) structure(name string, def shapeDef, shape *op.Shape) reflect.Type {
	b.open[name]++
	defer func() { b.open[name]-- }()
	var fields []reflect.StructField
	fixed := errorTypes[name]
	for _, member := range slices.Sorted(maps.Keys(def.Members)) {
		m := def.Members[member]
		if b.open[b.target(m.Shape)] > unrolled {
			continue
		}
		id, t := b.add(m.Shape)
		row := b.member(member, m, def)
		row.Shape, row.Field = id, len(fields)
		fields = append(fields, reflect.StructField{Name: exported(member), Type: fieldType(b.model.Shape(id).Kind, row.Required, t)})
		if fixed != nil {
			row.Field = fieldIndex(fixed, exported(member))
		}
		shape.Members = append(shape.Members, row)
	}
	if def.Exception {
		shape.Error = &op.ErrorInfo{Code: errorCode(name, def), Status: def.Error.Status, Server: def.Fault}
		if b.model.QueryErrors {
			// Code and status of the trait are the query protocol's.
			shape.Error = &op.ErrorInfo{Code: name, Server: def.Fault, Query: def.Error.Code}
		}
	}
	if fixed != nil {
		return fixed
	}
	return reflect.StructOf(fields)
}

// target looks through lists and maps to what they hold.
func (b *builder) target(name string) string {
	switch def := b.defs[name]; def.Type {
	case "list":
		return b.target(def.Member.Shape)
	case "map":
		return b.target(def.Value.Shape)
	}
	return name
}

func exported(member string) string { return strings.ToUpper(member[:1]) + member[1:] }

func fieldIndex(t reflect.Type, name string) int {
	f, ok := t.FieldByName(name)
	if !ok {
		panic(fmt.Sprintf("vectors: %s has no field %s", t, name))
	}
	return f.Index[0]
}

func errorCode(name string, def shapeDef) string {
	if def.Error.Code != "" {
		return def.Error.Code
	}
	return name
}

// fieldType is a member's Go type: pointers for what may be absent.
func fieldType(k op.Kind, required bool, t reflect.Type) reflect.Type {
	switch k {
	case op.List, op.Map, op.Blob, op.Document:
		return t
	case op.Structure, op.Union:
		return reflect.PointerTo(t)
	}
	if required {
		return t
	}
	return reflect.PointerTo(t)
}

func (b *builder) member(name string, m memberDef, parent shapeDef) op.Member {
	target := b.defs[m.Shape]
	row := op.Member{
		Name: name, Wire: name, LocName: name, Attribute: m.XMLAttribute,
		Required:  slices.Contains(parent.Required, name),
		Flattened: m.Flattened || target.Flattened,
		Time:      timeFormat(m.TimestampFormat, b.timeShape(target)),
	}
	if m.LocationName != nil {
		row.Wire, row.LocName = *m.LocationName, *m.LocationName
	}
	row.Location = map[string]op.Location{
		"header": op.InHeader, "headers": op.InPrefixHeaders, "uri": op.InLabel, "statusCode": op.InStatus,
	}[m.Location]
	if m.Location == "querystring" {
		row.Location = op.InQuery
		if target.Type == "map" {
			row.Location = op.InQueryParams
		}
	}
	if parent.Payload == name {
		row.Location = op.InPayload
	}
	return row
}

// timeShape is the timestamp format of a shape or, for a list, its elements.
func (b *builder) timeShape(def shapeDef) string {
	if def.Type == "list" {
		return b.defs[def.Member.Shape].TimestampFormat
	}
	return def.TimestampFormat
}

func timeFormat(own, shape string) op.TimeFormat {
	if own == "" {
		own = shape
	}
	return map[string]op.TimeFormat{
		"": op.TimeDefault, "iso8601": op.TimeDateTime, "rfc822": op.TimeHTTPDate, "unixTimestamp": op.TimeEpochSeconds,
	}[own]
}

// list makes []T. The vectors name lists that keep nulls "Sparse…"; botocore's
// models have no other mark.
func (b *builder) list(name string, def shapeDef, shape *op.Shape) reflect.Type {
	id, t := b.add(def.Member.Shape)
	shape.Elem, shape.ElemTag = id, def.Member.tag()
	shape.Flattened = def.Flattened
	shape.Sparse = strings.HasPrefix(name, "Sparse")
	if shape.Sparse && b.model.Shape(id).Kind <= op.Union || shape.Sparse && isScalar(b.model.Shape(id).Kind) {
		t = reflect.PointerTo(t)
	}
	return reflect.SliceOf(t)
}

func (b *builder) mapping(name string, def shapeDef, shape *op.Shape) reflect.Type {
	shape.Key, _ = b.add(def.Key.Shape)
	shape.KeyTag, shape.ValTag = def.Key.tag(), def.Value.tag()
	shape.Flattened = def.Flattened
	id, t := b.add(def.Value.Shape)
	shape.Elem = id
	shape.Sparse = strings.HasPrefix(name, "Sparse")
	if kind := b.model.Shape(id).Kind; shape.Sparse && (isScalar(kind) || kind <= op.Union) {
		t = reflect.PointerTo(t)
	}
	return reflect.MapOf(reflect.TypeFor[string](), t)
}

func isScalar(k op.Kind) bool {
	return k >= op.String && k != op.Blob && k != op.Document
}
