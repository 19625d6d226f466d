// Package terms holds what the resources of KMS say alike: errors in the service's words, and
// the markers of its lists.
package terms

import (
	"errors"
	"fmt"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/page"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// Invalid is a ValidationException about what the model cannot say.
func Invalid(format string, args ...any) error {
	return &op.Fault{Code: "ValidationException", Message: fmt.Sprintf(format, args...)}
}

// NotFound is a NotFoundException.
func NotFound(format string, args ...any) error {
	return &kmsapi.NotFoundException{Message: fmt.Sprintf(format, args...)}
}

// KeyNotFound says that there is no key of this ARN.
func KeyNotFound(arn string) error { return NotFound("Key '%s' does not exist", arn) }

// State is a KMSInvalidStateException.
func State(format string, args ...any) error {
	return &kmsapi.KMSInvalidStateException{Message: fmt.Sprintf(format, args...)}
}

// Limit is a LimitExceededException.
func Limit(format string, args ...any) error {
	return &kmsapi.LimitExceededException{Message: fmt.Sprintf(format, args...)}
}

// Unsupported refuses a part of a request by name.
func Unsupported(what string) error {
	return &kmsapi.UnsupportedOperationException{Message: fmt.Sprintf("bindery does not support %s yet.", what)}
}

// Busy turns the answer that work on a key is still under way into one that clients repeat.
func Busy(err error) error {
	if errors.Is(err, queue.ErrExists) {
		return &kmsapi.DependencyTimeoutException{Message: "The system timed out while trying to fulfill the request. You can retry the request."}
	}
	return err
}

// DryRun is how a request ends that would have succeeded and was only to be tried.
func DryRun(asked *bool) error {
	if asked == nil || !*asked {
		return nil
	}
	return &kmsapi.DryRunOperationException{Message: "The request would have succeeded, but the DryRun option is set."}
}

// Pages makes and reads the markers of lists. A marker is good for the same operation, caller and
// parameters.
type Pages struct{ Sealer page.Sealer }

// Next is the marker for the page that begins after position.
func (p Pages) Next(call *op.Call, parameters any, position string) (*string, error) {
	token, err := page.Encode(p.Sealer, scope(call, parameters), []byte(position), call.Now)
	return &token, err
}

// After is the position of a marker, "" when there is none.
func (p Pages) After(call *op.Call, parameters any, marker *string) (string, error) {
	if marker == nil {
		return "", nil
	}
	position, err := page.Decode(p.Sealer, scope(call, parameters), *marker, call.Now)
	if errors.Is(err, page.ErrInvalid) {
		return "", &kmsapi.InvalidMarkerException{Message: "Invalid marker"}
	}
	return string(position), err
}

func scope(call *op.Call, parameters any) page.Scope {
	return page.Scope{
		Operation: call.Service + ":" + call.Operation, Account: call.Account,
		Principal: call.Principal.ARN, Parameters: parameters,
	}
}

// Size is the length of a page: what was asked for, at most limit; normal when nothing was asked.
func Size(asked *int32, normal, limit int) (int, error) {
	switch {
	case asked == nil:
		return normal, nil
	case int(*asked) > limit:
		return 0, Invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value less than or equal to %d", *asked, limit)
	}
	return int(*asked), nil
}

// Cut shortens what was read, one more than size, to a page, and reports whether there is more.
func Cut[T any](items []T, size int) (page []T, more bool) {
	if len(items) > size {
		return items[:size], true
	}
	return items, false
}
