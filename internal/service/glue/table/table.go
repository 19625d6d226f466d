// Package table holds the tables of the Data Catalog and their versions.
// table.go has the life of a table, link.go what is different with resource
// links, list.go GetTables, unfiltered.go what engines ask, version.go the
// archived versions, store.go the SQL, cache.go the documents that are asked for
// often.
package table

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Databases is what tables need of their databases.
type Databases interface {
	// ID is the id of a database, its EntityNotFoundException, or a [terms.Link].
	ID(ctx context.Context, tx *db.Tx, catalog, name string) (int64, error)
	// CountTables adds change to the number of its tables, or says that the
	// quota is met.
	CountTables(ctx context.Context, tx *db.Tx, catalog, name string, change int) error
}

// Usage counts what an account has, and refuses what is beyond its quotas.
type Usage interface {
	// Add changes the counts of a catalog's account; id is the changed row's.
	Add(ctx context.Context, tx *db.Tx, catalog string, id int64, change terms.Usage) error
}

// Partitions is what tables need to know of their partitions.
type Partitions interface {
	// Any reports whether the table with the given id has a partition.
	Any(ctx context.Context, tx *db.Tx, id int64) (bool, error)
}

// Tables answers the operations about tables and table versions.
type Tables struct {
	Store      *db.DB
	Pages      terms.Pages
	Authorizer op.Authorizer
	NewID      func() int64 // random and positive
	Databases  Databases
	Partitions Partitions
	Indexes    Indexes
	Quotas     terms.Quotas
	Usage      Usage
	// Bury has what is below a deleted table removed.
	Bury func(ctx context.Context, tx *db.Tx, id int64) error
	// Format writes the metadata of Iceberg tables.
	Format OpenFormat
	// Cache is nil when other nodes may change the store.
	Cache *Cache
}

// CreateTable makes a table.
func (t *Tables) CreateTable(ctx context.Context, in *glueapi.CreateTableInput) (*glueapi.CreateTableOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	if err := refuseCreate(in); err != nil {
		return nil, err
	}
	if err := checkName(in); err != nil {
		return nil, err
	}
	if in, err = t.withMetadata(ctx, catalog, in); err != nil {
		return nil, err
	}
	doc, err := t.newDocument(ctx, catalog, in)
	if err != nil {
		return nil, err
	}
	id, database := t.NewID(), arn.Fold(in.DatabaseName)
	caller := op.CallFrom(ctx).Principal.ARN
	err = t.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := t.newRow(ctx, tx, catalog, database, doc.Name)
		if err != nil {
			return err
		}
		now := op.Millis(clock.Millis(tx.Now()))
		doc.CreateTime, doc.UpdateTime, doc.CreatedBy = &now, &now, &caller
		r.id = id
		if err := t.Usage.Add(ctx, tx, catalog, id, terms.Usage{Tables: 1}); err != nil {
			return err
		}
		return t.createIndexed(ctx, tx, r, doc, in.PartitionIndexes)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, terms.Exists("Table already exists.")
	}
	return &glueapi.CreateTableOutput{}, err
}

// checkName looks at the name of a new table wherever the input has it.
func checkName(in *glueapi.CreateTableInput) error {
	name := ""
	if in.Name != nil {
		name = *in.Name
	}
	if in.TableInput != nil {
		name += in.TableInput.Name
	}
	return terms.NoSlash("table", name)
}

func (t *Tables) newRow(ctx context.Context, tx *db.Tx, catalog, database, name string) (*row, error) {
	id, err := t.Databases.ID(ctx, tx, catalog, database)
	if err != nil {
		return nil, err
	}
	if err := t.Databases.CountTables(ctx, tx, catalog, database, 1); err != nil {
		return nil, err
	}
	return &row{catalog: catalog, database: database, databaseID: id, name: name}, nil
}

// refuseCreate names the parts of CreateTable that are not built.
func refuseCreate(in *glueapi.CreateTableInput) error {
	switch {
	case in.TransactionId != nil:
		return terms.Unsupported("CreateTable", "TransactionId")
	case in.TableInput == nil && in.OpenTableFormatInput == nil:
		return terms.Invalid("TableInput is required.")
	}
	return nil
}

