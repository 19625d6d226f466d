package gateway

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/op"
)

// Reauthorize decides the call in the context anew, for another input of its
// operation: the service has found that the input it was given points elsewhere.
// What was decided before stays in the record.
func (g *Gateway) Reauthorize(ctx context.Context, service string, in any) error {
	call := op.CallFrom(ctx)
	target := g.routes.byName(service, call.Operation)
	if target == nil {
		return errors.New("gateway: no operation " + service + ":" + call.Operation)
	}
	before := call.Accesses
	err := g.authorize(ctx, target, in)
	call.Accesses = append(before[:len(before):len(before)], call.Accesses...)
	return err
}
