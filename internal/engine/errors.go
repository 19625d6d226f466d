package engine

// Class says whose fault a failure is. The text is the name that Athena (Trino) gives it at
// the beginning of a query's error message.
type Class string

// Classes of failures.
const (
	ClassBadData     Class = "HIVE_BAD_DATA"           // a file does not hold what its table says
	ClassMissingFile Class = "HIVE_CANNOT_OPEN_SPLIT"  // a file is gone or cannot be read
	ClassUnsupported Class = "HIVE_UNSUPPORTED_FORMAT" // a format, type or compression not built
	ClassOutOfMemory Class = "EXCEEDED_MEMORY_LIMIT"   // the query needs more than it may use
	ClassOutOfSpace  Class = "EXCEEDED_LOCAL_SPACE"    // temporary files grew beyond their limit
	ClassOutOfTime   Class = "EXCEEDED_CPU_LIMIT"      // processor time
	ClassCast        Class = "INVALID_CAST_ARGUMENT"   // a value has no form in another type
	ClassRange       Class = "NUMERIC_VALUE_OUT_OF_RANGE"
	ClassDivision    Class = "DIVISION_BY_ZERO"
	ClassArgument    Class = "INVALID_FUNCTION_ARGUMENT" // a function refused its argument
	ClassStatement   Class = "SYNTAX_ERROR"              // the statement cannot be bound
	ClassDenied      Class = "PERMISSION_DENIED"         // the statement reached for what it was not given
	ClassInternal    Class = "GENERIC_INTERNAL_ERROR"
)

// Error is a failed query.
type Error struct {
	Class   Class
	Message string // for the user: names keys, never paths of this machine
	File    string // key of the file concerned, if one is known
	Err     error  // cause, for the log; may be nil
}

func (e *Error) Error() string { return string(e.Class) + ": " + e.Message }

func (e *Error) Unwrap() error { return e.Err }

// Classes lists every class.
func Classes() []Class {
	return []Class{
		ClassBadData, ClassMissingFile, ClassUnsupported, ClassOutOfMemory, ClassOutOfSpace, ClassOutOfTime,
		ClassCast, ClassRange, ClassDivision, ClassArgument, ClassStatement, ClassDenied, ClassInternal,
	}
}
