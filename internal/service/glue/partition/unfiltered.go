package partition

import (
	"context"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// The operations of engines that filter rows and columns themselves: they are
// told which columns the caller may see. No table is registered with Lake
// Formation, so that every column is authorized.

// GetUnfilteredPartitionMetadata is GetPartition for such an engine.
func (p *Partitions) GetUnfilteredPartitionMetadata(
	ctx context.Context, in *glueapi.GetUnfilteredPartitionMetadataInput,
) (*glueapi.GetUnfilteredPartitionMetadataOutput, error) {
	if err := mayUnfiltered(ctx, "GetUnfilteredPartitionMetadata", in.Region, in.SupportedPermissionTypes); err != nil {
		return nil, err
	}
	found, err := p.GetPartition(ctx, &glueapi.GetPartitionInput{
		CatalogId: &in.CatalogId, DatabaseName: in.DatabaseName, TableName: in.TableName, PartitionValues: in.PartitionValues,
	})
	if err != nil {
		return nil, err
	}
	columns, err := p.columns(ctx, in.CatalogId, in.DatabaseName, in.TableName)
	return &glueapi.GetUnfilteredPartitionMetadataOutput{
		Partition: found.Partition, RawPartition: found.RawPartition, AuthorizedColumns: columns, IsRegisteredWithLakeFormation: new(false),
	}, err
}

// GetUnfilteredPartitionsMetadata is GetPartitions for such an engine.
func (p *Partitions) GetUnfilteredPartitionsMetadata(
	ctx context.Context, in *glueapi.GetUnfilteredPartitionsMetadataInput,
) (*glueapi.GetUnfilteredPartitionsMetadataOutput, error) {
	if err := mayUnfiltered(ctx, "GetUnfilteredPartitionsMetadata", in.Region, in.SupportedPermissionTypes); err != nil {
		return nil, err
	}
	found, err := p.GetPartitions(ctx, &glueapi.GetPartitionsInput{
		CatalogId: &in.CatalogId, DatabaseName: in.DatabaseName, TableName: in.TableName,
		Expression: in.Expression, NextToken: in.NextToken, Segment: in.Segment, MaxResults: in.MaxResults,
	})
	if err != nil {
		return nil, err
	}
	columns, err := p.columns(ctx, in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetUnfilteredPartitionsMetadataOutput{UnfilteredPartitions: []glueapi.UnfilteredPartition{}, NextToken: found.NextToken}
	one := glueapi.UnfilteredPartition{AuthorizedColumns: columns, IsRegisteredWithLakeFormation: new(false)}
	for _, raw := range found.RawPartitions {
		one.RawPartition = raw
		out.UnfilteredPartitions = append(out.UnfilteredPartitions, one)
	}
	for i := range found.Partitions {
		one.Partition = &found.Partitions[i]
		out.UnfilteredPartitions = append(out.UnfilteredPartitions, one)
	}
	return out, nil
}

// mayUnfiltered refuses other regions, and an engine that cannot tell columns
// apart: what it is told here is a list of columns.
func mayUnfiltered(ctx context.Context, operation string, region *string, supported []string) error {
	if region != nil && *region != op.CallFrom(ctx).Region {
		return terms.Unsupported(operation, "Region "+*region)
	}
	if slices.Contains(supported, "COLUMN_PERMISSION") || slices.Contains(supported, "CELL_FILTER_PERMISSION") {
		return nil
	}
	return &glueapi.PermissionTypeMismatchException{Message: "The table has permissions on columns, which are not among SupportedPermissionTypes."}
}

// columns are the names of all columns of a table, its partition keys last.
func (p *Partitions) columns(ctx context.Context, catalog, database, table string) ([]string, error) {
	owner, err := terms.Catalog(op.CallFrom(ctx), &catalog)
	if err != nil {
		return nil, err
	}
	names := []string{}
	err = p.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, _, columns, err := p.Tables.Columns(ctx, tx, owner, arn.Fold(database), arn.Fold(table))
		for _, c := range columns {
			names = append(names, c.Name)
		}
		return err
	})
	return names, err
}
