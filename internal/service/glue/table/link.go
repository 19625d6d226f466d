package table

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// A resource link is a table whose document has a TargetTable. What needs the
// content gets [terms.Link] instead of a row, and the facade follows it; lists
// look through links here, since they also show those that lead nowhere.

// newDocument is what will be answered for a new table's input.
func (t *Tables) newDocument(ctx context.Context, catalog string, in *glueapi.CreateTableInput) (*glueapi.Table, error) {
	if in.TableInput.TargetTable == nil {
		return t.document(ctx, "CreateTable", in.Name, in.TableInput)
	}
	doc, err := t.linkDocument(ctx, catalog, in)
	if err != nil {
		return nil, err
	}
	return doc, t.refuseChain(ctx, doc)
}

func (t *Tables) linkDocument(ctx context.Context, catalog string, in *glueapi.CreateTableInput) (*glueapi.Table, error) {
	input := *in.TableInput
	if input.StorageDescriptor != nil || len(input.PartitionKeys) > 0 {
		return nil, terms.Invalid("A resource link has a name and a TargetTable; the rest is its target's.")
	}
	if throughDatabase(ctx) {
		return nil, terms.Invalid("A resource link to a table cannot be created through a resource link to a database.")
	}
	target, err := terms.LinkedTable(op.CallFrom(ctx), "CreateTable", catalog, input.TargetTable)
	if err != nil {
		return nil, err
	}
	if *target.CatalogId == catalog && *target.DatabaseName == arn.Fold(in.DatabaseName) && *target.Name == arn.Fold(input.Name) {
		return nil, terms.Invalid("Table %s cannot be a resource link to itself.", *target.Name)
	}
	input.TargetTable = nil
	doc, err := t.document(ctx, "CreateTable", in.Name, &input)
	if err != nil {
		return nil, err
	}
	doc.TargetTable = target
	return doc, nil
}

// throughDatabase reports whether the call came through a link to a database:
// a second link is not followed then, but shown.
func throughDatabase(ctx context.Context) bool {
	l := terms.Followed(ctx)
	return l != nil && l.At.Table == ""
}

// follow is the error that has the facade follow a link.
func (r *row) follow() error {
	raw, err := r.json()
	if err != nil {
		return err
	}
	doc, err := terms.Parse[glueapi.Table](glueapi.ShapeTable, raw)
	if err != nil {
		return err
	}
	return terms.TableLink(r.catalog, r.database, r.name, doc.TargetTable)
}

func followIn(ctx context.Context, tx *db.Tx, r *row) error {
	r, err := findIn(ctx, tx, r.catalog, r.database, r.databaseID, r.name)
	if err != nil {
		return err
	}
	return r.follow()
}

// refuseChain refuses a link to a link. What the caller may not see is not
// looked at: following it is refused then.
func (t *Tables) refuseChain(ctx context.Context, doc *glueapi.Table) error {
	return t.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := t.target(ctx, tx, "glue:GetTable", doc.TargetTable)
		if r != nil && r.link {
			return terms.Invalid("Table %s is a resource link, which a resource link cannot point at.", r.name)
		}
		return err
	})
}

// target finds what a link points at; nil when it is not there or the caller
// may not see it. A target in a linked database is not there: links do not chain.
func (t *Tables) target(ctx context.Context, tx *db.Tx, action string, to *glueapi.TableIdentifier) (*row, error) {
	catalog, database, name := *to.CatalogId, *to.DatabaseName, *to.Name
	region := op.CallFrom(ctx).Region
	resources := append(terms.CatalogResources(region, catalog),
		terms.DatabaseResource(region, catalog, database), terms.TableResource(region, catalog, database, name))
	if !terms.AllAllowed(ctx, t.Authorizer, action, resources...) {
		return nil, nil
	}
	r, err := t.findItself(ctx, tx, catalog, database, name)
	var missing *glueapi.EntityNotFoundException
	var chained *terms.Link
	if errors.As(err, &missing) || errors.As(err, &chained) {
		return nil, nil
	}
	return r, err
}

// shown is what GetTables answers for a link: its target's document under the
// link's name, or the link's own when it leads nowhere. nil leaves it out: a
// list that was asked for through a link to another account's database has none
// of that database's links.
func (t *Tables) shown(ctx context.Context, tx *db.Tx, r *row) (op.Raw, error) {
	if l := terms.Followed(ctx); l != nil && terms.Owner(l.At.Catalog) != terms.Owner(l.To.Catalog) {
		return nil, nil
	}
	own, err := r.json()
	if err != nil || throughDatabase(ctx) {
		return own, err
	}
	doc, err := terms.Parse[glueapi.Table](glueapi.ShapeTable, own)
	if err != nil {
		return nil, err
	}
	to, err := t.target(ctx, tx, "glue:GetTables", doc.TargetTable)
	if err != nil {
		return nil, err
	}
	if to == nil || to.link {
		return own, nil
	}
	raw, err := to.json()
	if err != nil {
		return nil, err
	}
	return underName(raw, terms.Target{Catalog: r.catalog, Database: r.database, Table: r.name}, doc.TargetTable)
}

// asLink is a table's document as it is answered through a link to the table.
func asLink(l *terms.Link, raw op.Raw) (op.Raw, error) {
	if l == nil || l.At.Table == "" {
		return raw, nil
	}
	return underName(raw, l.At, l.TargetTable)
}

// underName gives a target's document the link's identity.
func underName(raw op.Raw, at terms.Target, target *glueapi.TableIdentifier) (op.Raw, error) {
	doc, err := terms.Parse[glueapi.Table](glueapi.ShapeTable, raw)
	if err != nil {
		return nil, err
	}
	doc.CatalogId, doc.DatabaseName, doc.Name, doc.TargetTable = &at.Catalog, &at.Database, at.Table, target
	return terms.Write(glueapi.ShapeTable, doc)
}
