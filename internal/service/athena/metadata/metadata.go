// Package metadata shows databases and tables through Athena's own operations. Each asks
// Glue with the rights of the caller; the one data catalog is AwsDataCatalog.
package metadata

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/athena/terms"
)

// Metadata answers the operations about data catalogs, databases and tables.
type Metadata struct {
	Invoker op.Invoker
	Pages   terms.Pages
}

// pageSize is the largest page of the lists, and their default.
const pageSize = 50

// glue calls an operation of Glue as the caller; what it refuses is a MetadataException.
func glue[O any](ctx context.Context, m *Metadata, operation string, in any) (*O, error) {
	out, err := m.Invoker.Invoke(ctx, terms.Via, "glue", operation, in)
	if err != nil {
		return nil, asMetadata(err)
	}
	found, ok := out.(*O)
	if !ok {
		return nil, fmt.Errorf("glue:%s answered %T", operation, out)
	}
	return found, nil
}

func asMetadata(err error) error {
	var denied *op.Denied
	var missing *glueapi.EntityNotFoundException
	var known op.Error
	switch {
	case errors.As(err, &denied):
		return &athenaapi.MetadataException{Message: denied.Message + " (Service: AmazonDataCatalog; Status Code: 400; Error Code: AccessDeniedException)"}
	case errors.As(err, &missing):
		return &athenaapi.MetadataException{Message: missing.Message + " (Service: AmazonDataCatalog; Status Code: 400; Error Code: EntityNotFoundException)"}
	case errors.As(err, &known) && !known.ServerFault():
		return &athenaapi.MetadataException{Message: known.ErrorMessage()}
	}
	return err
}

func checkCatalog(name string) error {
	if terms.IsCatalog(name) {
		return nil
	}
	return terms.Invalid("Data catalog %s was not found", name)
}

// ListDataCatalogs lists the data catalogs: AwsDataCatalog.
func (m *Metadata) ListDataCatalogs(ctx context.Context, in *athenaapi.ListDataCatalogsInput) (*athenaapi.ListDataCatalogsOutput, error) {
	if _, err := m.Pages.After(op.CallFrom(ctx), nil, in.NextToken); err != nil {
		return nil, err
	}
	return &athenaapi.ListDataCatalogsOutput{DataCatalogsSummary: []athenaapi.DataCatalogSummary{
		{CatalogName: new(terms.Catalog), Type: new("GLUE")},
	}}, nil
}

// GetDataCatalog describes AwsDataCatalog: the Glue Data Catalog of the account.
func (m *Metadata) GetDataCatalog(ctx context.Context, in *athenaapi.GetDataCatalogInput) (*athenaapi.GetDataCatalogOutput, error) {
	if err := checkCatalog(in.Name); err != nil {
		return nil, err
	}
	return &athenaapi.GetDataCatalogOutput{DataCatalog: &athenaapi.DataCatalog{
		Name: terms.Catalog, Type: "GLUE", Parameters: map[string]string{"catalog-id": op.CallFrom(ctx).Account},
	}}, nil
}

// GetDatabase describes a database.
func (m *Metadata) GetDatabase(ctx context.Context, in *athenaapi.GetDatabaseInput) (*athenaapi.GetDatabaseOutput, error) {
	if err := checkCatalog(in.CatalogName); err != nil {
		return nil, err
	}
	out, err := glue[glueapi.GetDatabaseOutput](ctx, m, "GetDatabase", &glueapi.GetDatabaseInput{Name: arn.Fold(in.DatabaseName)})
	if err != nil {
		return nil, err
	}
	return &athenaapi.GetDatabaseOutput{Database: new(database(out.Database))}, nil
}

func database(d *glueapi.Database) athenaapi.Database {
	return athenaapi.Database{Name: d.Name, Description: d.Description, Parameters: d.Parameters}
}

