package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/bindery-project/bindery/tools/models/facts"
)

// convert turns a botocore model into facts.
func convert(raw *rawModel, id, source string) (*facts.Service, error) {
	m := raw.Metadata
	s := &facts.Service{
		ID: id, Title: m.ServiceID, Version: m.APIVersion, Source: source,
		Endpoint: m.EndpointPrefix, Signing: cmp.Or(m.SigningName, m.EndpointPrefix),
		TargetPrefix: m.TargetPrefix, JSONVersion: m.JSONVersion, XMLNamespace: m.XMLNamespace,
		Protocols: m.Protocols, QueryErrors: m.QueryErrors != nil,
	}
	if len(s.Protocols) == 0 {
		s.Protocols = []string{m.Protocol}
	}
	for _, o := range raw.Operations {
		s.Operations = append(s.Operations, convertOperation(o.Name, &o.Value, raw.Pages))
	}
	for _, r := range raw.Shapes {
		shape, err := convertShape(r.Name, &r.Value)
		if err != nil {
			return nil, err
		}
		s.Shapes = append(s.Shapes, shape)
	}
	slices.SortFunc(s.Operations, func(a, b facts.Operation) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Shapes, func(a, b facts.Shape) int { return cmp.Compare(a.Name, b.Name) })
	return s, nil
}

func convertOperation(name string, raw *rawOperation, pages map[string]rawPage) facts.Operation {
	o := facts.Operation{
		Name: name, Input: raw.Input.Shape, Output: raw.Output.Shape, Wrapper: raw.Output.Wrapper,
		Method: raw.HTTP.Method, Path: raw.HTTP.RequestURI,
		ReadOnly: raw.ReadOnly, Unsigned: raw.AuthType == "none",
	}
	if raw.HTTP.ResponseCode != 200 {
		o.Status = raw.HTTP.ResponseCode
	}
	for _, e := range raw.Errors {
		o.Errors = append(o.Errors, e.Shape)
	}
	if p, ok := pages[name]; ok {
		o.Page = &facts.Paginator{Input: first(p.Input), Output: first(p.Output), Items: first(p.Items), Size: first(p.Size)}
	}
	return o
}

// first returns a name, or the first of a list of names.
func first(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		return first(v[0])
	}
	return ""
}

func convertShape(name string, raw *rawShape) (facts.Shape, error) {
	s := facts.Shape{
		Name: name, Type: shapeType(raw), Pattern: raw.Pattern, Enum: raw.Enum,
		Sensitive: raw.Sensitive, Flattened: raw.Flattened, Streaming: raw.Streaming || raw.EventStream,
	}
	var err error
	if s.Min, err = whole(raw.Min); err != nil {
		return s, fmt.Errorf("shape %s: %w", name, err)
	}
	if s.Max, err = whole(raw.Max); err != nil {
		return s, fmt.Errorf("shape %s: %w", name, err)
	}
	switch raw.Type {
	case "list":
		s.Elem, s.ElemTag = raw.Member.Shape, raw.Member.LocationName
	case "map":
		s.Key, s.KeyTag = raw.Key.Shape, raw.Key.LocationName
		s.Elem, s.ElemTag = raw.Value.Shape, raw.Value.LocationName
	}
	if raw.Exception {
		s.Error = &facts.Error{QueryCode: raw.Error.Code, Status: raw.Error.Status, Server: raw.Fault}
	}
	for _, m := range raw.Members {
		s.Members = append(s.Members, convertMember(m.Name, &m.Value, raw))
	}
	return s, nil
}

func convertMember(name string, raw *rawRef, owner *rawShape) facts.Member {
	m := facts.Member{
		Name: name, Shape: raw.Shape, Location: raw.Location, Time: raw.TimestampFormat,
		Required:  slices.Contains(owner.Required, name),
		Flattened: raw.Flattened, Attribute: raw.XMLAttribute, Token: raw.IdempotencyToken,
	}
	if raw.LocationName != name {
		m.Wire = raw.LocationName
	}
	if owner.Payload == name {
		m.Location = "payload"
	}
	return m
}

func shapeType(raw *rawShape) string {
	switch {
	case raw.Document:
		return "document"
	case raw.Union || raw.EventStream:
		return "union"
	case raw.Type == "string" && len(raw.Enum) > 0:
		return "enum"
	}
	return raw.Type
}

// whole turns a bound into an integer; the models know no others.
func whole(f *float64) (*int64, error) {
	if f == nil {
		return nil, nil
	}
	if *f >= math.MaxInt64 { // Long.MAX_VALUE does not survive a float
		return new(int64(math.MaxInt64)), nil
	}
	if *f != math.Trunc(*f) {
		return nil, fmt.Errorf("bound %v is no integer", *f)
	}
	return new(int64(*f)), nil
}
