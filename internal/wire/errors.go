package wire

import (
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/bindery-project/bindery/internal/op"
)

// errorStatus is the HTTP status of an error: its own, or by fault.
func errorStatus(e op.Error) int {
	switch {
	case e.HTTPStatus() != 0:
		return e.HTTPStatus()
	case e.ServerFault():
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// errorShapes caches, per model, the error structures by code:
// *op.Model -> map[string]op.ShapeID.
var errorShapes sync.Map

// errorShape returns the structure that the model gives an error code, or nil.
func errorShape(m *op.Model, code string) *op.Shape {
	if id, ok := errorIDs(m)[code]; ok {
		return m.Shape(id)
	}
	return nil
}

func errorIDs(m *op.Model) map[string]op.ShapeID {
	if known, ok := errorShapes.Load(m); ok {
		return known.(map[string]op.ShapeID)
	}
	ids := map[string]op.ShapeID{}
	for i := range m.Shapes {
		if info := m.Shapes[i].Error; info != nil {
			ids[info.Code] = op.ShapeID(i)
		}
	}
	errorShapes.Store(m, ids)
	return ids
}

// modelledError returns the plan and value of an error that is carried by the
// structure of its code; an invalid value for faults and other errors.
func modelledError(m *op.Model, e op.Error) (*plan, reflect.Value) {
	if _, ok := e.(*op.Fault); ok {
		return nil, reflect.Value{}
	}
	id, ok := errorIDs(m)[e.ErrorCode()]
	v := reflect.Indirect(reflect.ValueOf(e))
	if !ok || v.Kind() != reflect.Struct {
		return nil, reflect.Value{}
	}
	p, err := planFor(m, id, v.Type())
	if err != nil {
		return nil, reflect.Value{} // another type with a modelled code: message only
	}
	return p, v
}

// messageName is how an error's message member is called: as the model says,
// "message" for errors of the framework.
func messageName(s *op.Shape) string {
	if s != nil {
		for i := range s.Members {
			if name := s.Members[i].Name; strings.EqualFold(name, "message") {
				return name
			}
		}
	}
	return "message"
}