// ListDatabases lists databases in the order of their names.
func (m *Metadata) ListDatabases(ctx context.Context, in *athenaapi.ListDatabasesInput) (*athenaapi.ListDatabasesOutput, error) {
	if err := checkCatalog(in.CatalogName); err != nil {
		return nil, err
	}
	page, err := glue[glueapi.GetDatabasesOutput](ctx, m, "GetDatabases", &glueapi.GetDatabasesInput{
		NextToken: in.NextToken, MaxResults: new(int32(terms.Size(in.MaxResults, pageSize))),
	})
	if err != nil {
		return nil, err
	}
	out := &athenaapi.ListDatabasesOutput{DatabaseList: []athenaapi.Database{}, NextToken: page.NextToken}
	for i := range page.DatabaseList {
		out.DatabaseList = append(out.DatabaseList, database(&page.DatabaseList[i]))
	}
	return out, nil
}

// GetTableMetadata describes a table.
func (m *Metadata) GetTableMetadata(ctx context.Context, in *athenaapi.GetTableMetadataInput) (*athenaapi.GetTableMetadataOutput, error) {
	if err := checkCatalog(in.CatalogName); err != nil {
		return nil, err
	}
	out, err := glue[glueapi.GetTableOutput](ctx, m, "GetTable", &glueapi.GetTableInput{DatabaseName: arn.Fold(in.DatabaseName), Name: arn.Fold(in.TableName)})
	if err != nil {
		return nil, err
	}
	return &athenaapi.GetTableMetadataOutput{TableMetadata: new(describe(out.Table))}, nil
}

// ListTableMetadata lists tables in the order of their names; Expression is a regular
// expression over the whole name.
func (m *Metadata) ListTableMetadata(ctx context.Context, in *athenaapi.ListTableMetadataInput) (*athenaapi.ListTableMetadataOutput, error) {
	if err := checkCatalog(in.CatalogName); err != nil {
		return nil, err
	}
	if in.Expression != nil {
		if _, err := regexp.Compile(*in.Expression); err != nil {
			return nil, terms.Invalid("Invalid expression: %s", *in.Expression)
		}
	}
	page, err := glue[glueapi.GetTablesOutput](ctx, m, "GetTables", &glueapi.GetTablesInput{
		DatabaseName: arn.Fold(in.DatabaseName), Expression: in.Expression, NextToken: in.NextToken,
		MaxResults: new(int32(terms.Size(in.MaxResults, pageSize))),
	})
	if err != nil {
		return nil, err
	}
	out := &athenaapi.ListTableMetadataOutput{TableMetadataList: []athenaapi.TableMetadata{}, NextToken: page.NextToken}
	for i := range page.TableList {
		out.TableMetadataList = append(out.TableMetadataList, describe(&page.TableList[i]))
	}
	return out, nil
}

// describe shows a table as Athena does: what the storage descriptor says is among the
// parameters.
func describe(t *glueapi.Table) athenaapi.TableMetadata {
	out := athenaapi.TableMetadata{
		Name: t.Name, CreateTime: t.CreateTime, LastAccessTime: t.LastAccessTime, TableType: t.TableType,
		Columns: []athenaapi.Column{}, PartitionKeys: columns(t.PartitionKeys), Parameters: maps.Clone(t.Parameters),
	}
	if out.Parameters == nil {
		out.Parameters = map[string]string{}
	}
	if sd := t.StorageDescriptor; sd != nil {
		out.Columns = columns(sd.Columns)
		addStorage(out.Parameters, sd)
	}
	return out
}

func addStorage(p map[string]string, sd *glueapi.StorageDescriptor) {
	add(p, "location", sd.Location)
	add(p, "inputformat", sd.InputFormat)
	add(p, "outputformat", sd.OutputFormat)
	if sd.SerdeInfo == nil {
		return
	}
	add(p, "serde.serialization.lib", sd.SerdeInfo.SerializationLibrary)
	for name, value := range sd.SerdeInfo.Parameters {
		p["serde.param."+name] = value
	}
}

func add(p map[string]string, name string, value *string) {
	if value != nil {
		p[name] = *value
	}
}

func columns(list []glueapi.Column) []athenaapi.Column {
	out := make([]athenaapi.Column, len(list))
	for i, c := range list {
		out[i] = athenaapi.Column{Name: c.Name, Type: c.Type, Comment: c.Comment}
	}
	return out
}
