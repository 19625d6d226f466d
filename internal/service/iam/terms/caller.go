package terms

import (
	"context"

	"github.com/bindery-project/bindery/internal/op"
)

// CallerOr is the named user, or the calling one.
func CallerOr(ctx context.Context, name *string) (string, error) {
	if name != nil {
		return *name, nil
	}
	if p := op.CallFrom(ctx).Principal; p.Type == op.User {
		return p.UserName, nil
	}
	return "", Invalid("Must specify userName when calling with non-User credentials")
}
