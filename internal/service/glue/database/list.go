package database

import (
	"context"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// A page of GetDatabases: AWS's ceiling, and how many names are looked at.
const (
	maxPage    = 100
	scanBudget = 2000
)

// GetDatabases lists the databases that the caller may use, by name.
func (d *Databases) GetDatabases(ctx context.Context, in *glueapi.GetDatabasesInput) (*glueapi.GetDatabasesOutput, error) {
	call := op.CallFrom(ctx)
	catalog, err := terms.Catalog(call, in.CatalogId)
	if err != nil {
		return nil, err
	}
	if in.AttributesToGet != nil && !slices.Contains(in.AttributesToGet, "NAME") {
		return nil, terms.Invalid("AttributesToGet must include NAME.")
	}
	parameters := *in
	parameters.NextToken, parameters.MaxResults = nil, nil
	after, err := d.Pages.After(call, catalog, &parameters, in.NextToken)
	if err != nil {
		return nil, err
	}
	found, err := d.list(ctx, catalog, in, string(after))
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetDatabasesOutput{RawDatabaseList: found.Documents}
	if found.More {
		if out.NextToken, err = d.Pages.Next(call, catalog, &parameters, []byte(found.Next)); err != nil {
			return nil, err
		}
	}
	if terms.WantsStructs(ctx) {
		out.DatabaseList, err = terms.ParseAll[glueapi.Database](glueapi.ShapeDatabase, out.RawDatabaseList)
		out.RawDatabaseList = nil
	}
	return out, err
}

func (d *Databases) list(ctx context.Context, catalog string, in *glueapi.GetDatabasesInput, after string) (terms.Page, error) {
	if in.ResourceShareType != nil && (*in.ResourceShareType == "FOREIGN" || *in.ResourceShareType == "FEDERATED") {
		return terms.Page{Documents: []op.Raw{}}, nil // nothing is shared by Lake Formation or federated yet: neither can be created
	}
	limits := terms.Limits{Size: terms.Size(in.MaxResults, maxPage), Budget: scanBudget}
	region := op.CallFrom(ctx).Region
	var found terms.Page
	err := d.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := d.Rows.Catalogs.Exists(ctx, tx, catalog)
		if err != nil {
			return err
		}
		found, err = terms.Gather(limits, after, func(after string, n int) ([]string, error) {
			return names(ctx, tx, catalog, after, n)
		}, func(name string) (op.Raw, error) {
			if !d.Authorizer.Allowed(ctx, op.Access{Action: "glue:GetDatabases", Resource: terms.DatabaseResource(region, catalog, name)}) {
				return nil, nil
			}
			r, err := d.Rows.find(ctx, tx, catalog, name)
			if err != nil {
				return nil, err
			}
			return d.attributes(ctx, tx, r, in.AttributesToGet)
		})
		return err
	})
	return found, err
}

// attributes is a database's document, or the part of it that was asked for.
func (d *Databases) attributes(ctx context.Context, tx *db.Tx, r *row, wanted []string) (op.Raw, error) {
	if wanted == nil {
		return d.shown(ctx, tx, "glue:GetDatabases", r)
	}
	all, err := r.document()
	if err != nil {
		return nil, err
	}
	part := &glueapi.Database{Name: all.Name}
	if slices.Contains(wanted, "TARGET_DATABASE") {
		part.TargetDatabase = all.TargetDatabase
	}
	return terms.Write(glueapi.ShapeDatabase, part)
}
