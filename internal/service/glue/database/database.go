// Package database holds the databases of the Data Catalog. Start with the
// operations below, in the order of a database's life; link.go has what is
// different with resource links, list.go GetDatabases, store.go the SQL.
package database

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Databases answers the operations about databases.
type Databases struct {
	Store      *db.DB
	Pages      terms.Pages
	Authorizer op.Authorizer
	NewID      func() int64 // random and positive
	Rows       Rows
	Usage      Usage
	Tags       Tags

	// Children list what a database holds; deleting asks whether each may go.
	Children []Children
	// Archived counts the archived versions of all tables of a database.
	Archived func(ctx context.Context, tx *db.Tx, id int64) (int64, error)
	// Bury has what is below a deleted database removed.
	Bury func(ctx context.Context, tx *db.Tx, id int64) error
	// Hold keeps a database's tables out of the cache until release is called,
	// Forget drops them from it.
	Hold   func(catalog, name string) (release func())
	Forget func(catalog, name string)
}

// Children lists the kinds and paths ("table", "sales/orders") of what the
// database with the given id holds.
type Children func(ctx context.Context, tx *db.Tx, id int64, name string) ([]string, error)

// Usage counts what an account has, and refuses what is beyond its quotas.
type Usage interface {
	// Add changes the counts of a catalog's account; id is the changed row's.
	Add(ctx context.Context, tx *db.Tx, catalog string, id int64, change terms.Usage) error
}

// Tags keeps the tags of resources.
type Tags interface {
	PutTags(ctx context.Context, tx *db.Tx, resource string, tags map[string]string) error
	DropTags(ctx context.Context, tx *db.Tx, resource string) error
}

// CreateDatabase makes a database, or a resource link to one.
func (d *Databases) CreateDatabase(ctx context.Context, in *glueapi.CreateDatabaseInput) (*glueapi.CreateDatabaseOutput, error) {
	call := op.CallFrom(ctx)
	catalog, err := terms.Catalog(call, in.CatalogId)
	if err != nil {
		return nil, err
	}
	if err := terms.NoSlash("database", in.DatabaseInput.Name); err != nil {
		return nil, err
	}
	doc, err := newDocument(call, catalog, in.DatabaseInput)
	if err != nil {
		return nil, err
	}
	if err := d.refuseChain(ctx, doc); err != nil {
		return nil, err
	}
	id, resource := d.NewID(), terms.DatabaseResource(call.Region, catalog, doc.Name)
	if err := terms.MayTag(ctx, d.Authorizer, resource, in.Tags); err != nil {
		return nil, err
	}
	err = d.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		doc.CreateTime = new(op.Millis(clock.Millis(tx.Now())))
		if err := d.insert(ctx, tx, catalog, id, doc); err != nil {
			return err
		}
		if len(in.Tags) == 0 {
			return nil
		}
		return d.Tags.PutTags(ctx, tx, resource.ARN, in.Tags)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, terms.Exists("Database already exists.")
	}
	return &glueapi.CreateDatabaseOutput{}, err
}

// newDocument is what will be answered for a new database's input.
func newDocument(call *op.Call, catalog string, in *glueapi.DatabaseInput) (*glueapi.Database, error) {
	if in.TargetDatabase == nil {
		return document("CreateDatabase", in, catalog)
	}
	if in.FederatedDatabase != nil || in.LocationUri != nil {
		return nil, terms.Invalid("A resource link has a name and a TargetDatabase; the rest is its target's.")
	}
	target, err := terms.LinkedDatabase(call, "CreateDatabase", catalog, in.TargetDatabase)
	if err != nil {
		return nil, err
	}
	doc := glueapi.DatabaseFromInput(in)
	doc.Name, doc.CatalogId, doc.TargetDatabase = arn.Fold(in.Name), &catalog, target
	if *target.CatalogId == catalog && *target.DatabaseName == doc.Name {
		return nil, terms.Invalid("Database %s cannot be a resource link to itself.", doc.Name)
	}
	return doc, nil
}

// document is what will be answered for an input that is no link's.
func document(operation string, in *glueapi.DatabaseInput, catalog string) (*glueapi.Database, error) {
	if in.FederatedDatabase != nil {
		return nil, terms.Unsupported(operation, "DatabaseInput.FederatedDatabase")
	}
	doc := glueapi.DatabaseFromInput(in)
	doc.Name, doc.CatalogId = arn.Fold(in.Name), &catalog
	if doc.CreateTableDefaultPermissions == nil {
		doc.CreateTableDefaultPermissions = allowedByIAM()
	}
	return doc, nil
}

// allowedByIAM is AWS's default: Lake Formation leaves the decision to IAM.
func allowedByIAM() []glueapi.PrincipalPermissions {
	return []glueapi.PrincipalPermissions{{
		Principal:   &glueapi.DataLakePrincipal{DataLakePrincipalIdentifier: new("IAM_ALLOWED_PRINCIPALS")},
		Permissions: []string{"ALL"},
	}}
}

