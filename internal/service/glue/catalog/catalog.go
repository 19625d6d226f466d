// Package catalog holds the named catalogs of an account, beside its default
// catalog, which always exists and is never stored. A named catalog has databases
// of its own, with the same names as another's if need be: the catalog's id
// ("111122223333:lake") is the first part of their keys (see terms.Catalog).
//
// catalog.go has the life of a catalog, list.go GetCatalogs, store.go the SQL,
// import.go the migration from Athena's old catalog, usage.go the quotas that all
// catalogs of an account share.
package catalog

import (
	"context"
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Catalogs answers the operations about catalogs.
type Catalogs struct {
	Store      *db.DB
	Pages      terms.Pages
	Authorizer op.Authorizer
	Quotas     terms.Quotas
	Databases  Databases
	Tags       Tags
}

// Databases is what catalogs need of the databases inside.
type Databases interface {
	// Any reports whether a catalog has a database.
	Any(ctx context.Context, tx *db.Tx, catalog string) (bool, error)
	// DeleteAll deletes all databases of a catalog, with everything in them.
	DeleteAll(ctx context.Context, tx *db.Tx, catalog string) error
}

// Tags keeps the tags of resources.
type Tags interface {
	Tags(ctx context.Context, tx *db.Tx, resource string) (map[string]string, error)
	PutTags(ctx context.Context, tx *db.Tx, resource string, tags map[string]string) error
	DropTags(ctx context.Context, tx *db.Tx, resource string) error
}

// CreateCatalog makes a named catalog in the caller's account.
func (c *Catalogs) CreateCatalog(ctx context.Context, in *glueapi.CreateCatalogInput) (*glueapi.CreateCatalogOutput, error) {
	call := op.CallFrom(ctx)
	if err := checkName(in.Name); err != nil {
		return nil, err
	}
	id := terms.CatalogID(call.Account, in.Name)
	doc, err := document("CreateCatalog", call.Region, id, in.CatalogInput)
	if err != nil {
		return nil, err
	}
	if err := terms.MayTag(ctx, c.Authorizer, op.Resource{ARN: *doc.ResourceArn, Account: call.Account}, in.Tags); err != nil {
		return nil, err
	}
	err = c.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := op.Millis(clock.Millis(tx.Now()))
		doc.CreateTime, doc.UpdateTime = &now, &now
		if err := c.insert(ctx, tx, id, doc); err != nil {
			return err
		}
		if len(in.Tags) == 0 {
			return nil
		}
		return c.Tags.PutTags(ctx, tx, *doc.ResourceArn, in.Tags)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, terms.Exists("Catalog already exists.")
	}
	return &glueapi.CreateCatalogOutput{}, err
}

// checkName refuses names that a CatalogId could not tell apart: those of
// default catalogs, and what would read as an account and a name.
func checkName(name string) error {
	switch {
	case arn.ValidAccount(name), strings.EqualFold(name, "AwsDataCatalog"):
		return terms.Invalid("The default catalog cannot be created.")
	case strings.ContainsAny(name, ":*?"), strings.TrimSpace(name) == "":
		return terms.Invalid("Invalid catalog name: %s", name)
	}
	return nil
}

// document is what will be answered for an input, but for the times.
func document(operation, region, id string, in *glueapi.CatalogInput) (*glueapi.Catalog, error) {
	if err := refuseKinds(operation, in); err != nil {
		return nil, err
	}
	resources := terms.CatalogResources(region, id)
	doc := &glueapi.Catalog{
		CatalogId: &id, Name: terms.CatalogName(id), ResourceArn: new(resources[len(resources)-1].ARN),
		Description: in.Description, Parameters: in.Parameters,
		CreateDatabaseDefaultPermissions: in.CreateDatabaseDefaultPermissions,
		CreateTableDefaultPermissions:    in.CreateTableDefaultPermissions,
		AllowFullTableExternalDataAccess: in.AllowFullTableExternalDataAccess,
	}
	if doc.CreateDatabaseDefaultPermissions == nil {
		doc.CreateDatabaseDefaultPermissions = allowedByIAM()
	}
	if doc.CreateTableDefaultPermissions == nil {
		doc.CreateTableDefaultPermissions = allowedByIAM()
	}
	if in.CatalogProperties != nil {
		doc.CatalogProperties = &glueapi.CatalogPropertiesOutput{CustomProperties: in.CatalogProperties.CustomProperties}
	}
	return doc, nil
}

// refuseKinds names the catalogs that are somebody else's data, and the
// properties that only those have.
func refuseKinds(operation string, in *glueapi.CatalogInput) error {
	switch p := in.CatalogProperties; {
	case in.FederatedCatalog != nil:
		return terms.Unsupported(operation, "CatalogInput.FederatedCatalog")
	case in.TargetRedshiftCatalog != nil:
		return terms.Unsupported(operation, "CatalogInput.TargetRedshiftCatalog")
	case in.OverwriteChildResourcePermissionsWithDefault != nil:
		return terms.Unsupported(operation, "CatalogInput.OverwriteChildResourcePermissionsWithDefault")
	case p != nil && p.DataLakeAccessProperties != nil:
		return terms.Unsupported(operation, "CatalogInput.CatalogProperties.DataLakeAccessProperties")
	case p != nil && p.IcebergOptimizationProperties != nil:
		return terms.Unsupported(operation, "CatalogInput.CatalogProperties.IcebergOptimizationProperties")
	}
	return nil
}

