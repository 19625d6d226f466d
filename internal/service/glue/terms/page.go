package terms

import (
	"errors"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/page"
)

// Pages makes and reads the tokens of lists. A token is good for the same
// operation, catalog, caller and parameters.
type Pages struct{ Sealer page.Sealer }

// Next is the token for the page that begins after position.
func (p Pages) Next(call *op.Call, account string, parameters any, position []byte) (*string, error) {
	token, err := page.Encode(p.Sealer, scope(call, account, parameters), position, call.Now)
	return &token, err
}

// After is the position of a token, nil when there is none. parameters is the
// input without token and page size.
func (p Pages) After(call *op.Call, account string, parameters any, token *string) ([]byte, error) {
	if token == nil || *token == "" {
		return nil, nil
	}
	position, err := page.Decode(p.Sealer, scope(call, account, parameters), *token, call.Now)
	if errors.Is(err, page.ErrInvalid) {
		return nil, Invalid("Invalid NextToken.")
	}
	return position, err
}

func scope(call *op.Call, account string, parameters any) page.Scope {
	return page.Scope{
		Operation: call.Service + ":" + call.Operation, Account: account,
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

// PageBytes bounds a page of documents: an answer larger than this ends early
// and carries a token.
const PageBytes = 6 << 20
