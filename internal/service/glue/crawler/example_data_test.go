package crawler

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// exampleData is what people crawl first.
const exampleData = "../../../../examples/flights/data"

// TestExampleData crawls the example data as a bucket and holds the tables that the documentation promises.
func TestExampleData(t *testing.T) {
	var files []txtar.File
	root := os.DirFS(exampleData)
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.Contains(path, "/") {
			return err
		}
		data, err := fs.ReadFile(root, path)
		files = append(files, txtar.File{Name: path, Data: data})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Include: IncludePath{Bucket: "b"}, CrawlerName: "c"}
	grouping := Group(crawl(t, options, files, 0), options)
	if len(grouping.Broken) > 0 || len(grouping.Tables) != 3 {
		t.Fatalf("%d tables, broken %v", len(grouping.Tables), grouping.Broken)
	}
	want := []struct {
		name, columns, keys, serde, records string
		partitions                          int
	}{
		{"airports", "iata string, name string, city string, state string, country string, latitude double, longitude double", "", openCSV, "3376", 0},
		{
			"birdstrikes", "airport name string, aircraft make model string, effect amount of damage string, flight date string, " +
				"aircraft airline operator string, origin state string, phase of flight string, wildlife size string, wildlife species string, " +
				"time of day string, cost other bigint, cost repair bigint, cost total $ bigint, speed ias in knots bigint", "", lazySimple, "10027", 0,
		},
		{"flights", "date timestamp, delay bigint, distance bigint, origin string, destination string", "year string, month string", parSerDe, "428571", 6},
	}
	for i, w := range want {
		got := grouping.Tables[i]
		sd := got.StorageDescriptor
		if got.Name != w.name || renderColumns(sd.Columns) != w.columns || renderColumns(got.PartitionKeys) != w.keys ||
			sd.SerdeInfo.SerializationLibrary != w.serde || got.Parameters[ParamRecordCount] != w.records || len(got.Partitions) != w.partitions {
			t.Errorf("table %d:\n%s", i, renderGrouping(Grouping{Tables: []Table{got}}))
		}
	}
}