// GetDatabase reads a database. A resource link shows what it points at to
// those who may see that.
func (d *Databases) GetDatabase(ctx context.Context, in *glueapi.GetDatabaseInput) (*glueapi.GetDatabaseOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetDatabaseOutput{}
	err = d.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := d.Rows.find(ctx, tx, catalog, arn.Fold(in.Name))
		if err == nil {
			out.RawDatabase, err = d.shown(ctx, tx, "glue:GetDatabase", r)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if terms.WantsStructs(ctx) {
		out.Database, err = terms.Parse[glueapi.Database](glueapi.ShapeDatabase, out.RawDatabase)
		out.RawDatabase = nil
	}
	return out, err
}

// UpdateDatabase replaces a database's definition. Databases are not renamed.
func (d *Databases) UpdateDatabase(ctx context.Context, in *glueapi.UpdateDatabaseInput) (*glueapi.UpdateDatabaseOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	if in.DatabaseInput.TargetDatabase != nil {
		return nil, terms.Invalid("The target of a resource link cannot be changed: delete the link and create a new one.")
	}
	doc, err := document("UpdateDatabase", in.DatabaseInput, catalog)
	if err != nil {
		return nil, err
	}
	name := arn.Fold(in.Name)
	if doc.Name != name {
		return nil, terms.Invalid("Database name in DatabaseInput must be %s: databases cannot be renamed.", name)
	}
	err = d.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := d.Rows.find(ctx, tx, catalog, name)
		if err != nil {
			return err
		}
		if r.link {
			return r.follow()
		}
		return replace(ctx, tx, r, doc)
	})
	if errors.Is(err, db.ErrConflict) {
		return nil, &glueapi.ConcurrentModificationException{Message: "Update database failed due to concurrent modifications."}
	}
	return &glueapi.UpdateDatabaseOutput{}, err
}

// DeleteDatabase deletes a database and everything in it, or a resource link
// alone. The row of the operation demands the wildcards; here no existing child
// may be denied.
func (d *Databases) DeleteDatabase(ctx context.Context, in *glueapi.DeleteDatabaseInput) (*glueapi.DeleteDatabaseOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	name, checked := arn.Fold(in.Name), map[string]bool{}
	err = d.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := d.checkedFind(ctx, tx, catalog, name, checked)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer d.Hold(catalog, name)()
	err = d.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := d.checkedFind(ctx, tx, catalog, name, checked) // what came in between
		if err != nil {
			return err
		}
		return d.delete(ctx, tx, r)
	})
	return &glueapi.DeleteDatabaseOutput{}, err
}

// checkedFind finds a database whose children the caller may all delete.
// checked remembers those that were asked about: the answer for a name does not
// depend on the transaction, and asking is too slow to hold up other writers.
func (d *Databases) checkedFind(ctx context.Context, tx *db.Tx, catalog, name string, checked map[string]bool) (*row, error) {
	r, err := d.Rows.find(ctx, tx, catalog, name)
	if err != nil {
		return nil, err
	}
	for _, list := range d.Children {
		children, err := list(ctx, tx, r.id, name)
		if err != nil {
			return nil, err
		}
		for _, suffix := range children {
			if err := d.checkChild(ctx, catalog, suffix, checked); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

func (d *Databases) checkChild(ctx context.Context, catalog, suffix string, checked map[string]bool) error {
	if checked[suffix] {
		return nil
	}
	kind, path := cutKind(suffix)
	resource := terms.Inside(op.CallFrom(ctx).Region, catalog, kind, path)
	err := d.Authorizer.Check(ctx, op.Access{Action: "glue:DeleteDatabase", Resource: resource})
	checked[suffix] = err == nil
	return err
}

// DeleteAll deletes the databases of a catalog that is being deleted.
func (d *Databases) DeleteAll(ctx context.Context, tx *db.Tx, catalog string) error {
	const all = 1 << 30
	list, err := names(ctx, tx, catalog, "", all)
	if err != nil {
		return err
	}
	for _, name := range list {
		r, err := d.Rows.find(ctx, tx, catalog, name)
		if err != nil {
			return err
		}
		if err := d.delete(ctx, tx, r); err != nil {
			return err
		}
	}
	return nil
}

// delete removes a database's row, and has what is below it removed.
func (d *Databases) delete(ctx context.Context, tx *db.Tx, r *row) error {
	if err := remove(ctx, tx, r); err != nil {
		return err
	}
	resource := terms.DatabaseResource(op.CallFrom(ctx).Region, r.catalog, r.name)
	if err := d.Tags.DropTags(ctx, tx, resource.ARN); err != nil {
		return err
	}
	archived, err := d.Archived(ctx, tx, r.id)
	if err != nil {
		return err
	}
	if err := d.Usage.Add(ctx, tx, r.catalog, r.id, terms.Usage{Databases: -1, Tables: -r.tables, Versions: -archived}); err != nil {
		return err
	}
	tx.OnCommit(func() { d.Forget(r.catalog, r.name) })
	return d.Bury(ctx, tx, r.id)
}
