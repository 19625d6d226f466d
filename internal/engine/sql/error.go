package sql

import "fmt"

// Pos is a place in the statement's text. Line and Column count from 1 and
// Column counts code points, as Athena's messages do; Offset counts bytes.
type Pos struct {
	Line   int
	Column int
	Offset int
}

// Position makes every node that embeds a Pos a [Node].
func (p Pos) Position() Pos { return p }

// Code names the class of a fault in the engine's words. It is the text before
// the first colon of a query's StateChangeReason.
type Code string

// The codes that parsing can give; the analyzer adds its own.
const (
	SyntaxError  Code = "SYNTAX_ERROR"
	NotSupported Code = "NOT_SUPPORTED"
)

// Error is a fault of the statement at one place.
type Error struct {
	Code    Code
	Line    int
	Column  int
	Message string
}

// Error gives the message as StartQueryExecution words it for syntax errors
// ("line 1:8: mismatched input …"), and with the code in front for the others
// ("NOT_SUPPORTED: line 1:1: …").
func (e *Error) Error() string {
	text := e.place() + e.Message
	if e.Code == SyntaxError {
		return text
	}
	return string(e.Code) + ": " + text
}

// Reason gives the text of a failed query, which always begins with the code.
func (e *Error) Reason() string {
	return string(e.Code) + ": " + e.place() + e.Message
}

// place is empty for a fault that the engine finds while it runs, and therefore
// tells without a place.
func (e *Error) place() string {
	if e.Line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d:%d: ", e.Line, e.Column)
}

// Errorf builds an error of any code at a position.
func Errorf(pos Pos, code Code, format string, args ...any) *Error {
	return &Error{Code: code, Line: pos.Line, Column: pos.Column, Message: fmt.Sprintf(format, args...)}
}
