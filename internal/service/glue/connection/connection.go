// Package connection holds the connections of the Data Catalog: where a database or a broker
// is, and how one gets in. Start with the operations below, in the order of a connection's
// life. rules.go says which properties a type must have, trial.go dials (TestConnection, by
// package probe), store.go has the SQL.
//
// Connections hold passwords. The whole document is sealed in the store and in the journal;
// no property's value is ever part of an error, a log line or an audit record. What encryption
// of passwords by a KMS key needs beyond that has its two places: [keep] on the way in, [show]
// on the way out.
package connection

import (
	"context"
	"errors"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Connections answers the operations about connections.
type Connections struct {
	Store      *db.DB
	Keys       db.Sealer // seals the documents
	Pages      terms.Pages
	Authorizer op.Authorizer
	Tags       Tags
	Trials     *Trials // nil: TestConnection is refused
}

// Tags keeps the tags of resources by ARN.
type Tags interface {
	PutTags(ctx context.Context, tx *db.Tx, arn string, tags map[string]string) error
	DropTags(ctx context.Context, tx *db.Tx, arn string) error
}

// maxConnections is AWS's default quota per catalog.
const maxConnections = 1000

// CreateConnection makes a connection. Nothing is dialled.
func (c *Connections) CreateConnection(ctx context.Context, in *glueapi.CreateConnectionInput) (*glueapi.CreateConnectionOutput, error) {
	account, err := terms.Account(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	r, err := keep("CreateConnection", account, in.ConnectionInput)
	if err != nil {
		return nil, err
	}
	if err := terms.MayTag(ctx, c.Authorizer, op.Resource{ARN: r.arn(ctx), Account: account}, in.Tags); err != nil {
		return nil, err
	}
	err = c.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r.doc.CreationTime = new(op.Millis(clock.Millis(tx.Now())))
		r.stamp(ctx, tx)
		if err := checkQuota(ctx, tx, account); err != nil {
			return err
		}
		if err := r.create(ctx, tx, c.Keys); err != nil || len(in.Tags) == 0 {
			return err
		}
		return c.Tags.PutTags(ctx, tx, r.arn(ctx), in.Tags)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, terms.Exists("Connection already exists.")
	}
	return &glueapi.CreateConnectionOutput{CreateConnectionStatus: new(glueapi.ConnectionStatusReady)}, err
}

// stamp sets what every change of a connection sets.
func (r *row) stamp(ctx context.Context, tx *db.Tx) {
	r.doc.LastUpdatedTime = new(op.Millis(clock.Millis(tx.Now())))
	r.doc.LastUpdatedBy = new(op.CallFrom(ctx).Principal.ARN)
	r.doc.Status = new(glueapi.ConnectionStatusReady)
}

// GetConnection reads a connection, with its password unless that is to be hidden.
func (c *Connections) GetConnection(ctx context.Context, in *glueapi.GetConnectionInput) (*glueapi.GetConnectionOutput, error) {
	account, err := terms.Account(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetConnectionOutput{}
	err = c.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := find(ctx, tx, c.Keys, account, in.Name)
		if err == nil {
			out.Connection = show(r, in.HidePassword)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, override(out.Connection, in.ApplyOverrideForComputeEnvironment)
}

// override refuses to lay the properties for one engine over the others: how they combine is not documented.
func override(c *glueapi.Connection, environment *string) error {
	if environment == nil {
		return nil
	}
	own := map[string]map[string]string{
		glueapi.ComputeEnvironmentSpark: c.SparkProperties, glueapi.ComputeEnvironmentAthena: c.AthenaProperties,
		glueapi.ComputeEnvironmentPython: c.PythonProperties,
	}
	if len(own[*environment]) == 0 {
		return nil
	}
	return terms.Unsupported("GetConnection", "ApplyOverrideForComputeEnvironment")
}

// UpdateConnection replaces a connection's definition, its password included. Connections are not renamed.
func (c *Connections) UpdateConnection(ctx context.Context, in *glueapi.UpdateConnectionInput) (*glueapi.UpdateConnectionOutput, error) {
	account, err := terms.Account(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	if in.ConnectionInput.Name != in.Name {
		return nil, terms.Invalid("Connection name in ConnectionInput must be %s: connections cannot be renamed.", in.Name)
	}
	next, err := keep("UpdateConnection", account, in.ConnectionInput)
	if err != nil {
		return nil, err
	}
	return &glueapi.UpdateConnectionOutput{}, c.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := find(ctx, tx, c.Keys, account, in.Name)
		if err != nil {
			return err
		}
		created := r.doc.CreationTime
		r.doc = next.doc
		r.doc.CreationTime = created
		r.stamp(ctx, tx)
		return r.save(ctx, tx, c.Keys)
	})
}

// DeleteConnection deletes a connection. Jobs and crawlers that name it do not keep it.
func (c *Connections) DeleteConnection(ctx context.Context, in *glueapi.DeleteConnectionInput) (*glueapi.DeleteConnectionOutput, error) {
	account, err := terms.Account(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	return &glueapi.DeleteConnectionOutput{}, c.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return c.remove(ctx, tx, account, in.ConnectionName)
	})
}

func (c *Connections) remove(ctx context.Context, tx *db.Tx, account, name string) error {
	r, err := find(ctx, tx, c.Keys, account, name)
	if err != nil {
		return err
	}
	if err := c.Tags.DropTags(ctx, tx, r.arn(ctx)); err != nil {
		return err
	}
	return r.remove(ctx, tx)
}

// BatchDeleteConnection deletes the connections that exist and reports the others. The
// operation's row has asked for each: one that is denied refuses them all.
func (c *Connections) BatchDeleteConnection(ctx context.Context, in *glueapi.BatchDeleteConnectionInput) (*glueapi.BatchDeleteConnectionOutput, error) {
	account, err := terms.Account(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	var out *glueapi.BatchDeleteConnectionOutput
	err = c.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = &glueapi.BatchDeleteConnectionOutput{Succeeded: []string{}, Errors: map[string]glueapi.ErrorDetail{}}
		for _, name := range slices.Compact(slices.Sorted(slices.Values(in.ConnectionNameList))) {
			err := c.remove(ctx, tx, account, name)
			var missing *glueapi.EntityNotFoundException
			switch {
			case errors.As(err, &missing):
				out.Errors[name] = *terms.Detail(missing)
			case err != nil:
				return err
			default:
				out.Succeeded = append(out.Succeeded, name)
			}
		}
		return nil
	})
	return out, err
}

// arn names the connection in the region of the call.
func (r *row) arn(ctx context.Context) string {
	return arn.Glue(op.CallFrom(ctx).Region, r.account, "connection/"+r.name())
}
