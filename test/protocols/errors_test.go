package protocols_test

import (
	"net/http"
	"reflect"

	"github.com/bindery-project/bindery/internal/op"
)

// The vectors' error structures. reflect can make structures but no methods,
// so these few are written out; errorTypes gives them to the builder.
var errorTypes = map[string]reflect.Type{
	"InvalidGreeting":        reflect.TypeFor[invalidGreeting](),
	"CustomCodeError":        reflect.TypeFor[invalidGreeting](),
	"NoCustomCodeError":      reflect.TypeFor[invalidGreeting](),
	"ComplexError":           reflect.TypeFor[complexError](),
	"ComplexNestedErrorData": reflect.TypeFor[complexNested](),
	"FooError":               reflect.TypeFor[fooError](),
}

type invalidGreeting struct {
	Modelled
	Message *string
}

type complexError struct {
	Modelled
	Header   *string
	TopLevel *string
	Nested   *complexNested
}

type complexNested struct{ Foo *string }

type fooError struct{ Modelled }

// Modelled makes a structure an op.Modeled.
type Modelled struct {
	shape   *op.Shape
	id      op.ShapeID
	message string
}

func (e *Modelled) Error() string          { return e.shape.Error.Code }
func (e *Modelled) ErrorCode() string      { return e.shape.Error.Code }
func (e *Modelled) ErrorMessage() string   { return e.message }
func (e *Modelled) ErrorShape() op.ShapeID { return e.id }
func (e *Modelled) ServerFault() bool      { return e.shape.Error.Server }

func (e *Modelled) HTTPStatus() int {
	if e.shape.Error.Status == 0 && e.shape.Error.Server {
		return http.StatusInternalServerError
	}
	return e.shape.Error.Status
}
