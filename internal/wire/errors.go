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

// queryCode is an error's code for query clients, where a model that moved to
// another protocol kept an older name for it; else "".
func queryCode(m *op.Model, e op.Error) string {
	if s := errorShape(m, e.ErrorCode()); s != nil {
		return s.Error.Query
	}
	return ""
}

// blame is the Type of an error in query answers.
func blame(e op.Error) string {
	if e.ServerFault() || errorStatus(e) >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

// queryError adds the header by which clients that grew up with a service's
// query protocol still find the old code.
func (w *Response) queryError(m *op.Model, e op.Error) {
	if !m.QueryErrors {
		return
	}
	if code := queryCode(m, e); code != "" {
		w.Header.Set("X-Amzn-Query-Error", code+";"+blame(e))
	}
}

// modelledError returns the plan and value of an error that the model lists;
// a nil plan for faults and for errors of other models.
func modelledError(m *op.Model, e op.Error) (*plan, reflect.Value) {
	modelled, ok := e.(op.Modeled)
	v := reflect.Indirect(reflect.ValueOf(e))
	if !ok || v.Kind() != reflect.Struct {
		return nil, reflect.Value{}
	}
	id := modelled.ErrorShape()
	if id < 0 || int(id) >= len(m.Shapes) {
		return nil, reflect.Value{}
	}
	if info := m.Shape(id).Error; info == nil || info.Code != e.ErrorCode() {
		return nil, reflect.Value{}
	}
	p, err := planFor(m, id, v.Type())
	if err != nil {
		return nil, reflect.Value{}
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