// document is what will be answered for an input; the server's own members
// come later. The top-level name, when given, must be the input's.
func (t *Tables) document(ctx context.Context, operation string, name *string, in *glueapi.TableInput) (*glueapi.Table, error) {
	switch {
	case in.TargetTable != nil:
		return nil, terms.Invalid("The target of a resource link cannot be changed: delete the link and create a new one.")
	case in.FederatedTable != nil:
		return nil, terms.Unsupported(operation, "TableInput.FederatedTable")
	case name != nil && arn.Fold(*name) != arn.Fold(in.Name):
		return nil, terms.Invalid("Name and TableInput.Name must be the same.")
	}
	doc := glueapi.TableFromInput(in)
	doc.Name = arn.Fold(in.Name)
	if doc.Retention == nil {
		doc.Retention = new(int32(0))
	}
	var err error
	if doc.ViewDefinition, err = t.view(ctx, operation, in.ViewDefinition); err != nil {
		return nil, err
	}
	if doc.PartitionKeys, err = columns(in.PartitionKeys); err != nil {
		return nil, err
	}
	if err := primitive(doc.PartitionKeys); err != nil {
		return nil, err
	}
	if in.StorageDescriptor == nil {
		return doc, nil
	}
	doc.StorageDescriptor = terms.Descriptor(in.StorageDescriptor)
	doc.StorageDescriptor.Columns, err = columns(in.StorageDescriptor.Columns)
	return doc, err
}

// columns copies a list of columns with their names in lower case. Names that
// differ by case only are one name.
func columns(in []glueapi.Column) ([]glueapi.Column, error) {
	out := slices.Clone(in)
	seen := make(map[string]bool, len(out))
	for i := range out {
		out[i].Name = arn.Fold(out[i].Name)
		if seen[out[i].Name] {
			return nil, terms.Invalid("Duplicate column name: %s.", out[i].Name)
		}
		seen[out[i].Name] = true
	}
	return out, nil
}

// primitive refuses partition keys of nested types: a path or a filter cannot
// name their values. Other types are opaque, as everywhere.
func primitive(keys []glueapi.Column) error {
	for _, k := range keys {
		if k.Type == nil {
			continue
		}
		constructor, _, nested := strings.Cut(strings.ToLower(strings.TrimSpace(*k.Type)), "<")
		if nested && slices.Contains([]string{"array", "map", "struct", "uniontype"}, strings.TrimSpace(constructor)) {
			return terms.Invalid("Partition key %s has type %s: only primitive types are supported as partition keys.", k.Name, *k.Type)
		}
	}
	return nil
}

// GetTable reads a table. A resource link shows the content of its target under
// the link's name.
func (t *Tables) GetTable(ctx context.Context, in *glueapi.GetTableInput) (*glueapi.GetTableOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	if err := terms.RefuseTravel("GetTable", in.TransactionId, in.QueryAsOfTime); err != nil {
		return nil, err
	}
	if err := checkAttributes(in.AttributesToGet); err != nil {
		return nil, err
	}
	raw, err := t.read(ctx, catalog, arn.Fold(in.DatabaseName), arn.Fold(in.Name))
	if err == nil {
		raw, err = asLink(terms.Followed(ctx), raw)
	}
	if err != nil {
		return nil, err
	}
	if in.AttributesToGet != nil {
		if raw, err = attributes(raw, in.AttributesToGet); err != nil {
			return nil, err
		}
	}
	if in.IncludeStatusDetails != nil && *in.IncludeStatusDetails {
		if raw, err = withStatus(raw); err != nil {
			return nil, err
		}
	}
	if !terms.WantsStructs(ctx) {
		return &glueapi.GetTableOutput{RawTable: raw}, nil
	}
	doc, err := terms.Parse[glueapi.Table](glueapi.ShapeTable, raw)
	return &glueapi.GetTableOutput{Table: doc}, err
}

// read returns a table's document, from the cache when it is there.
// Links are not kept there, so that they never show what their target was.
func (t *Tables) read(ctx context.Context, catalog, database, name string) (op.Raw, error) {
	raw, ticket := t.Cache.get(catalog, database, name)
	if raw != nil {
		return raw, nil
	}
	link := false
	err := t.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := t.findItself(ctx, tx, catalog, database, name)
		if err != nil {
			return err
		}
		if link = r.link; link && !throughDatabase(ctx) {
			return r.follow()
		}
		raw, err = r.json()
		return err
	})
	if err == nil && !link {
		t.Cache.put(catalog, database, name, raw, ticket)
	}
	return raw, err
}

