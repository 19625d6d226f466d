// Package search finds tables by their words: SearchTables.
//
// [Index] keeps, for each word of a table, an entry in the store; it follows the tables a moment
// behind, as AWS's does, but a search first waits for it to catch up. [Search] answers: the index
// names candidates, each is asked about (the caller must be allowed to read it), read, and held
// against the query once more, so that the index may be behind or coarse and never wrong.
package search

import (
	"context"
	"encoding/json"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Search answers SearchTables.
type Search struct {
	Index      *Index
	Catalogs   Catalogs
	Pages      terms.Pages
	Authorizer op.Authorizer
}

// Catalogs tells which catalogs there are.
type Catalogs interface {
	// Exists returns the EntityNotFoundException of a catalog that is not there.
	Exists(ctx context.Context, tx *db.Tx, catalog string) error
}

// A page: AWS's ceiling, what it is when nothing is asked for, and how many candidates are looked at.
const (
	maxPage     = 1000
	defaultPage = 100
	scanBudget  = 5000
)

// patience is how long a search waits for the index to catch up.
const patience = time.Second

// SearchTables lists the tables of a catalog with the words that are searched for, and that the
// caller may read.
func (s *Search) SearchTables(ctx context.Context, in *glueapi.SearchTablesInput) (*glueapi.SearchTablesOutput, error) {
	call := op.CallFrom(ctx)
	catalog, err := terms.Catalog(call, in.CatalogId)
	if err != nil {
		return nil, err
	}
	q, err := newQuery(catalog, in)
	if err != nil {
		return nil, err
	}
	parameters := *in
	parameters.NextToken, parameters.MaxResults = nil, nil
	after, err := s.Pages.After(call, catalog, &parameters, in.NextToken)
	if err != nil {
		return nil, err
	}
	found, err := s.find(ctx, q, in, string(after))
	if err != nil {
		return nil, err
	}
	out := &glueapi.SearchTablesOutput{RawTableList: found.Documents}
	if found.More {
		if out.NextToken, err = s.Pages.Next(call, catalog, &parameters, []byte(found.Next)); err != nil {
			return nil, err
		}
	}
	if terms.WantsStructs(ctx) {
		out.TableList, err = terms.ParseAll[glueapi.Table](glueapi.ShapeTable, out.RawTableList)
		out.RawTableList = nil
	}
	return out, err
}

func (s *Search) find(ctx context.Context, q *query, in *glueapi.SearchTablesInput, after string) (terms.Page, error) {
	found := terms.Page{Documents: []op.Raw{}}
	if share := in.ResourceShareType; q.nothing || share != nil && (*share == "FOREIGN" || *share == "FEDERATED") {
		return found, nil // nothing is shared through Lake Formation or federated yet
	}
	s.catchUp(ctx)
	limits := terms.Limits{Size: defaultPage, Budget: scanBudget}
	if in.MaxResults != nil {
		limits.Size = terms.Size(in.MaxResults, maxPage)
	}
	err := s.Index.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.Catalogs.Exists(ctx, tx, q.catalog); err != nil {
			return err
		}
		if err := q.rarestFirst(ctx, tx); err != nil {
			return err
		}
		reader := &reader{s: s, tx: tx, query: q, databases: map[string]bool{}}
		var err error
		found, err = terms.Gather(limits, after, func(after string, n int) ([]string, error) {
			return q.candidates(ctx, tx, after, n)
		}, func(position string) (op.Raw, error) { return reader.read(ctx, position) })
		return err
	})
	return found, err
}

// catchUp lets a search see what was written before it. When that takes too long, or fails, the
// search answers from what is indexed; the index reports its failures itself.
func (s *Search) catchUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_ = s.Index.CatchUp(ctx)
}

// reader reads the candidates of one page.
type reader struct {
	s         *Search
	tx        *db.Tx
	query     *query
	databases map[string]bool // which may be searched
}

// read answers a candidate's document, nil when it is not for the caller or not what is searched for.
func (r *reader) read(ctx context.Context, position string) (op.Raw, error) {
	var c candidate
	if err := json.Unmarshal([]byte(position), &c); err != nil {
		return nil, err
	}
	if !r.allowed(ctx, &c) {
		return nil, nil
	}
	raw, doc, err := r.s.Index.Tables.ByID(ctx, r.tx, c.Table)
	if err != nil || doc == nil || !r.query.matches(doc) {
		return nil, err
	}
	return raw, nil
}

// allowed: the database and the table may be searched, and the table may be read. AWS says that a
// table is found by who can read it; who is denied glue:GetTable does not find it.
func (r *reader) allowed(ctx context.Context, c *candidate) bool {
	region, catalog := op.CallFrom(ctx).Region, r.query.catalog
	ok, known := r.databases[c.Database]
	if !known {
		ok = r.asks(ctx, "glue:SearchTables", terms.DatabaseResource(region, catalog, c.Database))
		r.databases[c.Database] = ok
	}
	table := terms.TableResource(region, catalog, c.Database, c.Name)
	return ok && r.asks(ctx, "glue:SearchTables", table) && r.asks(ctx, "glue:GetTable", table)
}

func (r *reader) asks(ctx context.Context, action string, resource op.Resource) bool {
	return r.s.Authorizer.Allowed(ctx, op.Access{Action: action, Resource: resource})
}
