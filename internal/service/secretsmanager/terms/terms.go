// Package terms holds what the resources of Secrets Manager say alike: errors in the service's
// words, and the tokens of its lists.
package terms

import (
	"errors"
	"fmt"

	"github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/page"
)

// Parameter is an InvalidParameterException: what was given cannot be.
func Parameter(format string, args ...any) error {
	return &secretsmanagerapi.InvalidParameterException{Message: fmt.Sprintf(format, args...)}
}

// Request is an InvalidRequestException: the secret is in no state for it.
func Request(format string, args ...any) error {
	return &secretsmanagerapi.InvalidRequestException{Message: fmt.Sprintf(format, args...)}
}

// NotFound says that something does not exist.
func NotFound(format string, args ...any) error {
	return &secretsmanagerapi.ResourceNotFoundException{Message: fmt.Sprintf(format, args...)}
}

// NoSecret says that there is no such secret.
func NoSecret() error { return NotFound("Secrets Manager can't find the specified secret.") }

// Exists is a ResourceExistsException.
func Exists(format string, args ...any) error {
	return &secretsmanagerapi.ResourceExistsException{Message: fmt.Sprintf(format, args...)}
}

// Limit is a LimitExceededException.
func Limit(format string, args ...any) error {
	return &secretsmanagerapi.LimitExceededException{Message: fmt.Sprintf(format, args...)}
}

// Unsupported refuses a part of a request by name.
func Unsupported(what string) error {
	return &op.Fault{Code: "UnsupportedOperationException", Message: fmt.Sprintf("bindery does not support %s of Secrets Manager yet.", what)}
}

// Pages makes and reads the tokens of lists. A token is good for the same operation, caller and
// parameters.
type Pages struct{ Sealer page.Sealer }

// Next is the token for the page that begins after position.
func (p Pages) Next(call *op.Call, parameters any, position string) (*string, error) {
	token, err := page.Encode(p.Sealer, scope(call, parameters), []byte(position), call.Now)
	return &token, err
}

// After is the position of a token, "" when there is none.
func (p Pages) After(call *op.Call, parameters any, token *string) (string, error) {
	if token == nil {
		return "", nil
	}
	position, err := page.Decode(p.Sealer, scope(call, parameters), *token, call.Now)
	if errors.Is(err, page.ErrInvalid) {
		return "", &secretsmanagerapi.InvalidNextTokenException{Message: "Invalid NextToken."}
	}
	return string(position), err
}

func scope(call *op.Call, parameters any) page.Scope {
	return page.Scope{
		Operation: call.Service + ":" + call.Operation, Account: call.Account,
		Principal: call.Principal.ARN, Parameters: parameters,
	}
}

// Cut returns the items after a position, at most as many as asked, and where the next page
// begins ("" at the end). The items are in the order of their positions.
func Cut[T any](items []T, after string, size *int32, most int, position func(T) string) (cut []T, next string) {
	n := most
	if size != nil {
		n = min(int(*size), most)
	}
	cut = []T{}
	for _, item := range items {
		switch p := position(item); {
		case p <= after:
		case len(cut) == n:
			return cut, position(cut[n-1])
		default:
			cut = append(cut, item)
		}
	}
	return cut, ""
}
