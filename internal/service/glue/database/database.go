// Package database holds the databases of the Data Catalog. Start with the
// operations below, in the order of a database's life; store.go has its SQL.
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

	// Children list what a database holds; deleting asks whether each may go.
	Children []Children
	// Bury has what is below a deleted database removed.
	Bury func(ctx context.Context, tx *db.Tx, id int64) error
	// Forget drops what is cached of a database's tables.
	Forget func(account, name string)
}

// Children lists the ARN suffixes ("table/sales/orders") of what the database
// with the given id holds.
type Children func(ctx context.Context, tx *db.Tx, id int64, name string) ([]string, error)

// CreateDatabase makes a database.
func (d *Databases) CreateDatabase(ctx context.Context, in *glueapi.CreateDatabaseInput) (*glueapi.CreateDatabaseOutput, error) {
	account, err := terms.Account(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) > 0 {
		return nil, terms.Unsupported("CreateDatabase", "Tags")
	}
	doc, err := document("CreateDatabase", in.DatabaseInput, account)
	if err != nil {
		return nil, err
	}
	id := d.NewID()
	err = d.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		doc.CreateTime = new(op.Millis(clock.Millis(tx.Now())))
		return insert(ctx, tx, account, id, doc)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, terms.Exists("Database already exists.")
	}
	return &glueapi.CreateDatabaseOutput{}, err
}

// document is what will be answered for an input.
func document(operation string, in *glueapi.DatabaseInput, account string) (*glueapi.Database, error) {
	switch {
	case in.TargetDatabase != nil:
		return nil, terms.Unsupported(operation, "DatabaseInput.TargetDatabase")
	case in.FederatedDatabase != nil:
		return nil, terms.Unsupported(operation, "DatabaseInput.FederatedDatabase")
	}
	doc := glueapi.DatabaseFromInput(in)
	doc.Name, doc.CatalogId = arn.Fold(in.Name), &account
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

// GetDatabase reads a database.
func (d *Databases) GetDatabase(ctx context.Context, in *glueapi.GetDatabaseInput) (*glueapi.GetDatabaseOutput, error) {
	account, err := terms.Account(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetDatabaseOutput{}
	err = d.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := find(ctx, tx, account, arn.Fold(in.Name))
		if err == nil {
			out.RawDatabase, err = r.json()
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
	account, err := terms.Account(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	doc, err := document("UpdateDatabase", in.DatabaseInput, account)
	if err != nil {
		return nil, err
	}
	name := arn.Fold(in.Name)
	if doc.Name != name {
		return nil, terms.Invalid("Database name in DatabaseInput must be %s: databases cannot be renamed.", name)
	}
	err = d.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := find(ctx, tx, account, name)
		if err != nil {
			return err
		}
		return replace(ctx, tx, r, doc)
	})
	return &glueapi.UpdateDatabaseOutput{}, err
}

// DeleteDatabase deletes a database and everything in it. The row of the
// operation demands the wildcards; here no existing child may be denied.
func (d *Databases) DeleteDatabase(ctx context.Context, in *glueapi.DeleteDatabaseInput) (*glueapi.DeleteDatabaseOutput, error) {
	account, err := terms.Account(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	name, checked := arn.Fold(in.Name), map[string]bool{}
	err = d.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := d.checkedFind(ctx, tx, account, name, checked)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = d.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := d.checkedFind(ctx, tx, account, name, checked) // what came in between
		if err != nil {
			return err
		}
		if err := remove(ctx, tx, r); err != nil {
			return err
		}
		tx.OnCommit(func() { d.Forget(account, name) })
		return d.Bury(ctx, tx, r.id)
	})
	return &glueapi.DeleteDatabaseOutput{}, err
}

// checkedFind finds a database whose children the caller may all delete.
// checked remembers those that were asked about: the answer for a name does not
// depend on the transaction, and asking is too slow to hold up other writers.
func (d *Databases) checkedFind(ctx context.Context, tx *db.Tx, account, name string, checked map[string]bool) (*row, error) {
	r, err := find(ctx, tx, account, name)
	if err != nil {
		return nil, err
	}
	region := op.CallFrom(ctx).Region
	for _, list := range d.Children {
		children, err := list(ctx, tx, r.id, name)
		if err != nil {
			return nil, err
		}
		for _, suffix := range children {
			if checked[suffix] {
				continue
			}
			resource := op.Resource{ARN: arn.Glue(region, account, suffix), Account: account}
			if err := d.Authorizer.Check(ctx, op.Access{Action: "glue:DeleteDatabase", Resource: resource}); err != nil {
				return nil, err
			}
			checked[suffix] = true
		}
	}
	return r, nil
}
