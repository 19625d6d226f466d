package crawler

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/format"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGroup groups the members of every archive in testdata/group, as objects of bucket b, and compares with the last member, `want`. The comment
// may set: `include: s3://b/…`, `config: {…}`, `prefix: …`, `exclude: glob`, `taken: name location`, `sample: n`. A member `parquet a:int b:string
// rows=3` stands for such a Parquet file.
func TestGroup(t *testing.T) {
	archives, err := filepath.Glob("testdata/group/*.txtar")
	if err != nil || len(archives) < 10 {
		t.Fatalf("%d golden files (%v)", len(archives), err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { goldenGroup(t, path) })
	}
}

func goldenGroup(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files, want := archive.Files, ""
	if n := len(files); n > 0 && files[n-1].Name == "want" {
		want, files = string(files[n-1].Data), files[:n-1]
	}
	options, sample := readOptions(t, string(archive.Comment))
	objects := crawl(t, options, files, sample)
	got := renderGrouping(Group(objects, options))
	if *update {
		archive.Files = append(files, txtar.File{Name: "want", Data: []byte(got)})
		if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("-want +got\n%s", diff)
	}
	checkStable(t, objects, options, got)
}

// checkStable holds every golden case against two laws: the order of the objects does not matter, and a second crawl finds the same tables.
func checkStable(t *testing.T, objects []Object, options Options, want string) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		shuffled := rapid.Permutation(objects).Draw(t, "objects")
		if got := renderGrouping(Group(shuffled, options)); got != want {
			t.Fatalf("another order gives\n%s", cmp.Diff(want, got))
		}
	})
	again := options
	again.Taken = maps.Clone(options.Taken)
	if again.Taken == nil {
		again.Taken = map[string]string{}
	}
	for _, table := range Group(objects, options).Tables {
		again.Taken[table.Name] = table.StorageDescriptor.Location
	}
	if got := renderGrouping(Group(objects, again)); got != want {
		t.Errorf("the second crawl gives\n%s", cmp.Diff(want, got))
	}
}

func readOptions(t *testing.T, comment string) (o Options, sample int) {
	t.Helper()
	o = Options{Include: IncludePath{Bucket: "b"}, CrawlerName: "c", Taken: map[string]string{}}
	var err error
	for line := range strings.Lines(comment) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "include":
			o.Include, err = ParseIncludePath(value)
		case "config":
			o.Configuration, err = ParseConfiguration(value)
		case "prefix":
			o.TablePrefix = value
		case "exclude":
			o.Exclusions = append(o.Exclusions, value)
		case "taken":
			name, location, _ := strings.Cut(value, " ")
			o.Taken[name] = location
		case "sample":
			sample, err = strconv.Atoi(value)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return o, sample
}

// crawl does what a crawl does before grouping: list below the include path, exclude, sample, inspect.
func crawl(t *testing.T, o Options, files []txtar.File, sample int) []Object {
	t.Helper()
	excluded, err := parseExclusions(o.Exclusions)
	if err != nil {
		t.Fatal(err)
	}
	content := map[string][]byte{}
	var listed []Object
	for _, f := range files {
		if !o.Include.Covers(f.Name) || excluded.Match(o.Include.Relative(f.Name)) {
			continue
		}
		content[f.Name] = f.Data
		listed = append(listed, Object{Key: f.Name, Size: int64(len(f.Data))})
	}
	var objects []Object
	for _, leaf := range Leaves(o.Include, listed) {
		good := 0
		for _, object := range leaf.Objects {
			if sample == 0 || good < sample {
				inspect(t, &object, content[object.Key])
			}
			if object.Result != nil {
				good++
			}
			objects = append(objects, object)
		}
	}
	return objects
}

func inspect(t *testing.T, o *Object, data []byte) {
	t.Helper()
	if text, ok := strings.CutPrefix(string(data), "parquet "); ok {
		o.Result = standIn(t, text)
		return
	}
	result, err := format.Inspect(context.Background(), o.Key, strings.NewReader(string(data)), o.Size, format.Limits{})
	if err == nil {
		o.Result = result
	} else if !errors.As(err, &o.Reason) {
		t.Fatal(err)
	}
}

func standIn(t *testing.T, text string) *format.Result {
	t.Helper()
	r := &format.Result{Classification: format.Parquet, Compression: format.None, Exact: true, AverageRecordSize: 8}
	for word := range strings.FieldsSeq(text) {
		if rows, ok := strings.CutPrefix(word, "rows="); ok {
			n, err := strconv.ParseInt(rows, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			r.RecordCount = n
			continue
		}
		name, typ, _ := strings.Cut(word, ":")
		r.Columns = append(r.Columns, format.Column{Name: name, Type: typ})
	}
	return r
}

func renderGrouping(g Grouping) string {
	var b strings.Builder
	for _, t := range g.Tables {
		sd := t.StorageDescriptor
		fmt.Fprintf(&b, "table %s at %s\n", t.Name, sd.Location)
		fmt.Fprintf(&b, "  %s\n", renderColumns(sd.Columns))
		if len(t.PartitionKeys) > 0 {
			fmt.Fprintf(&b, "  partitioned by %s\n", renderColumns(t.PartitionKeys))
		}
		fmt.Fprintf(&b, "  %s %s\n", sd.SerdeInfo.SerializationLibrary[strings.LastIndexByte(sd.SerdeInfo.SerializationLibrary, '.')+1:], renderMap(sd.SerdeInfo.Parameters))
		fmt.Fprintf(&b, "  %s\n", renderMap(t.Parameters))
		for _, p := range t.Partitions {
			fmt.Fprintf(&b, "  partition %q at %s\n    %s; %s objects, %s records\n", p.Values, p.StorageDescriptor.Location,
				renderColumns(p.StorageDescriptor.Columns), p.Parameters[ParamObjectCount], p.Parameters[ParamRecordCount])
		}
	}
	for _, broken := range g.Broken {
		fmt.Fprintf(&b, "broken %s: %s\n", broken.Key, broken.Reason.Error())
	}
	for _, note := range g.Notes {
		fmt.Fprintf(&b, "note %s\n", note)
	}
	return b.String()
}

func renderColumns(columns []Column) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = c.Name + " " + c.Type
	}
	return strings.Join(parts, ", ")
}

// constants are the parameters that every table has alike.
var constants = []string{ParamTypeOfData, ParamSerializer, ParamDeserializer, ParamUpdatedBy, ParamOrdered}

func renderMap(m map[string]string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(constants, key) {
			parts = append(parts, key+"="+m[key])
		}
	}
	return strings.Join(parts, " ")
}
