package expression

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/service/glue/partkey"
)

// table is a layout with partitions.
type table struct {
	layout partkey.Layout
	rows   [][]byte // stored keys
}

func (x *table) add(values ...string) {
	key, _ := x.layout.Encode(values)
	x.rows = append(x.rows, key)
}

// list is the numbers of the rows that match, from 1, by a full scan.
func (x *table) list(f *Filter) []int {
	var out []int
	for i, key := range x.rows {
		components, ok := x.layout.Split(nil, key, len(x.layout.Keys))
		if ok && f.Match(components) {
			out = append(out, i+1)
		}
	}
	return out
}

// ranged is list by way of the ranges.
func (x *table) ranged(f *Filter) []int {
	inside := func(key []byte) bool {
		return slices.ContainsFunc(f.Ranges(), func(r Range) bool {
			return bytes.Compare(r.From, key) <= 0 && bytes.Compare(key, r.To) < 0
		})
	}
	return slices.DeleteFunc(x.list(f), func(n int) bool { return !inside(x.rows[n-1]) })
}

func TestFilters(t *testing.T) {
	text, err := os.ReadFile("testdata/filters.txt")
	if err != nil {
		t.Fatal(err)
	}
	var x table
	asked := 0
	for paragraph := range strings.SplitSeq(string(text), "\n\n") {
		lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(paragraph), "\n"), func(l string) bool { return strings.HasPrefix(l, "#") })
		for i := 0; i < len(lines); i++ {
			word, rest, _ := strings.Cut(lines[i], " ")
			switch word {
			case "keys":
				x.layout = partkey.NewLayout(0, readKeys(rest))
			case "row":
				x.add(strings.Split(strings.Join(strings.Fields(strings.ReplaceAll(rest, "|", " | ")), " "), " | ")...)
			case "?":
				asked++
				i++
				if got := x.answer(t, rest); got != lines[i] {
					t.Errorf("%s\nwant %s\ngot  %s", rest, lines[i], got)
				}
			}
		}
	}
	if asked < 50 {
		t.Errorf("only %d expressions were read", asked)
	}
}

func readKeys(list string) (keys []partkey.Key) {
	for part := range strings.SplitSeq(list, ", ") {
		name, hive, _ := strings.Cut(part, " ")
		keys = append(keys, partkey.Key{Name: name, Type: hive})
	}
	return keys
}

func (x *table) answer(t *testing.T, text string) string {
	f, err := Parse(text, x.layout.Keys)
	var mistake *Error
	if errors.As(err, &mistake) {
		return "error " + mistake.Message
	}
	numbers := x.list(f)
	if ranged := x.ranged(f); !slices.Equal(ranged, numbers) {
		t.Errorf("%s lists %v, but its ranges only %v", text, numbers, ranged)
	}
	if len(numbers) == 0 {
		return "none"
	}
	return strings.Trim(fmt.Sprint(numbers), "[]")
}

func TestBlankIsNoFilter(t *testing.T) {
	for _, blank := range []string{"", "  ", "\t\n"} {
		f, err := Parse(blank, nil)
		if f != nil || err != nil || !f.Match(nil) || f.Typed() != nil || len(f.Ranges()) != 1 {
			t.Errorf("%q: %v, %v", blank, f, err)
		}
	}
}

// The ranges of filters on leading keys are narrow: what they leave out is not read.
func TestRangesNarrow(t *testing.T) {
	var x table
	x.layout = partkey.NewLayout(0, readKeys("y int, m int, s string"))
	for y := range 10 {
		for m := range 10 {
			for _, s := range []string{"ant", "bee", "cat"} {
				x.add(strconv.Itoa(y), strconv.Itoa(m), s)
			}
		}
	}
	for text, want := range map[string]int{
		"y = 3":                                30,
		"y > 3 and y <= 5":                     60,
		"y in (1, 2, 77)":                      60,
		"y = 3 and m between 2 and 4":          9,
		"y = 3 and m = 4 and s like 'b%'":      1,
		"y in (1, 2) and m in (3, 4)":          12,
		"y = 1 or y = 9":                       60,
		"(y = 1 and m = 1) or (y = 2)":         60,
		"y = 1 and y = 2":                      0,
		"y is null":                            0,
		"m = 3":                                300,
		"not y = 3":                            300,
		"y = 3 and not m = 2":                  30,
		"y >= 8 and m = 3":                     60,
		"y = 3 and (m < 2 or m > 8)":           9,
		"y between 5 and 4":                    0,
		"y = 3 and s = 'bee'":                  30,
		"y <> 3":                               300,
		"y in (1) and m in (3) and s in ('x')": 0,
	} {
		f, err := Parse(text, x.layout.Keys)
		if err != nil {
			t.Fatal(err)
		}
		read := 0
		for _, key := range x.rows {
			for _, r := range f.Ranges() {
				if bytes.Compare(r.From, key) <= 0 && bytes.Compare(key, r.To) < 0 {
					read++
				}
			}
		}
		if read != want {
			t.Errorf("%s reads %d rows, want %d", text, read, want)
		}
	}
}