// allowedByIAM is AWS's default: Lake Formation leaves the decision to IAM.
func allowedByIAM() []glueapi.PrincipalPermissions {
	return []glueapi.PrincipalPermissions{{
		Principal:   &glueapi.DataLakePrincipal{DataLakePrincipalIdentifier: new("IAM_ALLOWED_PRINCIPALS")},
		Permissions: []string{"ALL"},
	}}
}

// root is an account's default catalog.
func root(region, account string) *glueapi.Catalog {
	return &glueapi.Catalog{
		CatalogId: &account, Name: account, ResourceArn: new(terms.CatalogResources(region, account)[0].ARN),
		CreateDatabaseDefaultPermissions: allowedByIAM(), CreateTableDefaultPermissions: allowedByIAM(),
	}
}

// GetCatalog reads a catalog.
func (c *Catalogs) GetCatalog(ctx context.Context, in *glueapi.GetCatalogInput) (*glueapi.GetCatalogOutput, error) {
	call := op.CallFrom(ctx)
	id, err := terms.Catalog(call, &in.CatalogId)
	if err != nil {
		return nil, err
	}
	if terms.CatalogName(id) == "" {
		return &glueapi.GetCatalogOutput{Catalog: root(call.Region, id)}, nil
	}
	out := &glueapi.GetCatalogOutput{}
	err = c.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := find(ctx, tx, id)
		if err == nil {
			out.Catalog, err = r.document()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateCatalog replaces a named catalog's definition.
func (c *Catalogs) UpdateCatalog(ctx context.Context, in *glueapi.UpdateCatalogInput) (*glueapi.UpdateCatalogOutput, error) {
	id, err := named(ctx, in.CatalogId, "modified")
	if err != nil {
		return nil, err
	}
	doc, err := document("UpdateCatalog", op.CallFrom(ctx).Region, id, in.CatalogInput)
	if err != nil {
		return nil, err
	}
	err = c.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := find(ctx, tx, id)
		if err != nil {
			return err
		}
		old, err := r.document()
		if err != nil {
			return err
		}
		doc.CreateTime, doc.UpdateTime = old.CreateTime, new(op.Millis(clock.Millis(tx.Now())))
		return r.replace(ctx, tx, doc)
	})
	if errors.Is(err, db.ErrConflict) {
		return nil, &glueapi.ConcurrentModificationException{Message: "Update catalog failed due to concurrent modifications."}
	}
	return &glueapi.UpdateCatalogOutput{}, err
}

// named is the id of a catalog that can be changed.
func named(ctx context.Context, id, what string) (string, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), &id)
	if err == nil && terms.CatalogName(catalog) == "" {
		return "", terms.Invalid("The default catalog cannot be %s.", what)
	}
	return catalog, err
}

// DeleteCatalog deletes a named catalog. What is in it is out of reach at once;
// tables, versions and partitions are removed afterwards, as with a database.
func (c *Catalogs) DeleteCatalog(ctx context.Context, in *glueapi.DeleteCatalogInput) (*glueapi.DeleteCatalogOutput, error) {
	id, err := named(ctx, in.CatalogId, "deleted")
	if err != nil {
		return nil, err
	}
	err = c.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := find(ctx, tx, id)
		if err != nil {
			return err
		}
		doc, err := r.document()
		if err != nil {
			return err
		}
		if err := c.Tags.DropTags(ctx, tx, *doc.ResourceArn); err != nil {
			return err
		}
		if err := r.remove(ctx, tx); err != nil {
			return err
		}
		return c.Databases.DeleteAll(ctx, tx, id)
	})
	return &glueapi.DeleteCatalogOutput{}, err
}

// Resolvers are those that the facade offers to the gateway: "catalog" answers
// the root catalog of the account that an input's CatalogId names and, for a
// named catalog, that with its tags.
func Resolvers(c *Catalogs) map[string]op.Resolver {
	return map[string]op.Resolver{"catalog": func(ctx context.Context, in any) ([]op.Resource, error) {
		call := op.CallFrom(ctx)
		id, err := terms.Catalog(call, catalogID(in))
		if err != nil {
			return []op.Resource{{ARN: "*"}}, nil //nolint:nilerr // no catalog has such an id: only a grant on everything learns that
		}
		resources := terms.CatalogResources(call.Region, id)
		last := &resources[len(resources)-1]
		err = c.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			last.Tags, err = c.Tags.Tags(ctx, tx, last.ARN)
			return err
		})
		return resources, err
	}}
}

func catalogID(in any) *string {
	switch in := in.(type) {
	case *glueapi.GetCatalogInput:
		return &in.CatalogId
	case *glueapi.UpdateCatalogInput:
		return &in.CatalogId
	case *glueapi.DeleteCatalogInput:
		return &in.CatalogId
	}
	return nil
}
