package app

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/binderyapi"
	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/service/glue"
	"github.com/bindery-project/bindery/internal/service/glue/partition"
)

// filters shows the installation's API how the catalog finds partitions.
type filters struct{ catalog *glue.Service }

// Explain implements installation.Filters.
func (f filters) Explain(ctx context.Context, in *binderyapi.ExplainPartitionFilterInput) (*binderyapi.ExplainPartitionFilterOutput, error) {
	x, err := partition.Explain(ctx, f.catalog.Partitions, &glueapi.GetPartitionsInput{
		CatalogId: in.CatalogId, DatabaseName: in.DatabaseName, TableName: in.TableName, Expression: in.Expression,
	})
	if err != nil {
		return nil, err
	}
	out := &binderyapi.ExplainPartitionFilterOutput{
		Reason: x.Reason, Pages: int32(x.Pages), Complete: x.Complete, RowsRead: int32(x.Rows), EntriesRead: int32(x.Entries),
		DocumentsRead: int32(x.Documents), Returned: int32(x.Returned), Ways: []binderyapi.FilterWay{},
	}
	if x.Index != "" {
		out.IndexName = &x.Index
	}
	for i := range x.Ways {
		out.Ways = append(out.Ways, way(&x.Ways[i]))
	}
	return out, nil
}

func way(w *partition.Way) binderyapi.FilterWay {
	out := binderyapi.FilterWay{Keys: []binderyapi.FilterKey{}, Ranges: int32(w.Ranges), Usable: w.Usable, Why: w.Why}
	if w.Index != "" {
		out.IndexName = &w.Index
	}
	for _, k := range w.Keys {
		key := binderyapi.FilterKey{Name: k.Name}
		if k.Bounds != "" {
			key.Bounds = new(k.Bounds)
		}
		out.Keys = append(out.Keys, key)
	}
	if w.Counted {
		out.Entries, out.More = new(int32(w.Count)), &w.More
	}
	return out
}
