// Package function holds the user-defined functions of the Data Catalog: entries that tell an
// engine which class of which archive carries a function of a database. Nothing here runs
// them. Start with the operations below, in the order of a function's life; store.go has the SQL.
package function

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

// Functions answers the operations about user-defined functions.
type Functions struct {
	Store      *db.DB
	Pages      terms.Pages
	Authorizer op.Authorizer
	Databases  Databases
}

// Databases finds the databases that functions belong to.
type Databases interface {
	// ID is the id of a database, its EntityNotFoundException, or a [terms.Link].
	ID(ctx context.Context, tx *db.Tx, catalog, name string) (int64, error)
}

// CreateUserDefinedFunction makes a function.
func (f *Functions) CreateUserDefinedFunction(ctx context.Context, in *glueapi.CreateUserDefinedFunctionInput) (*glueapi.CreateUserDefinedFunctionOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	doc := glueapi.UserDefinedFunctionFromInput(in.FunctionInput)
	if doc.FunctionName == nil {
		return nil, terms.Invalid("FunctionName is required.")
	}
	if err := terms.NoSlash("function", *doc.FunctionName); err != nil {
		return nil, err
	}
	r := &row{catalog: catalog, database: arn.Fold(in.DatabaseName), name: arn.Fold(*doc.FunctionName), doc: *doc}
	err = f.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if r.databaseID, err = f.Databases.ID(ctx, tx, catalog, r.database); err != nil {
			return err
		}
		if err := f.checkQuota(ctx, tx, r); err != nil {
			return err
		}
		r.doc.CreateTime = new(op.Millis(clock.Millis(tx.Now())))
		return r.create(ctx, tx)
	})
	return &glueapi.CreateUserDefinedFunctionOutput{}, taken(err)
}

// taken words a name that is in use.
func taken(err error) error {
	if errors.Is(err, db.ErrExists) {
		return terms.Exists("Function already exists.")
	}
	return err
}

// GetUserDefinedFunction reads a function.
func (f *Functions) GetUserDefinedFunction(ctx context.Context, in *glueapi.GetUserDefinedFunctionInput) (*glueapi.GetUserDefinedFunctionOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetUserDefinedFunctionOutput{}
	return out, f.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := f.find(ctx, tx, catalog, in.DatabaseName, in.FunctionName)
		if err == nil {
			out.UserDefinedFunction = &r.doc
		}
		return err
	})
}

// UpdateUserDefinedFunction replaces a function's definition; the time of its creation stays.
// Another name in the definition renames it: the operation's row has checked that name too.
func (f *Functions) UpdateUserDefinedFunction(ctx context.Context, in *glueapi.UpdateUserDefinedFunctionInput) (*glueapi.UpdateUserDefinedFunctionOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	doc := glueapi.UserDefinedFunctionFromInput(in.FunctionInput)
	err = f.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := f.find(ctx, tx, catalog, in.DatabaseName, in.FunctionName)
		if err != nil {
			return err
		}
		next := *r
		next.doc, next.doc.CreateTime = *doc, r.doc.CreateTime
		if doc.FunctionName == nil || arn.Fold(*doc.FunctionName) == r.name {
			return next.replace(ctx, tx)
		}
		next.name = arn.Fold(*doc.FunctionName)
		if err := next.create(ctx, tx); err != nil {
			return err
		}
		return r.remove(ctx, tx)
	})
	return &glueapi.UpdateUserDefinedFunctionOutput{}, taken(err)
}

// DeleteUserDefinedFunction deletes a function.
func (f *Functions) DeleteUserDefinedFunction(ctx context.Context, in *glueapi.DeleteUserDefinedFunctionInput) (*glueapi.DeleteUserDefinedFunctionOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	return &glueapi.DeleteUserDefinedFunctionOutput{}, f.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := f.find(ctx, tx, catalog, in.DatabaseName, in.FunctionName)
		if err != nil {
			return err
		}
		return r.remove(ctx, tx)
	})
}

// find reads a function, or says that it or its database does not exist.
func (f *Functions) find(ctx context.Context, tx *db.Tx, catalog, database, name string) (*row, error) {
	r := &row{catalog: catalog, database: arn.Fold(database), name: arn.Fold(name)}
	var err error
	if r.databaseID, err = f.Databases.ID(ctx, tx, catalog, r.database); err != nil {
		return nil, err
	}
	return r, r.read(ctx, tx)
}
