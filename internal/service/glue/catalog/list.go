package catalog

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// A page of GetCatalogs: the model's ceiling, and how many names are looked at.
const (
	maxPage    = 1000
	scanBudget = 2000
)

// GetCatalogs lists the catalogs of an account that the caller may use, by name,
// its default one first when IncludeRoot asks for it. Named catalogs have no
// catalogs in them: Recursive changes nothing, and the list of what is in one is
// empty.
func (c *Catalogs) GetCatalogs(ctx context.Context, in *glueapi.GetCatalogsInput) (*glueapi.GetCatalogsOutput, error) {
	call := op.CallFrom(ctx)
	parent, err := terms.Catalog(call, in.ParentCatalogId)
	if err != nil {
		return nil, err
	}
	if parent != call.Account { // the row asks about the caller's own
		for _, r := range terms.CatalogResources(call.Region, parent) {
			if err := c.Authorizer.Check(ctx, op.Access{Action: "glue:GetCatalogs", Resource: r}); err != nil {
				return nil, err
			}
		}
	}
	if terms.CatalogName(parent) != "" {
		return c.inside(ctx, parent, in)
	}
	parameters := *in
	parameters.NextToken, parameters.MaxResults = nil, nil
	after, err := c.Pages.After(call, parent, &parameters, in.NextToken)
	if err != nil {
		return nil, err
	}
	found, err := c.list(ctx, parent, in, after)
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetCatalogsOutput{}
	if out.CatalogList, err = terms.ParseAll[glueapi.Catalog](glueapi.ShapeCatalog, found.Documents); err != nil {
		return nil, err
	}
	if found.More {
		out.NextToken, err = c.Pages.Next(call, parent, &parameters, []byte(found.Next))
	}
	return out, err
}

// inside lists what is in a named catalog: nothing.
func (c *Catalogs) inside(ctx context.Context, parent string, in *glueapi.GetCatalogsInput) (*glueapi.GetCatalogsOutput, error) {
	if in.IncludeRoot != nil {
		return nil, terms.Invalid("IncludeRoot cannot be used with a ParentCatalogId other than the account's.")
	}
	err := c.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error { return Rows{}.Exists(ctx, tx, parent) })
	return &glueapi.GetCatalogsOutput{CatalogList: []glueapi.Catalog{}}, err
}

// list gathers a page. The default catalog has the empty name, which comes
// before all others.
func (c *Catalogs) list(ctx context.Context, account string, in *glueapi.GetCatalogsInput, after []byte) (terms.Page, error) {
	limits := terms.Limits{Size: terms.Size(in.MaxResults, maxPage), Budget: scanBudget}
	withRoot := in.IncludeRoot != nil && *in.IncludeRoot && in.NextToken == nil
	var found terms.Page
	err := c.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		found, err = terms.Gather(limits, string(after), func(after string, n int) ([]string, error) {
			list, err := names(ctx, tx, account, after, n)
			if withRoot && err == nil {
				list, withRoot = append([]string{""}, list[:min(n-1, len(list))]...), false
			}
			return list, err
		}, func(name string) (op.Raw, error) { return c.listed(ctx, tx, terms.CatalogID(account, name), in) })
		return err
	})
	return found, err
}

// listed is a catalog's document; nil when it is not to be listed.
func (c *Catalogs) listed(ctx context.Context, tx *db.Tx, id string, in *glueapi.GetCatalogsInput) (op.Raw, error) {
	region := op.CallFrom(ctx).Region
	for _, r := range terms.CatalogResources(region, id) {
		if !c.Authorizer.Allowed(ctx, op.Access{Action: "glue:GetCatalogs", Resource: r}) {
			return nil, nil
		}
	}
	if in.HasDatabases != nil {
		if any, err := c.Databases.Any(ctx, tx, id); err != nil || any != *in.HasDatabases {
			return nil, err
		}
	}
	if terms.CatalogName(id) == "" {
		return terms.Write(glueapi.ShapeCatalog, root(region, id))
	}
	r, err := find(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	return db.DecodeBytes(place(id), r.doc)
}
