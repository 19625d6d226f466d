package result_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/service/athena/result"
)

// write makes a result file of rows.
func write(t rapid.TB, header []string, rows [][]result.Value) []byte {
	var b bytes.Buffer
	w := result.NewWriter(&b)
	errs := []error{w.Header(header)}
	for _, row := range rows {
		for i, v := range row {
			w.Begin(i)
			if !v.Null {
				w.Text(v.Text)
			}
		}
		errs = append(errs, w.EndRow())
	}
	if err := errors.Join(append(errs, w.Flush())...); err != nil {
		t.Fatal(err)
	}
	if int64(b.Len()) != w.Bytes() {
		t.Fatalf("Bytes is %d, the file has %d", w.Bytes(), b.Len())
	}
	return b.Bytes()
}

// TestQuoting holds the form of the file: the service quotes every value but NULL.
func TestQuoting(t *testing.T) {
	got := write(t, []string{"id", `na"me`}, [][]result.Value{
		{{Text: "1"}, {Text: ""}},
		{{Null: true}, {Text: "a,b\nc\r\"d\""}},
		{{Null: true}, {Null: true}},
		{{Text: `"`}, {Text: "ü"}},
	})
	want := "\"id\",\"na\"\"me\"\n" + "\"1\",\"\"\n" + ",\"a,b\nc\r\"\"d\"\"\"\n" + ",\n" + "\"\"\"\",\"ü\"\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

// TestReadsBackFromEveryRow is the law that paging stands on: from the position after
// any row, the rest is read as it was written.
func TestReadsBackFromEveryRow(t *testing.T) {
	value := rapid.Custom(func(t *rapid.T) result.Value {
		if rapid.IntRange(0, 3).Draw(t, "null") == 0 {
			return result.Value{Null: true}
		}
		return result.Value{Text: rapid.StringOf(rapid.RuneFrom([]rune("a\",\n\r\x00é"))).Draw(t, "text")}
	})
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 4).Draw(t, "width")
		rows := rapid.SliceOfN(rapid.SliceOfN(value, width, width), 0, 6).Draw(t, "rows")
		file := write(t, make([]string, width), rows)
		all := append([][]result.Value{make([]result.Value, width)}, rows...)
		at := int64(0)
		for i := range all {
			rest, next := readAll(t, file, width, at)
			if diff := cmp.Diff(all[i:], rest); diff != "" {
				t.Fatalf("from row %d at byte %d: %s", i, at, diff)
			}
			at = next
		}
		if at != int64(len(file)) {
			t.Fatalf("ended at %d of %d", at, len(file))
		}
	})
}

// readAll reads to the end and tells where the second row began.
func readAll(t rapid.TB, file []byte, width int, at int64) (rows [][]result.Value, second int64) {
	r := result.NewReader(bytes.NewReader(file[at:]), width, at)
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, second
		}
		if err != nil {
			t.Fatal(err)
		}
		if rows = append(rows, row); len(rows) == 1 {
			second = r.Position()
		}
	}
}

func TestLongValues(t *testing.T) {
	long := string(bytes.Repeat([]byte(`x"`), 300_000))
	file := write(t, []string{"a"}, [][]result.Value{{{Text: long}}})
	rows, _ := readAll(t, file, 1, 0)
	if len(rows) != 2 || rows[1][0].Text != long {
		t.Error("the long value did not come back")
	}
}

func TestDamagedFiles(t *testing.T) {
	for name, file := range map[string]string{
		"too few fields":  "\"a\"\n",
		"too many fields": "\"a\",\"b\",\"c\"\n",
		"cut in a value":  "\"a\",\"b",
		"cut after value": "\"a\",\"b\"",
		"cut after NULL":  "\"a\",",
		"text unquoted":   "a,b\n",
		"after the quote": "\"a\"x,\"b\"\n",
	} {
		_, err := result.NewReader(bytes.NewReader([]byte(file)), 2, 0).Next()
		if !errors.Is(err, result.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMetadata compares with a file written by hand in the layout that is known.
func TestMetadata(t *testing.T) {
	column := athenaapi.ColumnInfo{
		CatalogName: new("hive"), Name: "id", Label: new("id"), Type: "bigint", Precision: new(int32(19)), Scale: new(int32(0)),
		Nullable: new("UNKNOWN"), CaseSensitive: new(false),
	}
	got := result.Metadata("q1", []athenaapi.ColumnInfo{column})
	want := "\x0a\x02q1" + "\x22\x1e" + "\x0a\x04hive" + "\x22\x02id" + "\x2a\x02id" + "\x32\x06bigint" + "\x38\x13" + "\x40\x00" + "\x48\x03" + "\x50\x00"
	if string(got) != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
