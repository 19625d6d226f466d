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
	catalog, err := terms.Catalog(call, in.CatalogId)
	if err != nil {
		return nil, err
	}
	l, err := newListing(ctx, catalog, in)
	if err != nil {
		return nil, err
	}
	parameters := *in
	parameters.NextToken, parameters.MaxResults = nil, nil
	after, err := t.Pages.After(call, catalog, &parameters, in.NextToken)
	if err != nil {
		return nil, err
	}
	found, err := t.gather(ctx, l, string(after))
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetTablesOutput{RawTableList: found.Documents}
	if found.More {
		if out.NextToken, err = t.Pages.Next(call, catalog, &parameters, []byte(found.Next)); err != nil {
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
	region, catalog, database string

	limits     terms.Limits
	matches    func(name string) (bool, error)
	slow       bool // matches may fail or take its time
	every      bool // matches is true for all names
	attributes []string
}

func newListing(ctx context.Context, catalog string, in *glueapi.GetTablesInput) (*listing, error) {
	if err := terms.RefuseTravel("GetTables", in.TransactionId, in.QueryAsOfTime); err != nil {
		return nil, err
	}
	if err := checkAttributes(in.AttributesToGet); err != nil {
		return nil, err
	}
	matches, slow, err := terms.Names(in.Expression)
	if err != nil {
		return nil, err
	}
	return &listing{
		region: op.CallFrom(ctx).Region, catalog: catalog, database: arn.Fold(in.DatabaseName),
		limits:  terms.Limits{Size: terms.Size(in.MaxResults, maxPage), Budget: scanBudget},
		matches: matches, slow: slow, every: in.Expression == nil || *in.Expression == "", attributes: in.AttributesToGet,
	}, nil
}

func (t *Tables) gather(ctx context.Context, l *listing, after string) (terms.Page, error) {
	var found terms.Page
	err := t.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		id, err := t.Databases.ID(ctx, tx, l.catalog, l.database)
		if err != nil {
			return err
		}
		from := source{tx: tx, listing: l, databaseID: id}
		found, err = terms.Gather(l.limits, after, func(after string, n int) ([]string, error) {
			return from.names(ctx, after, n)
		}, func(name string) (op.Raw, error) {
			if ok, err := t.wanted(ctx, l, name); !ok || err != nil {
				return nil, err
			}
			r, err := from.row(ctx, name)
			if err != nil {
				return nil, err
			}
			return t.listed(ctx, tx, l, r)
		})
		return err
	})
	return found, err
}

// source reads the tables of a listing. When every name may match it reads the
// documents with the names: a query for each would be most of the work.
type source struct {
	*listing
	tx         *db.Tx
	databaseID int64
	ahead      map[string]*row
}

func (s *source) names(ctx context.Context, after string, n int) ([]string, error) {
	if !s.every {
		return names(ctx, s.tx, s.databaseID, after, n)
	}
	rows, err := rowsIn(ctx, s.tx, s.catalog, s.database, s.databaseID, after, n)
	s.ahead = make(map[string]*row, len(rows))
	list := make([]string, len(rows))
	for i, r := range rows {
		s.ahead[r.name], list[i] = r, r.name
	}
	return list, err
}

func (s *source) row(ctx context.Context, name string) (*row, error) {
	if r := s.ahead[name]; r != nil {
		return r, nil
	}
	return findIn(ctx, s.tx, s.catalog, s.database, s.databaseID, name)
}

// wanted reports whether a name matches and the caller may see it. Matching is
// the cheaper question, but what the caller may not see is not matched where
// that could be noticed.
func (t *Tables) wanted(ctx context.Context, l *listing, name string) (bool, error) {
	if l.slow && !t.allowed(ctx, l, name) {
		return false, nil
	}
	if ok, err := l.matches(name); !ok || err != nil {
		return false, err
	}
	return l.slow || t.allowed(ctx, l, name), nil
}

func (t *Tables) allowed(ctx context.Context, l *listing, name string) bool {
	return t.Authorizer.Allowed(ctx, op.Access{Action: "glue:GetTables", Resource: terms.TableResource(l.region, l.catalog, l.database, name)})
}

// listed is what a list shows of a table: what was asked for, and of a resource
// link the content of its target.
func (t *Tables) listed(ctx context.Context, tx *db.Tx, l *listing, r *row) (op.Raw, error) {
	raw, err := r.json()
	if err == nil && r.link {
		raw, err = t.shown(ctx, tx, r)
	}
	if err != nil || raw == nil || l.attributes == nil {
		return raw, err
	}
	return attributes(raw, l.attributes)
}

// checkAttributes demands the name among what is asked for.
func checkAttributes(wanted []string) error {
	if wanted != nil && !slices.Contains(wanted, "NAME") {
		return terms.Invalid("AttributesToGet must include NAME.")
	}
	return nil
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
