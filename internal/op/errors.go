package op

import (
	"fmt"
	"strings"
)

// Error is an error that a client may see. Generated error structures
// implement it; so does [Fault] for the errors that no model lists.
type Error interface {
	error
	ErrorCode() string    // "EntityNotFoundException"
	ErrorMessage() string // the text for the caller
	HTTPStatus() int      // 0: 400, or 500 when ServerFault
	ServerFault() bool
}

// Modeled is an error that a model lists. The engine encodes the members of
// its shape.
type Modeled interface {
	Error
	ErrorShape() ShapeID
}

// Fault is an error outside the models: signature, routing, validation.
type Fault struct {
	Code    string
	Message string
	Status  int
	Server  bool
}

// Error implements error.
func (f *Fault) Error() string { return f.Code + ": " + f.Message }

// ErrorCode implements [Error].
func (f *Fault) ErrorCode() string { return f.Code }

// ErrorMessage implements [Error].
func (f *Fault) ErrorMessage() string { return f.Message }

// HTTPStatus implements [Error].
func (f *Fault) HTTPStatus() int { return f.Status }

// ServerFault implements [Error].
func (f *Fault) ServerFault() bool { return f.Server }

// Denied is an authorization refusal. The gateway words and shapes it for the
// protocol; Message is AWS's text.
type Denied struct {
	Message string
}

// Error implements error.
func (d *Denied) Error() string { return d.Message }

// Unsupported is what a generated refusal answers: the operation is known,
// authorized and not built.
func Unsupported(service, operation string) error {
	return &Fault{
		Code:    "UnsupportedOperationException",
		Message: fmt.Sprintf("bindery does not support %s:%s yet.", service, operation),
	}
}

// Validation is the ValidationException that AWS answers to input that breaks
// its model, one text per broken constraint.
func Validation(problems []string) error {
	noun := "errors"
	if len(problems) == 1 {
		noun = "error"
	}
	return &Fault{
		Code:    "ValidationException",
		Message: fmt.Sprintf("%d validation %s detected: %s", len(problems), noun, strings.Join(problems, "; ")),
	}
}
