package installation

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/binderyapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
)

// ExplainPartitionFilter tells how glue:GetPartitions finds the partitions of a
// filter: the ranges and indexes there are, which one is read and why, and how
// much. It is authorized as GetPartitions on the table.
func (s *Service) ExplainPartitionFilter(ctx context.Context, in *binderyapi.ExplainPartitionFilterInput) (*binderyapi.ExplainPartitionFilterOutput, error) {
	return s.Filters.Explain(ctx, in)
}

// resolvePartitions are the resources of glue:GetPartitions.
func resolvePartitions(ctx context.Context, input any) ([]op.Resource, error) {
	in, ok := input.(*binderyapi.ExplainPartitionFilterInput)
	if !ok {
		return nil, errors.New("installation: not a question about partitions")
	}
	call := op.CallFrom(ctx)
	account := call.Account
	if in.CatalogId != nil {
		account = *in.CatalogId
	}
	database := arn.Fold(in.DatabaseName)
	var out []op.Resource
	for _, path := range []string{"catalog", "database/" + database, "table/" + database + "/" + arn.Fold(in.TableName)} {
		out = append(out, op.Resource{ARN: arn.New("glue", call.Region, account, path), Account: account})
	}
	return out, nil
}
