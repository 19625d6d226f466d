// Package athena answers SQL over the tables of the catalog. Each resource has a folder:
// query executions, workgroups, and the catalog's metadata; package query is what runs a
// statement. What is not built is refused by name.
package athena

import (
	"context"
	"reflect"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/page"
	"github.com/bindery-project/bindery/internal/service/athena/execution"
	"github.com/bindery-project/bindery/internal/service/athena/metadata"
	"github.com/bindery-project/bindery/internal/service/athena/query"
	"github.com/bindery-project/bindery/internal/service/athena/terms"
	"github.com/bindery-project/bindery/internal/service/athena/workgroup"
)

// rest refuses what is not built, by name.
type rest struct{ athenaapi.Refused }

// Service answers the Athena API.
type Service struct {
	rest
	*execution.Executions
	*workgroup.WorkGroups
	*metadata.Metadata
}

// Sealer hides page tokens and the callers of stored queries.
type Sealer interface {
	page.Sealer
	db.Sealer
}

// New returns the service. The caller fills in what c has of DB, Queue, Objects, NewID,
// Log, Timeout and Limit, and runs the queue with [execution.Executions.Work].
func New(c execution.Config, sealer Sealer, q query.Runner) *Service {
	pages := terms.Pages{Sealer: sealer}
	groups := &workgroup.WorkGroups{DB: c.DB, Pages: pages}
	c.Sealer, c.Pages, c.Groups = sealer, pages, groups
	q.Objects, q.Via = c.Objects, terms.Via
	c.Queries = &q
	return &Service{
		Executions: execution.New(c), WorkGroups: groups,
		Metadata: &metadata.Metadata{Invoker: q.Invoker, Pages: pages},
	}
}

// Stored tells fsck where the service keeps documents.
func Stored() []db.StoredTable { return append(execution.Stored(), workgroup.Stored()...) }

// Bind lists the operations for the gateway.
func (s *Service) Bind() *op.Service {
	return &op.Service{
		Model: &athenaapi.Model, Operations: athenaapi.Bind(s),
		Resolvers: map[string]op.Resolver{"query": s.resolveQuery},
	}
}

// resolveQuery answers the workgroups of the queries that the input names. A query that does
// not exist is taken for one of the primary workgroup, the only one there is, so that a
// refusal reads the same for both.
func (s *Service) resolveQuery(ctx context.Context, in any) ([]op.Resource, error) {
	call := op.CallFrom(ctx)
	var out []op.Resource
	seen := map[string]bool{}
	for _, id := range queryIDs(in) {
		group, err := s.WorkGroup(ctx, call.Account, id)
		if err != nil {
			return nil, err
		}
		if group == "" {
			group = "primary"
		}
		if !seen[group] {
			seen[group] = true
			out = append(out, op.Resource{ARN: arn.New("athena", call.Region, call.Account, "workgroup/"+group), Account: call.Account})
		}
	}
	return out, nil
}

// queryIDs reads the ids of the executions that an input names.
func queryIDs(in any) []string {
	if batch, ok := in.(*athenaapi.BatchGetQueryExecutionInput); ok {
		return batch.QueryExecutionIds
	}
	id := reflect.Indirect(reflect.ValueOf(in)).FieldByName("QueryExecutionId")
	if !id.IsValid() || id.Kind() != reflect.String {
		return nil
	}
	return []string{id.String()}
}
