package optimizer

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// BatchGetTableOptimizer reads the optimizers that exist and names those that
// do not.
func (o *Optimizers) BatchGetTableOptimizer(ctx context.Context, in *glueapi.BatchGetTableOptimizerInput) (*glueapi.BatchGetTableOptimizerOutput, error) {
	out := &glueapi.BatchGetTableOptimizerOutput{TableOptimizers: []glueapi.BatchTableOptimizer{}, Failures: []glueapi.BatchGetTableOptimizerError{}}
	for i := range in.Entries {
		e := &in.Entries[i]
		found, err := o.entry(ctx, e)
		var known op.Modeled
		switch {
		case errors.As(err, &known):
			out.Failures = append(out.Failures, glueapi.BatchGetTableOptimizerError{
				Error: terms.Detail(known), CatalogId: e.CatalogId, DatabaseName: e.DatabaseName, TableName: e.TableName, Type: e.Type,
			})
		case err != nil:
			return nil, err
		default:
			out.TableOptimizers = append(out.TableOptimizers, glueapi.BatchTableOptimizer{
				CatalogId: &found.account, DatabaseName: &found.database, TableName: &found.name, TableOptimizer: found.answer(),
			})
		}
	}
	return out, nil
}

func (o *Optimizers) entry(ctx context.Context, e *glueapi.BatchGetTableOptimizerEntry) (*row, error) {
	if e.DatabaseName == nil || e.TableName == nil || e.Type == nil {
		return nil, terms.Invalid("An entry needs databaseName, tableName and type.")
	}
	catalog := ""
	if e.CatalogId != nil {
		catalog = *e.CatalogId
	}
	at, err := place(ctx, catalog, *e.DatabaseName, *e.TableName, *e.Type)
	if err != nil {
		return nil, err
	}
	if err := o.mayRead(ctx, at); err != nil {
		return nil, err
	}
	return o.read(ctx, at)
}

// mayRead asks for an entry of another account's catalog. The call itself was
// allowed for the names in the caller's own: the catalog of an entry is no
// member that the operation's row could name.
func (o *Optimizers) mayRead(ctx context.Context, at target) error {
	call := op.CallFrom(ctx)
	if at.account == call.Account {
		return nil
	}
	const action = "glue:BatchGetTableOptimizer"
	of := func(resource string) op.Access {
		return op.Access{Action: action, Resource: op.Resource{ARN: resource, Account: at.account}}
	}
	return o.Authorizer.Check(ctx,
		of(arn.Glue(call.Region, at.account, "catalog")),
		of(arn.GlueDatabase(call.Region, at.account, at.database)),
		of(arn.GlueTable(call.Region, at.account, at.database, at.name)))
}
