package query

import (
	"context"
	"fmt"

	"github.com/bindery-project/bindery/internal/op"
)

// now returns ctx for one access: its call has the present time, and the access is refused
// when the caller's session has expired since the query began.
func (r *Runner) now(ctx context.Context) (context.Context, error) {
	call := *op.CallFrom(ctx)
	call.Now = r.Clock.Now()
	if s := call.Principal.Session; s != nil && !call.Now.Before(s.Expires) {
		return nil, errExpired
	}
	return op.WithCall(ctx, &call), nil
}

// invoke calls an operation of Glue as the caller.
func invoke[O any](ctx context.Context, r *Runner, operation string, in any) (*O, error) {
	ctx, err := r.now(ctx)
	if err != nil {
		return nil, err
	}
	out, err := r.Invoker.Invoke(ctx, r.Via, "glue", operation, in)
	if err != nil {
		return nil, err
	}
	found, ok := out.(*O)
	if !ok {
		return nil, fmt.Errorf("glue:%s answered %T", operation, out)
	}
	return found, nil
}
