package table

import (
	"context"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// GetUnfilteredTableMetadata is GetTable for an engine that filters rows and
// columns itself: it says what the caller may see. No table is registered with
// Lake Formation, so that every column is authorized and no filter applies.
func (t *Tables) GetUnfilteredTableMetadata(
	ctx context.Context, in *glueapi.GetUnfilteredTableMetadataInput,
) (*glueapi.GetUnfilteredTableMetadataOutput, error) {
	call := op.CallFrom(ctx)
	catalog, err := terms.Catalog(call, &in.CatalogId)
	if err != nil {
		return nil, err
	}
	if in.Region != nil && *in.Region != call.Region {
		return nil, terms.Unsupported("GetUnfilteredTableMetadata", "Region "+*in.Region)
	}
	if err := checkPermissionTypes(in.SupportedPermissionTypes); err != nil {
		return nil, err
	}
	database, name := arn.Fold(in.DatabaseName), arn.Fold(in.Name)
	raw, err := t.read(ctx, catalog, database, name)
	if err != nil {
		return nil, err
	}
	doc, err := terms.Parse[glueapi.Table](glueapi.ShapeTable, raw)
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetUnfilteredTableMetadataOutput{
		RawTable: raw, AuthorizedColumns: columnNames(doc), CellFilters: []glueapi.ColumnRowFilter{},
		IsRegisteredWithLakeFormation: new(false), IsMultiDialectView: doc.IsMultiDialectView, IsProtected: new(false),
		ResourceArn: new(terms.TableResource(call.Region, catalog, database, name).ARN),
	}
	if terms.WantsStructs(ctx) {
		out.Table, out.RawTable = doc, nil
	}
	return out, nil
}

// checkPermissionTypes refuses an engine that cannot tell columns apart: what it
// is told here is a list of columns.
func checkPermissionTypes(supported []string) error {
	if slices.Contains(supported, "COLUMN_PERMISSION") || slices.Contains(supported, "CELL_FILTER_PERMISSION") {
		return nil
	}
	return &glueapi.PermissionTypeMismatchException{Message: "The table has permissions on columns, which are not among SupportedPermissionTypes."}
}

// columnNames are all columns of a table, its partition keys last.
func columnNames(doc *glueapi.Table) []string {
	names := []string{}
	if doc.StorageDescriptor != nil {
		for _, c := range doc.StorageDescriptor.Columns {
			names = append(names, c.Name)
		}
	}
	for _, c := range doc.PartitionKeys {
		names = append(names, c.Name)
	}
	return names
}
