package analyze

import "github.com/bindery-project/bindery/internal/engine/sql"

// The codes of the engine for faults found after parsing. Each is the text
// before the first colon of a StateChangeReason.
const (
	TableNotFound           sql.Code = "TABLE_NOT_FOUND"
	ColumnNotFound          sql.Code = "COLUMN_NOT_FOUND"
	FunctionNotFound        sql.Code = "FUNCTION_NOT_FOUND"
	TypeMismatch            sql.Code = "TYPE_MISMATCH"
	TypeNotFound            sql.Code = "TYPE_NOT_FOUND"
	AmbiguousName           sql.Code = "AMBIGUOUS_NAME"
	NotAggregate            sql.Code = "EXPRESSION_NOT_AGGREGATE"
	NotScalar               sql.Code = "EXPRESSION_NOT_SCALAR"
	NotInDistinct           sql.Code = "EXPRESSION_NOT_IN_DISTINCT"
	NestedAggregation       sql.Code = "NESTED_AGGREGATION"
	NestedWindow            sql.Code = "NESTED_WINDOW"
	InvalidColumnReference  sql.Code = "INVALID_COLUMN_REFERENCE"
	InvalidLiteral          sql.Code = "INVALID_LITERAL"
	InvalidArguments        sql.Code = "INVALID_ARGUMENTS"
	InvalidFunctionArgument sql.Code = "INVALID_FUNCTION_ARGUMENT"
	InvalidWindow           sql.Code = "INVALID_WINDOW_FRAME"
	MismatchedAliases       sql.Code = "MISMATCHED_COLUMN_ALIASES"
	DuplicateQuery          sql.Code = "DUPLICATE_NAMED_QUERY"
	DuplicateColumn         sql.Code = "DUPLICATE_COLUMN_NAME"
	MissingFrom             sql.Code = "COLUMN_NOT_FOUND"
	FunctionNotAggregate    sql.Code = "FUNCTION_NOT_AGGREGATE"
	FunctionNotWindow       sql.Code = "FUNCTION_NOT_WINDOW"
	MissingOrderBy          sql.Code = "MISSING_ORDER_BY"
	MissingOver             sql.Code = "MISSING_OVER"
	ViewIsStale             sql.Code = "VIEW_IS_STALE"
	ViewIsRecursive         sql.Code = "VIEW_IS_RECURSIVE"
	InvalidView             sql.Code = "INVALID_VIEW"
	InvalidParameterUsage   sql.Code = "INVALID_PARAMETER_USAGE"
	NumericOutOfRange       sql.Code = "NUMERIC_VALUE_OUT_OF_RANGE"
)
