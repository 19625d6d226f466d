package table

import (
	"context"
	"errors"
	"strconv"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// OpenFormat makes and changes the metadata of tables whose format has its own:
// Iceberg. The metadata are objects, read and written as the caller.
type OpenFormat interface {
	// Create writes the first metadata of a table and answers the table that
	// points to them. table may be nil.
	Create(ctx context.Context, in *glueapi.OpenTableFormatInput, name string, table *glueapi.TableInput) (*glueapi.TableInput, error)
	// Update reads the metadata that a table points to, writes the next, and
	// answers the table that points to these.
	Update(ctx context.Context, in *glueapi.UpdateOpenTableFormatInput, table *glueapi.Table) (*glueapi.Table, error)
}

// attempts is how often a change of metadata is tried when another writer was
// faster and the caller named no version.
const attempts = 4

// withMetadata writes the first metadata that CreateTable asks for. The answer
// is the request for a table that points to them.
//
// The object comes before the row: a table that exists has its metadata. When
// the row then fails, the object stays, as nothing's. What would make it fail
// for sure is looked at before.
func (t *Tables) withMetadata(ctx context.Context, account string, in *glueapi.CreateTableInput) (*glueapi.CreateTableInput, error) {
	if in.OpenTableFormatInput == nil {
		return in, nil
	}
	if t.Format == nil {
		return nil, terms.Unsupported("CreateTable", "OpenTableFormatInput")
	}
	name, err := tableName(in.Name, in.TableInput)
	if err != nil {
		return nil, err
	}
	taken, err := t.taken(ctx, account, arn.Fold(in.DatabaseName), name)
	if err != nil {
		return nil, err
	}
	if taken {
		return nil, terms.Exists("Table already exists.")
	}
	if err := refuseBeside(in); err != nil {
		return nil, err
	}
	out := *in
	out.OpenTableFormatInput, out.Name = nil, nil
	out.TableInput, err = t.Format.Create(ctx, in.OpenTableFormatInput, name, in.TableInput)
	return &out, err
}

// refuseBeside refuses what a table in an open format cannot be as well.
func refuseBeside(in *glueapi.CreateTableInput) error {
	table := in.TableInput
	if len(in.PartitionIndexes) > 0 || (table != nil && (table.TargetTable != nil || table.FederatedTable != nil || table.ViewDefinition != nil)) {
		return terms.Invalid("OpenTableFormatInput cannot be used with PartitionIndexes, a resource link, a federated table or a view.")
	}
	return nil
}

// taken reports whether a database has a table of that name. The error is an
// EntityNotFoundException when there is no database.
func (t *Tables) taken(ctx context.Context, account, database, name string) (taken bool, err error) {
	err = t.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		id, err := t.Databases.ID(ctx, tx, account, database)
		if err != nil {
			return err
		}
		_, err = findIn(ctx, tx, account, database, id, name)
		var missing *glueapi.EntityNotFoundException
		if taken = err == nil; errors.As(err, &missing) {
			return nil
		}
		return err
	})
	return taken, err
}

// tableName is the name of a table that may be given in two places.
func tableName(name *string, in *glueapi.TableInput) (string, error) {
	switch {
	case name == nil && in == nil:
		return "", terms.Invalid("Name or TableInput is required.")
	case name == nil:
		return arn.Fold(in.Name), nil
	case in != nil && arn.Fold(in.Name) != arn.Fold(*name):
		return "", terms.Invalid("Name and TableInput.Name must be the same.")
	}
	return arn.Fold(*name), nil
}

// errOvertaken says that the table changed while its metadata were written.
var errOvertaken = errors.New("table: overtaken")

// updateMetadata changes the metadata of a table in an open format. The next
// metadata are written first, then the row that points to them is, if the table
// is still the one that was read: what stops in between leaves an object that
// nothing points to, and the table as it was.
func (t *Tables) updateMetadata(ctx context.Context, account string, in *glueapi.UpdateTableInput) (*glueapi.UpdateTableOutput, error) {
	if t.Format == nil {
		return nil, terms.Unsupported("UpdateTable", "UpdateOpenTableFormatInput")
	}
	name, err := tableName(in.Name, in.TableInput)
	if err != nil {
		return nil, err
	}
	if in.TableInput != nil {
		return nil, terms.Unsupported("UpdateTable", "TableInput together with UpdateOpenTableFormatInput")
	}
	for range attempts {
		err = t.tryMetadata(ctx, account, name, in)
		if !errors.Is(err, errOvertaken) && !errors.Is(err, db.ErrConflict) {
			return &glueapi.UpdateTableOutput{}, err
		}
		if in.VersionId != nil {
			break
		}
	}
	return nil, concurrent()
}

func (t *Tables) tryMetadata(ctx context.Context, account, name string, in *glueapi.UpdateTableInput) error {
	database := arn.Fold(in.DatabaseName)
	before, doc, err := t.definition(ctx, account, database, name)
	if err != nil {
		return err
	}
	if in.VersionId != nil && *in.VersionId != strconv.FormatInt(before.version, 10) {
		return errOvertaken
	}
	if doc, err = t.Format.Update(ctx, in.UpdateOpenTableFormatInput, doc); err != nil {
		return err
	}
	defer t.Cache.hold(account, database, name)()
	return t.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := t.find(ctx, tx, account, database, name)
		if err != nil {
			return err
		}
		if r.id != before.id || r.version != before.version {
			return errOvertaken
		}
		next := *doc
		return t.change(ctx, tx, r, &next, in.SkipArchive)
	})
}

// definition reads a table, its row and its document.
func (t *Tables) definition(ctx context.Context, account, database, name string) (r *row, doc *glueapi.Table, err error) {
	err = t.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		if r, err = t.find(ctx, tx, account, database, name); err != nil {
			return err
		}
		doc, err = r.parse()
		return err
	})
	return r, doc, err
}

func (r *row) parse() (*glueapi.Table, error) {
	raw, err := r.json()
	if err != nil {
		return nil, err
	}
	return terms.Parse[glueapi.Table](glueapi.ShapeTable, raw)
}

// Definition finds a table for what belongs to it: its id, and its present
// definition.
func (t Rows) Definition(ctx context.Context, tx *db.Tx, account, database, name string) (int64, *glueapi.Table, error) {
	id, err := t.Databases.ID(ctx, tx, account, database)
	if err != nil {
		return 0, nil, err
	}
	r, err := findIn(ctx, tx, account, database, id, name)
	if err != nil {
		return 0, nil, err
	}
	if r.link {
		return 0, nil, r.follow()
	}
	doc, err := r.parse()
	return r.id, doc, err
}
