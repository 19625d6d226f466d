// Package terms holds what the resources of Glue say alike: whose catalog a
// call is about, the errors in AWS's words, and page tokens.
package terms

import (
	"fmt"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
)

// Account is the account that owns the catalog a call is about: the caller's
// own when id is absent. Only default catalogs exist; their id is the account's.
func Account(call *op.Call, id *string) (string, error) {
	switch {
	case id == nil || *id == "":
		return call.Account, nil
	case arn.ValidAccount(*id):
		return *id, nil
	}
	return "", NotFound("Catalog %s not found.", *id)
}

// NotFound is an EntityNotFoundException.
func NotFound(format string, args ...any) error {
	return &glueapi.EntityNotFoundException{Message: fmt.Sprintf(format, args...)}
}

// NoDatabase says that a database does not exist.
func NoDatabase(name string) error { return NotFound("Database %s not found.", name) }

// NoTable says that a table does not exist.
func NoTable(name string) error { return NotFound("Table %s not found.", name) }

// Invalid is an InvalidInputException.
func Invalid(format string, args ...any) error {
	return &glueapi.InvalidInputException{Message: fmt.Sprintf(format, args...)}
}

// Exists is an AlreadyExistsException.
func Exists(message string) error { return &glueapi.AlreadyExistsException{Message: message} }

// TooMany is a ResourceNumberLimitExceededException.
func TooMany(format string, args ...any) error {
	return &glueapi.ResourceNumberLimitExceededException{Message: fmt.Sprintf(format, args...)}
}

// Unsupported refuses a part of an operation that is built otherwise.
func Unsupported(operation, member string) error {
	return &op.Fault{
		Code:    "UnsupportedOperationException",
		Message: fmt.Sprintf("bindery does not support %s of glue:%s yet.", member, operation),
	}
}

// Detail is the error of one element of a batch.
func Detail(err op.Error) *glueapi.ErrorDetail {
	return &glueapi.ErrorDetail{ErrorCode: new(err.ErrorCode()), ErrorMessage: new(err.ErrorMessage())}
}

// RefuseTravel refuses the members of governed tables, which AWS has withdrawn.
func RefuseTravel(operation string, transaction *string, at *op.Millis) error {
	switch {
	case transaction != nil && at != nil:
		return Invalid("QueryAsOfTime and TransactionId cannot be used together.")
	case transaction != nil:
		return Unsupported(operation, "TransactionId")
	case at != nil:
		return Unsupported(operation, "QueryAsOfTime")
	}
	return nil
}
