package duck

import (
	"errors"
	"strings"

	bind "github.com/duckdb/duckdb-go-bindings"

	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// failureOf makes what a task returns: the class is the worker's code.
func failureOf(class engine.Class, message string) *worker.TaskError {
	return &worker.TaskError{Code: string(class), Message: message}
}

// badDataMark begins the message of an error() call in a scan expression; the index of the
// file follows, then this separator and the text. See text.go.
const (
	badDataMark      = "\x01bindery-bad-data\x1f"
	badDataSeparator = "\x1f"
)

// classes maps DuckDB's kinds of errors. What is missing is internal.
var classes = map[bind.ErrorType]engine.Class{
	bind.ErrorTypeOutOfRange:       engine.ClassRange,
	bind.ErrorTypeDecimal:          engine.ClassRange,
	bind.ErrorTypeConversion:       engine.ClassCast,
	bind.ErrorTypeMismatchType:     engine.ClassCast,
	bind.ErrorTypeDivideByZero:     engine.ClassDivision,
	bind.ErrorTypeInvalidInput:     engine.ClassArgument,
	bind.ErrorTypeOutOfMemory:      engine.ClassOutOfMemory,
	bind.ErrorTypePermission:       engine.ClassDenied,
	bind.ErrorTypeErrorIO:          engine.ClassMissingFile,
	bind.ErrorTypeParser:           engine.ClassStatement,
	bind.ErrorTypeSyntax:           engine.ClassStatement,
	bind.ErrorTypeBinder:           engine.ClassStatement,
	bind.ErrorTypeCatalog:          engine.ClassStatement,
	bind.ErrorTypeExpression:       engine.ClassStatement,
	bind.ErrorTypeNotImplemented:   engine.ClassUnsupported,
	bind.ErrorTypeMissingExtension: engine.ClassDenied,
	bind.ErrorTypeSettings:         engine.ClassDenied,
}

// duckError turns a failure of execution into the task's.
func duckError(kind bind.ErrorType, message string) *worker.TaskError {
	class, known := classes[kind]
	if !known {
		class = engine.ClassInternal
	}
	return refine(class, message)
}

// prefixes are the words with which DuckDB begins a message. While a statement is prepared,
// they are the only form in which the C interface gives the kind.
var prefixes = map[string]bind.ErrorType{
	"Out of Range Error": bind.ErrorTypeOutOfRange, "Conversion Error": bind.ErrorTypeConversion,
	"Mismatch Type Error": bind.ErrorTypeMismatchType, "Divide by Zero Error": bind.ErrorTypeDivideByZero,
	"Invalid Input Error": bind.ErrorTypeInvalidInput, "Out of Memory Error": bind.ErrorTypeOutOfMemory,
	"Permission Error": bind.ErrorTypePermission, "IO Error": bind.ErrorTypeErrorIO,
	"Parser Error": bind.ErrorTypeParser, "Syntax Error": bind.ErrorTypeSyntax,
	"Binder Error": bind.ErrorTypeBinder, "Catalog Error": bind.ErrorTypeCatalog,
	"Not implemented Error": bind.ErrorTypeNotImplemented, "Missing Extension Error": bind.ErrorTypeMissingExtension,
	"Parameter Not Allowed Error": bind.ErrorTypeInvalidInput,
}

func prepareError(message string) *worker.TaskError {
	prefix, _, _ := strings.Cut(message, ":")
	kind, known := prefixes[prefix]
	if !known {
		kind = bind.ErrorTypeInternal
	}
	return duckError(kind, message)
}

// refine corrects a class by what the message says, where DuckDB's kind is too wide.
func refine(class engine.Class, message string) *worker.TaskError {
	switch {
	case strings.Contains(message, badDataMark):
		class = engine.ClassBadData
	case strings.Contains(message, "STRUCT to STRUCT cast must have"):
		class = engine.ClassBadData // no field of the file's is one of the table's
	case strings.Contains(message, "BYTE_STREAM_SPLIT encoding is only supported"):
		class = engine.ClassUnsupported // of integers
	case class == engine.ClassOutOfMemory && strings.Contains(message, "max_temp_directory_size"):
		class = engine.ClassOutOfSpace
	}
	return failureOf(class, message)
}

// asTaskError finds the task's failure in err, or makes an internal one.
func asTaskError(err error) *worker.TaskError {
	var failed *worker.TaskError
	if errors.As(err, &failed) {
		return failed
	}
	return failureOf(engine.ClassInternal, err.Error())
}
