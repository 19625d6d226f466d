package glue

import (
	"context"

	"github.com/bindery-project/bindery/internal/service/glue/resourcepolicy"
)

// facts tells the gateway what decisions about Glue's resources need beside their names.
type facts struct {
	policies *resourcepolicy.Governing
	tags     func(ctx context.Context, resource string) (map[string]string, error)
}

// Policy implements op.Facts.
func (f *facts) Policy(ctx context.Context, resource string) (any, error) {
	return f.policies.Policy(ctx, resource)
}

// Tags implements op.Facts.
func (f *facts) Tags(ctx context.Context, resource string) (map[string]string, error) {
	return f.tags(ctx, resource)
}
