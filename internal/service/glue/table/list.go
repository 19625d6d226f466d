package table

import (
	"context"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// A page of GetTables: AWS's ceiling, and how many names are looked at.
const (
	maxPage    = 100
	scanBudget = 10_000
)

// GetTables lists the tables of a database that the caller may use and whose
// name matches the expression, by name.
func (t *Tables) GetTables(ctx context.Context, in *glueapi.GetTablesInput) (*glueapi.GetTablesOutput, error) {
	call := op.CallFrom(ctx)
	account, err := terms.Account(call, in.CatalogId)
	if err != nil {
		return nil, err
	}
	l, err := newListing(call.Region, account, in)
	if err != nil {
		return nil, err
	}
	parameters := *in
	parameters.NextToken, parameters.MaxResults = nil, nil
	after, err := t.Pages.After(call, account, &parameters, in.NextToken)
	if err != nil {
		return nil, err
	}
	found, err := t.gather(ctx, l, string(after))
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetTablesOutput{RawTableList: found.Documents}
	if found.More {
		if out.NextToken, err = t.Pages.Next(call, account, &parameters, []byte(found.Next)); err != nil {
			return nil, err
		}
	}
	if terms.WantsStructs(ctx) {
		out.TableList, err = terms.ParseAll[glueapi.Table](glueapi.ShapeTable, out.RawTableList)
		out.RawTableList = nil
	}
	return out, err
}

// listing is a GetTables request, checked.
type listing struct {
	region, account, database string

	limits     terms.Limits
	matches    func(name string) bool
	attributes []string
}

func newListing(region, account string, in *glueapi.GetTablesInput) (*listing, error) {
	if err := terms.RefuseTravel("GetTables", in.TransactionId, in.QueryAsOfTime); err != nil {
		return nil, err
	}
	if in.AttributesToGet != nil && !slices.Contains(in.AttributesToGet, "NAME") {
		return nil, terms.Invalid("AttributesToGet must include NAME.")
	}
	matches, err := terms.NamePattern(in.Expression)
	if err != nil {
		return nil, err
	}
	return &listing{
		region: region, account: account, database: arn.Fold(in.DatabaseName),
		limits:  terms.Limits{Size: terms.Size(in.MaxResults, maxPage), Budget: scanBudget},
		matches: matches, attributes: in.AttributesToGet,
	}, nil
}

func (t *Tables) gather(ctx context.Context, l *listing, after string) (terms.Page, error) {
	var found terms.Page
	err := t.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		id, err := t.Databases.ID(ctx, tx, l.account, l.database)
		if err != nil {
			return err
		}
		found, err = terms.Gather(l.limits, after, func(after string, n int) ([]string, error) {
			return names(ctx, tx, id, after, n)
		}, func(name string) (op.Raw, error) {
			if !l.matches(name) || !t.allowed(ctx, l, name) {
				return nil, nil
			}
			r, err := findIn(ctx, tx, l.account, l.database, id, name)
			if err != nil {
				return nil, err
			}
			raw, err := r.json()
			if err != nil || l.attributes == nil {
				return raw, err
			}
			return attributes(raw, l.attributes)
		})
		return err
	})
	return found, err
}

func (t *Tables) allowed(ctx context.Context, l *listing, name string) bool {
	resource := op.Resource{ARN: arn.GlueTable(l.region, l.account, l.database, name), Account: l.account}
	return t.Authorizer.Allowed(ctx, op.Access{Action: "glue:GetTables", Resource: resource})
}

// attributes is the part of a document that was asked for.
func attributes(raw op.Raw, wanted []string) (op.Raw, error) {
	all, err := terms.Parse[glueapi.Table](glueapi.ShapeTable, raw)
	if err != nil {
		return nil, err
	}
	part := &glueapi.Table{Name: all.Name}
	if slices.Contains(wanted, "TABLE_TYPE") {
		part.TableType = all.TableType
	}
	return terms.Write(glueapi.ShapeTable, part)
}
