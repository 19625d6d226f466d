package query

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/engine/analyze"
	"github.com/bindery-project/bindery/internal/engine/sql"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/athena/terms"
)

// catalog finds the tables of one query in the Glue Data Catalog, as the caller. Each
// database and table is asked for once.
type catalog struct {
	runner    *Runner
	databases map[string]bool // whether it exists
	tables    map[string]*analyze.Table
}

// Table implements [analyze.Catalog].
func (c *catalog) Table(ctx context.Context, catalogName, database, name string) (*analyze.Table, error) {
	if !terms.IsCatalog(catalogName) {
		return nil, unsupported("data catalog %q: only %s exists", catalogName, terms.Catalog)
	}
	key := database + "\x00" + name
	if t := c.tables[key]; t != nil {
		return t, nil
	}
	if database == "" {
		return nil, analyze.ErrNoTable
	}
	if err := c.database(ctx, database); err != nil {
		return nil, err
	}
	out, err := invoke[glueapi.GetTableOutput](ctx, c.runner, "GetTable", &glueapi.GetTableInput{DatabaseName: database, Name: name})
	if missing(err) {
		return nil, analyze.ErrNoTable
	}
	if err != nil {
		return nil, err
	}
	t, err := describe(out.Table, database)
	if err == nil {
		c.tables[key] = t
	}
	return t, err
}

// database asks for a database: a query needs glue:GetDatabase too.
func (c *catalog) database(ctx context.Context, name string) error {
	exists, asked := c.databases[name]
	if !asked {
		_, err := invoke[glueapi.GetDatabaseOutput](ctx, c.runner, "GetDatabase", &glueapi.GetDatabaseInput{Name: name})
		if err != nil && !missing(err) {
			return err
		}
		exists = err == nil
		c.databases[name] = exists
	}
	if !exists {
		return analyze.ErrNoTable
	}
	return nil
}

// missing reports whether Glue says that an entity does not exist.
func missing(err error) bool {
	var none *glueapi.EntityNotFoundException
	return errors.As(err, &none)
}

// reword tells a missing database apart from a missing table, which the analyzer cannot.
func (c *catalog) reword(err error) error {
	var fault *sql.Error
	if !errors.As(err, &fault) || fault.Code != analyze.TableNotFound {
		return err
	}
	for name, exists := range c.databases {
		if !exists && strings.Contains(fault.Message, "."+name+".") {
			return &sql.Error{
				Code: "SCHEMA_NOT_FOUND", Line: fault.Line, Column: fault.Column,
				Message: fmt.Sprintf("Schema '%s' does not exist", name),
			}
		}
	}
	return err
}

// describe turns a table of the catalog into what the analyzer needs, and refuses by name
// the kinds that cannot be read.
func describe(t *glueapi.Table, database string) (*analyze.Table, error) {
	if t == nil {
		return nil, analyze.ErrNoTable
	}
	if err := readable(t); err != nil {
		return nil, err
	}
	columns, err := tableColumns(t, t.StorageDescriptor.Columns)
	if err != nil {
		return nil, err
	}
	keys, err := tableColumns(t, t.PartitionKeys)
	return &analyze.Table{Database: database, Name: t.Name, Columns: columns, PartitionKeys: keys, Handle: t}, err
}

func tableColumns(t *glueapi.Table, columns []glueapi.Column) ([]analyze.TableColumn, error) {
	out := make([]analyze.TableColumn, len(columns))
	for i, c := range columns {
		if c.Type == nil {
			return nil, &Failure{
				Reason:   fmt.Sprintf("HIVE_INVALID_METADATA: column %s of table %s has no type", c.Name, t.Name),
				Category: userFault, Type: typeSchema,
			}
		}
		out[i] = analyze.TableColumn{Name: strings.ToLower(c.Name), Type: *c.Type}
	}
	return out, nil
}

// readable refuses tables that are no files of rows.
func readable(t *glueapi.Table) error {
	switch kind := strings.ToUpper(t.Parameters["table_type"]); {
	case kind == "ICEBERG":
		return unsupported("table %s: Iceberg tables", t.Name)
	case kind == "DELTA" || strings.EqualFold(t.Parameters["spark.sql.sources.provider"], "delta"):
		return unsupported("table %s: Delta Lake tables", t.Name)
	case strings.EqualFold(t.Parameters["spark.sql.sources.provider"], "hudi"):
		return unsupported("table %s: Hudi tables", t.Name)
	case op.Value(t.TableType) == "VIRTUAL_VIEW" || op.Value(t.ViewOriginalText) != "":
		return unsupported("table %s: views", t.Name)
	case t.TargetTable != nil:
		return unsupported("table %s: resource links", t.Name)
	case strings.EqualFold(t.Parameters["projection.enabled"], "true"):
		return unsupported("table %s: partition projection", t.Name)
	case strings.EqualFold(t.Parameters["has_encrypted_data"], "true"):
		return unsupported("table %s: client-side encrypted data", t.Name)
	case t.StorageDescriptor == nil || op.Value(t.StorageDescriptor.Location) == "":
		return &Failure{
			Reason:   fmt.Sprintf("HIVE_METASTORE_ERROR: Table %s has no storage location", t.Name),
			Category: userFault, Type: typeSchema,
		}
	case len(t.StorageDescriptor.AdditionalLocations) > 0:
		return unsupported("table %s: additional locations", t.Name)
	}
	return nil
}
