package wire_test

import (
	"strings"

	"github.com/bindery-project/bindery/internal/op"
)

// A small catalog in the form that generated packages have.

type column struct {
	Name    string
	Type    *string
	Comment *string
}

type table struct {
	Name       string
	Columns    []column
	Parameters map[string]string
	Created    *op.Millis
	Retention  *int32
	Owner      *string
}

type putInput struct {
	DatabaseName string
	Table        *table
	Names        []string
	Secret       *string
	Key          []byte
	Limit        *int32
	Ratio        *float64
	Deep         *node
	Choice       *choice
	Free         op.Raw
	Flag         *bool
	Holes        []*string
	ByName       map[string]column
	Kind         *string
}

type node struct {
	Next *node
	All  []node
}

type choice struct {
	A *string
	B *int64
}

type getInput struct {
	DatabaseName string
	Name         string
}

type getOutput struct {
	Table     *table
	Tables    []table
	TableRaw  op.Raw
	TablesRaw []op.Raw
}

type notFound struct {
	Message *string
	Hint    *string
}

func (e *notFound) Error() string          { return "not found" }
func (e *notFound) ErrorCode() string      { return "EntityNotFoundException" }
func (e *notFound) ErrorMessage() string   { return *e.Message }
func (e *notFound) HTTPStatus() int        { return 0 }
func (e *notFound) ServerFault() bool      { return false }
func (e *notFound) ErrorShape() op.ShapeID { return sNotFound }

const (
	sString op.ShapeID = iota
	sName
	sColumn
	sColumns
	sParams
	sTable
	sNames
	sSecret
	sBlob
	sInt
	sDouble
	sNode
	sNodes
	sChoice
	sLong
	sDoc
	sBool
	sHoles
	sByName
	sEnum
	sTime
	sPut
	sGet
	sGetOut
	sNotFound
	sTables
	sKey
	sValue
)

func member(name string, shape op.ShapeID, field int) op.Member {
	return op.Member{Name: name, Wire: name, Shape: shape, Field: field}
}

func required(m op.Member) op.Member { m.Required = true; return m }
func folded(m op.Member) op.Member   { m.Fold = true; return m }
func raw(m op.Member, at int) op.Member {
	m.RawField = at
	return m
}

func noLineBreak(s string) bool { return !strings.ContainsAny(s, "\r\n") }

// catalog is the fixture's model.
var catalog = &op.Model{
	ID: "catalog", XMLNamespace: "https://example.com/doc/",
	Shapes: []op.Shape{
		sString: {Name: "String", Kind: op.String},
		sName: {
			Name: "NameString", Kind: op.String, HasMin: true, Min: 1, HasMax: true, Max: 255,
			Pattern: "[^\\r\\n]*", Match: noLineBreak,
		},
		sColumn: {Name: "Column", Kind: op.Structure, Members: []op.Member{
			required(member("Name", sName, 0)), member("Type", sString, 1), member("Comment", sName, 2),
		}},
		sColumns: {Name: "ColumnList", Kind: op.List, Elem: sColumn},
		sParams:  {Name: "ParametersMap", Kind: op.Map, Key: sKey, Elem: sValue},
		sTable: {Name: "Table", Kind: op.Structure, Members: []op.Member{
			required(folded(member("Name", sName, 0))), member("Columns", sColumns, 1), member("Parameters", sParams, 2),
			member("Created", sTime, 3), member("Retention", sInt, 4), member("Owner", sName, 5),
		}},
		sNames:  {Name: "NameList", Kind: op.List, Elem: sName, HasMax: true, Max: 3},
		sSecret: {Name: "Secret", Kind: op.String, HasMin: true, Min: 6, Sensitive: true},
		sBlob:   {Name: "Blob", Kind: op.Blob, HasMin: true, Min: 1, HasMax: true, Max: 4096},
		sInt:    {Name: "PageSize", Kind: op.Integer, HasMin: true, Min: 1, HasMax: true, Max: 100},
		sDouble: {Name: "Double", Kind: op.Double},
		sNode: {Name: "Node", Kind: op.Structure, Members: []op.Member{
			member("Next", sNode, 0), member("All", sNodes, 1),
		}},
		sNodes: {Name: "Nodes", Kind: op.List, Elem: sNode},
		sChoice: {Name: "Choice", Kind: op.Union, Members: []op.Member{
			member("A", sString, 0), member("B", sLong, 1),
		}},
		sLong:   {Name: "Long", Kind: op.Long},
		sDoc:    {Name: "Document", Kind: op.Document},
		sBool:   {Name: "Boolean", Kind: op.Boolean},
		sHoles:  {Name: "Holes", Kind: op.List, Elem: sString, Sparse: true},
		sByName: {Name: "ColumnMap", Kind: op.Map, Key: sString, Elem: sColumn},
		sEnum:   {Name: "TableKind", Kind: op.Enum, Enum: []string{"VIEW", "TABLE"}},
		sTime:   {Name: "Timestamp", Kind: op.Timestamp},
		sPut: {Name: "PutRequest", Kind: op.Structure, Members: []op.Member{
			required(folded(member("DatabaseName", sName, 0))), required(member("Table", sTable, 1)),
			folded(member("Names", sNames, 2)), member("Secret", sSecret, 3), member("Key", sBlob, 4),
			member("Limit", sInt, 5), member("Ratio", sDouble, 6), member("Deep", sNode, 7),
			member("Choice", sChoice, 8), member("Free", sDoc, 9), member("Flag", sBool, 10),
			member("Holes", sHoles, 11), member("ByName", sByName, 12), member("Kind", sEnum, 13),
		}},
		sGet: {Name: "GetRequest", Kind: op.Structure, Members: []op.Member{
			required(folded(member("DatabaseName", sName, 0))), required(folded(member("Name", sName, 1))),
		}},
		sGetOut: {Name: "GetResponse", Kind: op.Structure, Members: []op.Member{
			raw(member("Table", sTable, 0), 2), raw(member("Tables", sTables, 1), 3),
		}},
		sNotFound: {
			Name: "EntityNotFoundException", Kind: op.Structure,
			Error: &op.ErrorInfo{Code: "EntityNotFoundException"},
			Members: []op.Member{
				member("Message", sString, 0), member("Hint", sString, 1),
			},
		},
		sTables: {Name: "TableList", Kind: op.List, Elem: sTable},
		sKey:    {Name: "KeyString", Kind: op.String, HasMin: true, Min: 1, HasMax: true, Max: 255},
		sValue:  {Name: "ParametersMapValue", Kind: op.String, HasMax: true, Max: 512},
	},
}

var (
	put  = &op.Operation{Name: "Put", Input: sPut, Output: sPut, NewInput: func() any { return new(putInput) }}
	get  = &op.Operation{Name: "Get", Input: sGet, Output: sGetOut, NewInput: func() any { return new(getInput) }}
	ping = &op.Operation{Name: "Ping", Input: op.NoShape, Output: op.NoShape}
)

func ptr[T any](v T) *T { return &v }