// UpdateTable replaces a table's definition and archives the one before, unless
// SkipArchive is set. VersionId makes it conditional.
func (t *Tables) UpdateTable(ctx context.Context, in *glueapi.UpdateTableInput) (*glueapi.UpdateTableOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	if err := refuseUpdate(in); err != nil {
		return nil, err
	}
	if in.UpdateOpenTableFormatInput != nil {
		return t.updateMetadata(ctx, catalog, in)
	}
	doc, err := t.document(ctx, "UpdateTable", in.Name, in.TableInput)
	if err != nil {
		return nil, err
	}
	if in.ViewUpdateAction != nil && doc.ViewDefinition == nil {
		return nil, terms.Invalid("ViewUpdateAction needs TableInput.ViewDefinition.")
	}
	database := arn.Fold(in.DatabaseName)
	defer t.Cache.hold(catalog, database, doc.Name)()
	err = t.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := t.find(ctx, tx, catalog, database, doc.Name)
		if err != nil {
			return err
		}
		if in.VersionId != nil && *in.VersionId != strconv.FormatInt(r.version, 10) {
			return concurrent()
		}
		next := doc
		if in.ViewUpdateAction != nil {
			if next, err = r.withDialects(in, doc); err != nil {
				return err
			}
		}
		return t.change(ctx, tx, r, next, in.SkipArchive)
	})
	if errors.Is(err, db.ErrConflict) {
		return nil, concurrent()
	}
	return &glueapi.UpdateTableOutput{}, err
}

// change writes the next version of a table and keeps the one before, unless
// told to skip it.
func (t *Tables) change(ctx context.Context, tx *db.Tx, r *row, doc *glueapi.Table, skipArchive *bool) error {
	if skipArchive == nil || !*skipArchive {
		if err := t.archive(ctx, tx, r); err != nil {
			return err
		}
	}
	return t.replace(ctx, tx, r, doc)
}

// concurrent says that another writer was faster.
func concurrent() error {
	return &glueapi.ConcurrentModificationException{Message: "Update table failed due to concurrent modifications."}
}

// refuseUpdate names the parts of UpdateTable that are not built.
func refuseUpdate(in *glueapi.UpdateTableInput) error {
	switch {
	case in.TransactionId != nil:
		return terms.Unsupported("UpdateTable", "TransactionId")
	case in.TableInput == nil && in.UpdateOpenTableFormatInput == nil:
		return terms.Invalid("TableInput is required.")
	}
	return nil
}

// DeleteTable deletes a table with its versions and partitions. The data stay.
func (t *Tables) DeleteTable(ctx context.Context, in *glueapi.DeleteTableInput) (*glueapi.DeleteTableOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	if in.TransactionId != nil {
		return nil, terms.Unsupported("DeleteTable", "TransactionId")
	}
	defer t.Cache.hold(catalog, arn.Fold(in.DatabaseName), arn.Fold(in.Name))()
	err = t.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return t.delete(ctx, tx, catalog, arn.Fold(in.DatabaseName), arn.Fold(in.Name))
	})
	return &glueapi.DeleteTableOutput{}, err
}

// BatchDeleteTable deletes the tables that exist and names those that do not.
func (t *Tables) BatchDeleteTable(ctx context.Context, in *glueapi.BatchDeleteTableInput) (*glueapi.BatchDeleteTableOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	if in.TransactionId != nil {
		return nil, terms.Unsupported("BatchDeleteTable", "TransactionId")
	}
	for _, name := range in.TablesToDelete {
		defer t.Cache.hold(catalog, arn.Fold(in.DatabaseName), arn.Fold(name))()
	}
	var failed []glueapi.TableError
	err = t.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		failed = []glueapi.TableError{}
		database := arn.Fold(in.DatabaseName)
		if _, err := t.Databases.ID(ctx, tx, catalog, database); err != nil {
			return err
		}
		for _, name := range in.TablesToDelete {
			var missing *glueapi.EntityNotFoundException
			var notReady *glueapi.ResourceNotReadyException
			switch err := t.delete(ctx, tx, catalog, database, arn.Fold(name)); {
			case errors.As(err, &missing):
				missing.Message = "Table " + name + " not found" // without a full stop, as AWS words it here
				failed = append(failed, glueapi.TableError{TableName: new(name), ErrorDetail: terms.Detail(missing)})
			case errors.As(err, &notReady):
				failed = append(failed, glueapi.TableError{TableName: new(name), ErrorDetail: terms.Detail(notReady)})
			case err != nil:
				return err
			}
		}
		return nil
	})
	return &glueapi.BatchDeleteTableOutput{Errors: failed}, err
}

func (t *Tables) delete(ctx context.Context, tx *db.Tx, catalog, database, name string) error {
	r, err := t.findItself(ctx, tx, catalog, database, name)
	if err != nil {
		return err
	}
	if err := t.Indexes.AllowDelete(ctx, tx, r.id); err != nil {
		return err
	}
	if err := r.remove(ctx, tx); err != nil {
		return err
	}
	if err := t.Usage.Add(ctx, tx, catalog, r.id, terms.Usage{Tables: -1, Versions: -r.archived}); err != nil {
		return err
	}
	if err := t.Databases.CountTables(ctx, tx, catalog, database, -1); err != nil {
		return err
	}
	return t.Bury(ctx, tx, r.id)
}
