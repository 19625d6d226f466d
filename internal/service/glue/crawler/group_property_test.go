package crawler

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/format"
)

// anyObjects draws small trees of folders, k=v and bare, of files of a few schemas and kinds, some broken, some not sampled.
func anyObjects() *rapid.Generator[[]Object] {
	segment := rapid.SampledFrom([]string{"a", "b", "y=1", "y=2", "Y=1", "y=%31", "m=*", "x y", "_h", "q'\"[?", "a=1"})
	file := rapid.SampledFrom([]string{"1.p", "2.p", "3 [*].p", ".h"})
	return rapid.Custom(func(t *rapid.T) []Object {
		var objects []Object
		for range rapid.IntRange(0, 12).Draw(t, "objects") {
			path := append(rapid.SliceOfN(segment, 0, 3).Draw(t, "folders"), file.Draw(t, "file"))
			objects = append(objects, anyObject(t, strings.Join(path, "/")))
		}
		return objects
	})
}

// anyObject is a function of the key alone, so that two draws of one key agree.
func anyObject(_ *rapid.T, key string) Object {
	o := Object{Key: key, Size: int64(len(key))}
	switch sum := len(key) % 7; sum {
	case 0:
		o.Reason = &format.Reason{Kind: format.Truncated}
	case 1:
	case 2:
		o.Result = &format.Result{
			Classification: format.CSV, Compression: format.None, Columns: []format.Column{{Name: "col0", Type: "string"}, {Name: "col1", Type: "string"}},
			CSV: &format.Dialect{Delimiter: ",", Quote: `"`, FirstRow: []string{"a", "b"}, RestTypes: []string{"void", "void"}}, RecordCount: 1, AverageRecordSize: 1,
		}
	case 3:
		o.Result = &format.Result{
			Classification: format.CSV, Compression: format.None, Columns: []format.Column{{Name: "a", Type: "string"}, {Name: "b", Type: "bigint"}},
			CSV: &format.Dialect{Delimiter: ",", Quote: `"`, Header: true, HeaderKnown: true}, RecordCount: 1, AverageRecordSize: 1,
		}
	default:
		o.Result = &format.Result{Classification: format.Parquet, Compression: format.None, RecordCount: 2, AverageRecordSize: 3}
		for i := range sum {
			o.Result.Columns = append(o.Result.Columns, format.Column{Name: fmt.Sprint("c", i), Type: "int"})
		}
	}
	return o
}

func TestGroupLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		objects := anyObjects().Draw(t, "objects")
		options := Options{Include: IncludePath{Bucket: "b"}, CrawlerName: "c"}
		if rapid.Bool().Draw(t, "combine") {
			options.Configuration.Grouping.TableGroupingPolicy = CombineCompatibleSchemas
		}
		options.Configuration.Grouping.TableLevelConfiguration = rapid.SampledFrom([]int{0, 0, 2, 3}).Draw(t, "level")
		grouping := Group(objects, options)
		checkTables(t, grouping.Tables)
		want := renderGrouping(grouping)
		if got := renderGrouping(Group(rapid.Permutation(objects).Draw(t, "order"), options)); got != want {
			t.Fatalf("the order of the objects matters:\n%s\n%s", want, got)
		}
		options.Taken = map[string]string{}
		for _, table := range grouping.Tables {
			options.Taken[table.Name] = table.StorageDescriptor.Location
		}
		again := Group(objects, options)
		if got := renderGrouping(again); got != want {
			t.Fatalf("a second crawl differs:\n%s\n%s", want, got)
		}
		for _, change := range Reconcile(grouping.Tables, again.Tables, SchemaChangePolicy{}, time.UnixMilli(0)) {
			if change.Action != Keep {
				t.Fatalf("a second crawl would %s %s: %s", change.Action, change.Table.Name, change.Why)
			}
		}
	})
}

// checkTables holds what a catalog demands of tables.
func checkTables(t *rapid.T, tables []Table) {
	names := map[string]bool{}
	for _, table := range tables {
		if table.Name == "" || names[table.Name] {
			t.Fatalf("table name %q is empty or repeated", table.Name)
		}
		names[table.Name] = true
		columns := map[string]bool{}
		for _, c := range append(table.StorageDescriptor.Columns, table.PartitionKeys...) {
			if c.Name == "" || columns[c.Name] {
				t.Fatalf("%s: column %q is empty or repeated", table.Name, c.Name)
			}
			columns[c.Name] = true
		}
		values := map[string]bool{}
		for _, p := range table.Partitions {
			id := strings.Join(p.Values, "\x00")
			if len(p.Values) != len(table.PartitionKeys) || values[id] {
				t.Fatalf("%s: partition %q has a wrong number of values or is repeated", table.Name, p.Values)
			}
			values[id] = true
			if !strings.HasPrefix(p.StorageDescriptor.Location, table.StorageDescriptor.Location) {
				t.Fatalf("%s: partition at %s lies outside", table.Name, p.StorageDescriptor.Location)
			}
		}
	}
}
