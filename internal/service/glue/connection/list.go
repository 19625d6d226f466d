package connection

import (
	"context"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// A page of GetConnections: AWS's ceiling, and how many names are looked at.
const (
	maxPage    = 1000
	scanBudget = 2000
)

// GetConnections lists the connections that the caller may use and that pass the filter, by name.
func (c *Connections) GetConnections(ctx context.Context, in *glueapi.GetConnectionsInput) (*glueapi.GetConnectionsOutput, error) {
	call := op.CallFrom(ctx)
	account, err := terms.Account(call, in.CatalogId)
	if err != nil {
		return nil, err
	}
	parameters := *in
	parameters.NextToken, parameters.MaxResults = nil, nil
	after, err := c.Pages.After(call, account, &parameters, in.NextToken)
	if err != nil {
		return nil, err
	}
	found, err := c.gather(ctx, account, in, string(after))
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetConnectionsOutput{}
	if out.ConnectionList, err = terms.ParseAll[glueapi.Connection](glueapi.ShapeConnection, found.Documents); err != nil {
		return nil, err
	}
	if found.More {
		out.NextToken, err = c.Pages.Next(call, account, &parameters, []byte(found.Next))
	}
	return out, err
}

func (c *Connections) gather(ctx context.Context, account string, in *glueapi.GetConnectionsInput, after string) (terms.Page, error) {
	limits := terms.Limits{Size: terms.Size(in.MaxResults, maxPage), Budget: scanBudget}
	region := op.CallFrom(ctx).Region
	var found terms.Page
	err := c.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		found, err = terms.Gather(limits, after, func(after string, n int) ([]string, error) {
			return names(ctx, tx, account, after, n)
		}, func(name string) (op.Raw, error) {
			resource := op.Resource{ARN: arn.Glue(region, account, "connection/"+name), Account: account}
			if !c.Authorizer.Allowed(ctx, op.Access{Action: "glue:GetConnections", Resource: resource}) {
				return nil, nil
			}
			r, err := find(ctx, tx, c.Keys, account, name)
			if err != nil || !passes(&r.doc, in.Filter) {
				return nil, err
			}
			return terms.Write(glueapi.ShapeConnection, show(r, in.HidePassword))
		})
		return err
	})
	return found, err
}

// passes reports whether a connection has all that a filter asks for: its match criteria must
// be among the connection's.
func passes(c *glueapi.Connection, f *glueapi.GetConnectionsFilter) bool {
	if f == nil {
		return true
	}
	for _, criterion := range f.MatchCriteria {
		if !slices.Contains(c.MatchCriteria, criterion) {
			return false
		}
	}
	return (f.ConnectionType == nil || *f.ConnectionType == *c.ConnectionType) &&
		(f.ConnectionSchemaVersion == nil || *f.ConnectionSchemaVersion == *c.ConnectionSchemaVersion)
}
