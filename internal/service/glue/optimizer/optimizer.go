// Package optimizer holds the table optimizers of Glue: what shall be done to an
// Iceberg table from time to time, by which role, and how.
//
// optimizer.go has the life of an optimizer, batch.go reading many, rules.go what
// a configuration may say, store.go the SQL.
//
// What is here is the control plane. Nothing carries out an optimizer yet: an
// optimizer that is enabled is stored as such, has no last run, and its list of
// runs is empty, which is the truth (docs/scope.md says so to users).
package optimizer

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Tables is what optimizers need of their tables.
type Tables interface {
	// Definition is a table's id and present definition. The error is an EntityNotFoundException.
	Definition(ctx context.Context, tx *db.Tx, account, database, name string) (int64, *glueapi.Table, error)
}

// Optimizers answers the operations about table optimizers.
type Optimizers struct {
	Store      *db.DB
	Pages      terms.Pages
	Authorizer op.Authorizer
	Tables     Tables
}

// CreateTableOptimizer gives a table an optimizer of a type. It needs
// iam:PassRole on the role.
func (o *Optimizers) CreateTableOptimizer(ctx context.Context, in *glueapi.CreateTableOptimizerInput) (*glueapi.CreateTableOptimizerOutput, error) {
	at, err := place(ctx, in.CatalogId, in.DatabaseName, in.TableName, in.Type)
	if err != nil {
		return nil, err
	}
	if err := o.check(ctx, in.Type, in.TableOptimizerConfiguration); err != nil {
		return nil, err
	}
	err = o.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r := &row{target: at}
		table, err := o.table(ctx, tx, r)
		if err != nil {
			return err
		}
		r.doc = *in.TableOptimizerConfiguration
		if err := fits(table, &r.doc); err != nil {
			return err
		}
		return r.create(ctx, tx)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, terms.Exists("Table optimizer of type " + at.kind + " already exists for table " + at.name + ".")
	}
	return &glueapi.CreateTableOptimizerOutput{}, err
}

// GetTableOptimizer reads an optimizer.
func (o *Optimizers) GetTableOptimizer(ctx context.Context, in *glueapi.GetTableOptimizerInput) (*glueapi.GetTableOptimizerOutput, error) {
	at, err := place(ctx, in.CatalogId, in.DatabaseName, in.TableName, in.Type)
	if err != nil {
		return nil, err
	}
	found, err := o.read(ctx, at)
	if err != nil {
		return nil, err
	}
	return &glueapi.GetTableOptimizerOutput{
		CatalogId: &at.account, DatabaseName: &at.database, TableName: &at.name, TableOptimizer: found.answer(),
	}, nil
}

// UpdateTableOptimizer changes the members of the configuration that the input
// has; the others stay. (That they stay is unverified: examples for AWS send all
// of them.) It needs iam:PassRole on the role that the optimizer then has.
func (o *Optimizers) UpdateTableOptimizer(ctx context.Context, in *glueapi.UpdateTableOptimizerInput) (*glueapi.UpdateTableOptimizerOutput, error) {
	at, err := place(ctx, in.CatalogId, in.DatabaseName, in.TableName, in.Type)
	if err != nil {
		return nil, err
	}
	before, err := o.read(ctx, at)
	if err != nil {
		return nil, err
	}
	next := merged(before.doc, in.TableOptimizerConfiguration)
	if err := o.check(ctx, in.Type, &next); err != nil {
		return nil, err
	}
	err = o.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r := &row{target: at}
		table, err := o.table(ctx, tx, r)
		if err != nil {
			return err
		}
		if err := fits(table, &next); err != nil {
			return err
		}
		if err := r.find(ctx, tx); err != nil {
			return err
		}
		if string(r.stored) != string(before.stored) { // the role that was checked is no longer the one before
			return &glueapi.ConcurrentModificationException{Message: "Table optimizer was modified concurrently."}
		}
		r.doc = next
		return r.save(ctx, tx)
	})
	return &glueapi.UpdateTableOptimizerOutput{}, err
}

// DeleteTableOptimizer deletes an optimizer.
func (o *Optimizers) DeleteTableOptimizer(ctx context.Context, in *glueapi.DeleteTableOptimizerInput) (*glueapi.DeleteTableOptimizerOutput, error) {
	at, err := place(ctx, in.CatalogId, in.DatabaseName, in.TableName, in.Type)
	if err != nil {
		return nil, err
	}
	err = o.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r := &row{target: at}
		if _, err := o.table(ctx, tx, r); err != nil {
			return err
		}
		if err := r.find(ctx, tx); err != nil {
			return err
		}
		return r.remove(ctx, tx)
	})
	return &glueapi.DeleteTableOptimizerOutput{}, err
}

// ListTableOptimizerRuns lists the runs of an optimizer. There are none, since
// nothing carries them out; the optimizer itself must exist.
func (o *Optimizers) ListTableOptimizerRuns(ctx context.Context, in *glueapi.ListTableOptimizerRunsInput) (*glueapi.ListTableOptimizerRunsOutput, error) {
	at, err := place(ctx, in.CatalogId, in.DatabaseName, in.TableName, in.Type)
	if err != nil {
		return nil, err
	}
	parameters := *in
	parameters.NextToken, parameters.MaxResults = nil, nil
	if _, err := o.Pages.After(op.CallFrom(ctx), at.account, &parameters, in.NextToken); err != nil {
		return nil, err
	}
	if _, err := o.read(ctx, at); err != nil {
		return nil, err
	}
	return &glueapi.ListTableOptimizerRunsOutput{
		CatalogId: &at.account, DatabaseName: &at.database, TableName: &at.name, TableOptimizerRuns: []glueapi.TableOptimizerRun{},
	}, nil
}

// target says which optimizer is meant. kind is its type.
type target struct{ account, database, name, kind string }

func place(ctx context.Context, catalog, database, name, kind string) (target, error) {
	account, err := terms.Account(op.CallFrom(ctx), &catalog)
	return target{account: account, database: arn.Fold(database), name: arn.Fold(name), kind: kind}, err
}

// table finds the table of an optimizer and sets its id in the row.
func (o *Optimizers) table(ctx context.Context, tx *db.Tx, r *row) (table *glueapi.Table, err error) {
	r.id, table, err = o.Tables.Definition(ctx, tx, r.account, r.database, r.name)
	return table, err
}

// read finds an optimizer.
func (o *Optimizers) read(ctx context.Context, at target) (*row, error) {
	r := &row{target: at}
	err := o.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := o.table(ctx, tx, r); err != nil {
			return err
		}
		return r.find(ctx, tx)
	})
	return r, err
}
