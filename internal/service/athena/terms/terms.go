// Package terms holds what Athena's resources say alike: errors in the service's words,
// and page tokens.
package terms

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/page"
)

const (
	// Via is how the other services see that Athena calls on somebody's behalf.
	Via = "athena.amazonaws.com"
	// Primary is the workgroup that every account has.
	Primary = "primary"
	// Catalog is the data catalog that every account has; names are compared without regard to case.
	Catalog = "AwsDataCatalog"
	// Engine is the version whose behaviour queries show.
	Engine = "Athena engine version 3"
)

// Invalid is an InvalidRequestException.
func Invalid(format string, args ...any) error {
	return &athenaapi.InvalidRequestException{Message: fmt.Sprintf(format, args...), AthenaErrorCode: new("INVALID_INPUT")}
}

// Malformed is an InvalidRequestException about a statement.
func Malformed(message string) error {
	return &athenaapi.InvalidRequestException{Message: message, AthenaErrorCode: new("MALFORMED_QUERY")}
}

// Unsupported refuses a part of a request by name.
func Unsupported(what string) error {
	return &athenaapi.InvalidRequestException{
		Message:         fmt.Sprintf("NOT_SUPPORTED: bindery does not support %s yet.", what),
		AthenaErrorCode: new("NOT_SUPPORTED"),
	}
}

// IsCatalog reports whether a name means the account's own catalog.
func IsCatalog(name string) bool { return strings.EqualFold(name, Catalog) }

// Pages makes and reads the tokens of lists. A token is good for the same operation,
// caller and parameters.
type Pages struct{ Sealer page.Sealer }

// Next is the token for the page that begins after position.
func (p Pages) Next(call *op.Call, parameters any, position []byte) (*string, error) {
	token, err := page.Encode(p.Sealer, scope(call, parameters), position, call.Now)
	return &token, err
}

// After is the position of a token, nil when there is none. parameters is the input
// without token and page size.
func (p Pages) After(call *op.Call, parameters any, token *string) ([]byte, error) {
	if token == nil || *token == "" {
		return nil, nil
	}
	position, err := page.Decode(p.Sealer, scope(call, parameters), *token, call.Now)
	if errors.Is(err, page.ErrInvalid) {
		return nil, Invalid("Invalid NextToken.")
	}
	return position, err
}

func scope(call *op.Call, parameters any) page.Scope {
	return page.Scope{
		Operation: call.Service + ":" + call.Operation, Account: call.Account,
		Principal: call.Principal.ARN, Parameters: parameters,
	}
}

// Size is the length of a page: what was asked for, at most limit.
func Size(asked *int32, limit int) int {
	if asked == nil || int(*asked) > limit || *asked < 1 {
		return limit
	}
	return int(*asked)
}