// expressions draws filters over the keys a int, b string, c date.
func expressions() *rapid.Generator[string] {
	ints := rapid.SampledFrom([]string{"0", "1", "2", "-1", "10", "'2'"})
	texts := rapid.SampledFrom([]string{"'a'", "'b'", "'ab'", "''", "'1'", "1", "'\U00010000'", "'\uFFFD'"})
	dates := rapid.SampledFrom([]string{"'2026-01-01'", "'2026-01-02'", "'1969-12-31'"})
	literals := map[string]*rapid.Generator[string]{"a": ints, "b": texts, "c": dates}
	predicate := rapid.Custom(func(t *rapid.T) string {
		key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
		lit := func() string { return literals[key].Draw(t, "literal") }
		not := rapid.SampledFrom([]string{"", "NOT "}).Draw(t, "not")
		switch rapid.IntRange(0, 5).Draw(t, "form") {
		case 0:
			return key + " " + not + "IN (" + lit() + ", " + lit() + ", " + lit() + ")"
		case 1:
			return key + " " + not + "BETWEEN " + lit() + " AND " + lit()
		case 2:
			return "b " + not + "LIKE '" + rapid.StringMatching(`[ab%_]{0,4}`).Draw(t, "pattern") + "'"
		case 3:
			return key + " IS " + not + "NULL"
		}
		return key + rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="}).Draw(t, "op") + lit()
	})
	var any *rapid.Generator[string]
	any = rapid.Deferred(func() *rapid.Generator[string] {
		return rapid.OneOf(predicate, predicate, rapid.Custom(func(t *rapid.T) string {
			return "(" + any.Draw(t, "left") + rapid.SampledFrom([]string{" AND ", " OR "}).Draw(t, "and") + any.Draw(t, "right") + ")"
		}), rapid.Custom(func(t *rapid.T) string { return "NOT " + any.Draw(t, "negated") }))
	})
	return any
}

// What a full scan lists lies within the ranges, and ranges are in order and apart.
func TestRangesHoldWhatMatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := table{layout: partkey.NewLayout(0, readKeys("a int, b string, c date"))}
		for range 30 {
			x.add(rapid.SampledFrom([]string{"0", "1", "2", "02", "-1", "10", "11", partkey.NullText, "bad"}).Draw(t, "a"),
				rapid.SampledFrom([]string{"", "a", "b", "ab", "ba", "1", "\U00010000", "\uFFFD", partkey.NullText}).Draw(t, "b"),
				rapid.SampledFrom([]string{"2026-01-01", "2026-01-02", "1969-12-31", partkey.NullText}).Draw(t, "c"))
		}
		text := expressions().Draw(t, "expression")
		f, err := Parse(text, x.layout.Keys)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if full, ranged := x.list(f), x.ranged(f); !slices.Equal(full, ranged) {
			t.Fatalf("%s: full scan %v, ranges %v", text, full, ranged)
		}
		checkOrder(t, f.Ranges())
	})
}

func checkOrder(t *rapid.T, ranges []Range) {
	for i, r := range ranges {
		if bytes.Compare(r.From, r.To) >= 0 || (i > 0 && bytes.Compare(ranges[i-1].To, r.From) >= 0) {
			t.Fatalf("range %d of %x", i, ranges)
		}
	}
}

// Long values are stored clipped: bounds must not cut them off.
func TestRangesOfLongValues(t *testing.T) {
	x := table{layout: partkey.NewLayout(0, readKeys("a string, b string"))}
	long := strings.Repeat("x", 1600)
	for _, end := range []string{"", "a", "m", "z"} {
		x.add(long+end, "1")
	}
	for _, text := range []string{"a = '%sm'", "a > '%sm'", "a < '%sm'", "a >= '%sm' and a <= '%sz'", "a like '%s%%'", "a in ('%sm', '%sa')"} {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "%s", long), "%%", "%")
		f, err := Parse(text, x.layout.Keys)
		if err != nil {
			t.Fatal(err)
		}
		for i, end := range []string{"", "a", "m", "z"} {
			var row [][]byte
			for _, v := range []string{long + end, "1"} {
				c, _ := partkey.Component(partkey.Text, v)
				row = append(row, c)
			}
			inside := slices.ContainsFunc(f.Ranges(), func(r Range) bool {
				return bytes.Compare(r.From, x.rows[i]) <= 0 && bytes.Compare(x.rows[i], r.To) < 0
			})
			if f.Match(row) && !inside {
				t.Errorf("%s…: value %s matches outside of the ranges", text[:10], end)
			}
		}
	}
}

func TestRangesAreBounded(t *testing.T) {
	list := make([]string, 200)
	for i := range list {
		list[i] = strconv.Itoa(i)
	}
	in := "(" + strings.Join(list, ",") + ")"
	f, err := Parse("a in "+in+" and b in "+in, readKeys("a int, b int"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(f.Ranges()); n > maxRanges+len(list) {
		t.Errorf("%d ranges", n)
	}
}

// No text makes the parser panic, and what parses is decided without panic.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a = 1 AND b LIKE 'x%'", "not (a) in (1,2)", "c between '2026-01-01' and '2026-01-02'", "((a = 1))", "b='it''s'", "a=1-2"} {
		f.Add(seed)
	}
	x := table{layout: partkey.NewLayout(0, readKeys("a int, b string, c date"))}
	x.add("1", "x", "2026-01-01")
	x.add("bad", partkey.NullText, partkey.NullText)
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := Parse(text, x.layout.Keys)
		var mistake *Error
		if err != nil {
			if !errors.As(err, &mistake) {
				t.Fatalf("%v", err)
			}
			return
		}
		if full, ranged := x.list(filter), x.ranged(filter); !slices.Equal(full, ranged) {
			t.Fatalf("%s: full scan %v, ranges %v", text, full, ranged)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	x := table{layout: partkey.NewLayout(0, readKeys("y int, m int, s string"))}
	x.add("2026", "7", "somewhere")
	f, err := Parse("m > 3 and s like 'some%' and y in (2024, 2025, 2026)", x.layout.Keys)
	if err != nil {
		b.Fatal(err)
	}
	var components [][]byte
	b.ReportAllocs()
	for b.Loop() {
		components, _ = x.layout.Split(components[:0], x.rows[0], 3)
		if !f.Match(components) {
			b.Fatal("no match")
		}
	}
}
