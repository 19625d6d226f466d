package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/engine/sql"
	"github.com/bindery-project/bindery/internal/engine/translate"
	"github.com/bindery-project/bindery/internal/op"
)

// Failure is why a query did not succeed, in the service's words.
type Failure struct {
	Reason    string // StateChangeReason
	Category  int32  // of AthenaError: 1 the system's fault, 2 the user's
	Type      int32  // of AthenaError
	Retryable bool
	Cancelled bool  // it ends as CANCELLED: a limit was reached
	Cause     error // for the log; nil when the reason says it all
}

// Error implements error.
func (f *Failure) Error() string { return f.Reason }

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Cause }

// Ours reports whether the failure is the system's fault and not the user's.
func (f *Failure) Ours() bool { return f.Category == systemFault }

// Categories and types of the service's error catalogue.
const (
	systemFault = 1
	userFault   = 2

	typeResources     = 0
	typeInternal      = 100
	typeWrite         = 401
	typeData          = 1001
	typeSchema        = 1004
	typeSyntax        = 1006
	typeArgument      = 1100
	typeTableProperty = 1103
	typeFunction      = 1106
	typeLocation      = 1109
	typeNoTable       = 1110
	typeUnsupported   = 1200
	typeNoFile        = 1302
	typeNoBucket      = 1306
	typePermission    = 1500
	typeS3Permission  = 1501
)

// errCutoff ends a query that would scan more than its workgroup allows.
var errCutoff = &Failure{
	Reason: "Bytes scanned limit was exceeded", Category: userFault, Type: typeResources, Cancelled: true,
}

// errExpired ends a query whose caller's session has expired.
var errExpired = &Failure{
	Reason:   "Access denied: The security token included in the request is expired",
	Category: userFault, Type: typePermission,
}

// Interrupted is the failure of a query whose server ended while it ran.
func Interrupted() *Failure {
	return &Failure{
		Reason:   "GENERIC_INTERNAL_ERROR: the server was stopped while the query ran. Run the query again.",
		Category: systemFault, Type: typeInternal, Retryable: true,
	}
}

// TimedOut is the failure of a query that ran too long.
func TimedOut() *Failure {
	return &Failure{Reason: "Query timeout", Category: userFault, Type: typeResources}
}

func unsupported(format string, args ...any) *Failure {
	return &Failure{
		Reason:   "NOT_SUPPORTED: bindery does not support this yet: " + fmt.Sprintf(format, args...),
		Category: userFault, Type: typeUnsupported,
	}
}

// outputError marks an error of storing the result.
type outputError struct{ err error }

func (e outputError) Error() string { return e.err.Error() }
func (e outputError) Unwrap() error { return e.err }

// explain turns any error of a run into a Failure, but for the end of the context.
func explain(ctx context.Context, err error) error {
	var failed *Failure
	var statement *sql.Error
	var denied *op.Denied
	var broken *engine.Error
	var output outputError
	var known op.Error
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("query stopped: %w", ctx.Err())
	case errors.As(err, &failed):
		return failed
	case errors.As(err, &output):
		return ofOutput(output)
	case errors.As(err, &statement):
		return &Failure{Reason: statement.Reason(), Category: userFault, Type: statementType(statement.Code)}
	case errors.As(err, &denied):
		return &Failure{
			Reason:   "Access denied: " + denied.Message + " (Service: AWSGlue; Status Code: 400; Error Code: AccessDeniedException)",
			Category: userFault, Type: typePermission,
		}
	case errors.As(err, &broken):
		return ofEngine(broken)
	case errors.As(err, &known) && !known.ServerFault():
		return &Failure{
			Reason:   fmt.Sprintf("HIVE_METASTORE_ERROR: %s (Service: AWSGlue; Status Code: 400; Error Code: %s)", known.ErrorMessage(), known.ErrorCode()),
			Category: userFault, Type: typeSchema,
		}
	}
	return Internal(err)
}

// Internal is the failure of a query that met an error nobody foresaw.
func Internal(cause error) *Failure {
	return &Failure{
		Reason:   "GENERIC_INTERNAL_ERROR: an internal error ended the query",
		Category: systemFault, Type: typeInternal, Retryable: true, Cause: cause,
	}
}

func ofOutput(err outputError) *Failure {
	var denied *op.Denied
	if errors.As(err, &denied) {
		return &Failure{
			Reason:   "Access denied when writing output to the result location: " + denied.Message,
			Category: userFault, Type: typeS3Permission,
		}
	}
	return &Failure{
		Reason:   "GENERIC_INTERNAL_ERROR: the result could not be stored",
		Category: systemFault, Type: typeWrite, Retryable: true, Cause: err,
	}
}

// statementTypes are the types of a statement's faults; those not named are
// faults of syntax.
var statementTypes = map[sql.Code]int32{
	"TABLE_NOT_FOUND": typeNoTable, "SCHEMA_NOT_FOUND": typeNoTable,
	"FUNCTION_NOT_FOUND": typeFunction, sql.NotSupported: typeUnsupported,
}

func statementType(code sql.Code) int32 {
	if t, ok := statementTypes[code]; ok {
		return t
	}
	return typeSyntax
}

// engineTypes are the types of the engine's failures; those not named are the system's.
var engineTypes = map[engine.Class]int32{
	engine.ClassBadData: typeData, engine.ClassMissingFile: typeNoFile, engine.ClassUnsupported: typeUnsupported,
	engine.ClassOutOfMemory: typeResources, engine.ClassOutOfSpace: typeResources, engine.ClassOutOfTime: typeResources,
	engine.ClassCast: typeArgument, engine.ClassRange: typeArgument, engine.ClassDivision: typeArgument,
	engine.ClassArgument: typeArgument, engine.ClassStatement: typeSyntax, engine.ClassDenied: typePermission,
}

// ownFaults are the engine's failures that the statement itself is to blame for.
var ownFaults = []engine.Class{engine.ClassCast, engine.ClassRange, engine.ClassDivision, engine.ClassArgument, engine.ClassStatement}

func ofEngine(err *engine.Error) *Failure {
	f := &Failure{Reason: string(err.Class) + ": " + err.Message, Category: userFault, Cause: err.Err}
	if slices.Contains(ownFaults, err.Class) {
		f.Reason = translate.Reason(err.Message) // the statement's own faults carry their code
	}
	if err.File != "" && !strings.Contains(err.Message, err.File) {
		f.Reason += " (" + err.File + ")"
	}
	kind, known := engineTypes[err.Class]
	f.Type = kind
	if !known {
		f.Category, f.Type, f.Retryable = systemFault, typeInternal, true
	}
	return f
}
