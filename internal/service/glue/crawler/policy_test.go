package crawler

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var crawledAt = time.UnixMilli(1_700_000_000_123)

func tableOf(name string, columns ...Column) Table {
	return Table{
		Name: name, StorageDescriptor: StorageDescriptor{Columns: columns, Location: "s3://b/" + name + "/", InputFormat: textInput},
		Parameters: map[string]string{ParamClassification: "csv", ParamRecordCount: "1"},
	}
}

func TestReconcile(t *testing.T) {
	a, b, retyped := Column{Name: "a", Type: "int"}, Column{Name: "b", Type: "int"}, Column{Name: "a", Type: "string"}
	old := tableOf("t", a, b)
	old.Parameters["owner"] = "ann"
	counted := tableOf("t", a, b)
	counted.Parameters[ParamRecordCount] = "2"
	parquet := tableOf("t", a)
	parquet.StorageDescriptor.InputFormat = parInput
	keyed := tableOf("t", a)
	keyed.PartitionKeys = []Column{{Name: "y", Type: "string"}}
	back := tableOf("t", a, b)
	back.Parameters[ParamDeprecatedBy] = "1"
	cases := map[string]struct {
		policy   SchemaChangePolicy
		existing []Table
		found    []Table
		action   Action
		why      string
		columns  []Column
	}{
		"new table":                  {SchemaChangePolicy{UpdateBehavior: Log, DeleteBehavior: Log}, nil, []Table{old}, Create, "new table at s3://b/t/", []Column{a, b}},
		"unchanged":                  {SchemaChangePolicy{}, []Table{old}, []Table{tableOf("t", a, b)}, Keep, "unchanged", []Column{a, b}},
		"only counts":                {SchemaChangePolicy{}, []Table{old}, []Table{counted}, Update, "statistics differ", []Column{a, b}},
		"columns replaced":           {SchemaChangePolicy{UpdateBehavior: UpdateInDatabase}, []Table{old}, []Table{tableOf("t", retyped)}, Update, "columns differ: a int -> string, -b", []Column{retyped}},
		"columns merged":             {SchemaChangePolicy{MergeNewColumns: true}, []Table{tableOf("t", a)}, []Table{tableOf("t", retyped, b)}, Update, "columns differ: +b int", []Column{a, b}},
		"log":                        {SchemaChangePolicy{UpdateBehavior: Log}, []Table{old}, []Table{tableOf("t", retyped)}, LogOnly, "UpdateBehavior is LOG: columns differ: a int -> string, -b", []Column{a, b}},
		"format, MergeNewColumns":    {SchemaChangePolicy{MergeNewColumns: true}, []Table{old}, []Table{parquet}, Deprecate, "the format changed, which MergeNewColumns cannot take up", []Column{a, b}},
		"format":                     {SchemaChangePolicy{}, []Table{tableOf("t", a)}, []Table{parquet}, Update, "input or output format differs", []Column{a}},
		"other partition keys":       {SchemaChangePolicy{}, []Table{old}, []Table{keyed}, LogOnly, "the layout of the folders gives other partition keys; delete the table to have it made anew", []Column{a, b}},
		"gone":                       {SchemaChangePolicy{}, []Table{old}, nil, Deprecate, "no data at s3://b/t/", []Column{a, b}},
		"gone, delete":               {SchemaChangePolicy{DeleteBehavior: DeleteFromDatabase}, []Table{old}, nil, Delete, "no data at s3://b/t/", []Column{a, b}},
		"gone, log":                  {SchemaChangePolicy{DeleteBehavior: Log}, []Table{old}, nil, LogOnly, "DeleteBehavior is LOG: no data at s3://b/t/", []Column{a, b}},
		"gone, deprecated before":    {SchemaChangePolicy{}, []Table{back}, nil, Keep, "deprecated before", []Column{a, b}},
		"deprecated and back":        {SchemaChangePolicy{}, []Table{back}, []Table{tableOf("t", a, b)}, Update, "the table was deprecated and is back", []Column{a, b}},
		"deprecated, back, but log":  {SchemaChangePolicy{UpdateBehavior: Log}, []Table{back}, []Table{tableOf("t", a, b)}, LogOnly, "UpdateBehavior is LOG: the table was deprecated and is back", []Column{a, b}},
		"letter case is no change":   {SchemaChangePolicy{}, []Table{tableOf("t", Column{Name: "A", Type: "int"})}, []Table{tableOf("t", a)}, Keep, "unchanged", []Column{{Name: "A", Type: "int"}}},
		"merge keeps a lost column":  {SchemaChangePolicy{MergeNewColumns: true}, []Table{old}, []Table{tableOf("t", a)}, Keep, "unchanged", []Column{a, b}},
		"order of columns is change": {SchemaChangePolicy{}, []Table{old}, []Table{tableOf("t", b, a)}, Update, "columns differ: their order", []Column{b, a}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			changes := Reconcile(c.existing, c.found, c.policy, crawledAt)
			if len(changes) != 1 {
				t.Fatalf("%d changes", len(changes))
			}
			got := changes[0]
			if got.Action != c.action || got.Why != c.why {
				t.Errorf("%s %q, want %s %q", got.Action, got.Why, c.action, c.why)
			}
			if diff := cmp.Diff(c.columns, got.Table.StorageDescriptor.Columns); diff != "" {
				t.Error(diff)
			}
			if stamp := got.Table.Parameters[ParamDeprecatedBy]; got.Action == Deprecate && stamp != "1700000000123" || got.Action == Update && stamp != "" {
				t.Errorf("deprecated by %q", stamp)
			}
			if len(c.existing) > 0 && got.Table.Parameters["owner"] != c.existing[0].Parameters["owner"] {
				t.Error("a hand-made property was lost")
			}
		})
	}
}

func TestReconcileLeavesItsInputAlone(t *testing.T) {
	old := tableOf("t", Column{Name: "a", Type: "int"})
	Reconcile([]Table{old}, nil, SchemaChangePolicy{}, crawledAt)
	if _, ok := old.Parameters[ParamDeprecatedBy]; ok {
		t.Error("the catalog's own map was marked")
	}
}

func TestPartitionActions(t *testing.T) {
	p := &Partition{Values: []string{"1"}, StorageDescriptor: StorageDescriptor{Location: "s3://b/t/1/"}, Parameters: map[string]string{"n": "1"}}
	q := &Partition{Values: []string{"1"}, StorageDescriptor: StorageDescriptor{Location: "s3://b/t/1/"}, Parameters: map[string]string{"n": "2"}}
	cases := []struct {
		policy     SchemaChangePolicy
		old, found *Partition
		want       Action
	}{
		{SchemaChangePolicy{UpdateBehavior: Log}, nil, p, Create},
		{SchemaChangePolicy{}, p, p, Keep},
		{SchemaChangePolicy{}, p, q, Update},
		{SchemaChangePolicy{UpdateBehavior: Log}, p, q, LogOnly},
		{SchemaChangePolicy{}, p, nil, LogOnly},
		{SchemaChangePolicy{DeleteBehavior: DeleteFromDatabase}, p, nil, Delete},
	}
	for i, c := range cases {
		if got := c.policy.Partition(c.old, c.found); got != c.want {
			t.Errorf("case %d: %s, want %s", i, got, c.want)
		}
	}
}
