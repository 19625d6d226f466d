package database

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// A resource link is a database whose document has a TargetDatabase. What needs
// the content gets [terms.Link] instead of an id, and the facade follows it;
// only reading and listing databases look through links here, since they also
// answer for links that lead nowhere, or to what the caller may not see.

// follow is the error that has the facade follow a link.
func (r *row) follow() error {
	doc, err := r.document()
	if err != nil {
		return err
	}
	return terms.DatabaseLink(r.catalog, r.name, doc.TargetDatabase)
}

// refuseChain refuses a link to a link. What the caller may not see is not
// looked at: following it is refused then.
func (d *Databases) refuseChain(ctx context.Context, doc *glueapi.Database) error {
	if doc.TargetDatabase == nil {
		return nil
	}
	return d.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := d.target(ctx, tx, "glue:GetDatabase", doc)
		if r != nil && r.link {
			return terms.Invalid("Database %s is a resource link, which a resource link cannot point at.", r.name)
		}
		return err
	})
}

// target finds what a link points at; nil when it is not there or the caller
// may not see it.
func (d *Databases) target(ctx context.Context, tx *db.Tx, action string, link *glueapi.Database) (*row, error) {
	catalog, name := *link.TargetDatabase.CatalogId, *link.TargetDatabase.DatabaseName
	region := op.CallFrom(ctx).Region
	resources := append(terms.CatalogResources(region, catalog), terms.DatabaseResource(region, catalog, name))
	if !terms.AllAllowed(ctx, d.Authorizer, action, resources...) {
		return nil, nil
	}
	r, err := d.Rows.find(ctx, tx, catalog, name)
	var missing *glueapi.EntityNotFoundException
	if errors.As(err, &missing) {
		return nil, nil
	}
	return r, err
}

// shown is a database's document as the caller sees it: for a link that of its
// target, under the link's name.
func (d *Databases) shown(ctx context.Context, tx *db.Tx, action string, r *row) ([]byte, error) {
	if !r.link {
		return r.json()
	}
	link, err := r.document()
	if err != nil {
		return nil, err
	}
	to, err := d.target(ctx, tx, action, link)
	if err != nil {
		return nil, err
	}
	if to == nil || to.link {
		return r.json()
	}
	doc, err := to.document()
	if err != nil {
		return nil, err
	}
	doc.Name, doc.CatalogId, doc.TargetDatabase = link.Name, link.CatalogId, link.TargetDatabase
	return terms.Write(glueapi.ShapeDatabase, doc)
}
