package glue_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/partition"
)

// Whatever way the planner takes, a filtered list is the unfiltered one without
// what does not match, in the same order, in segments too. Two tables hold the
// same partitions, one with indexes; limits are small, so that every plan and
// every end of a page is met.
func TestPlansListTheSame(t *testing.T) {
	now := clock.NewManual(begin)
	dbtest.RunConfig(t, db.Config{Clock: now}, func(t *testing.T, d *db.DB) {
		c := newCatalog(t, d, now)
		c.mustCall(t, "CreateDatabase", `{"DatabaseInput":{"Name":"db"}}`)
		round := 0
		plans := map[string]int{}
		rapid.Check(t, func(r *rapid.T) {
			round++
			w := drawPlanned(r, t, c, round)
			for range 4 {
				w.compare(r, plans)
			}
		})
		for _, plan := range []string{"by index", "in order"} {
			if plans[plan] < 3 {
				t.Errorf("%d lists were read %s: the test says little", plans[plan], plan)
			}
		}
	})
}

// planned is a pair of tables with the same partitions.
type planned struct {
	t              *testing.T
	c              *catalog
	plain, indexed string
}

func drawPlanned(r *rapid.T, t *testing.T, c *catalog, round int) *planned {
	w := &planned{t: t, c: c, plain: fmt.Sprintf("p%d", round), indexed: fmt.Sprintf("x%d", round)}
	keys := `{"Name":"a","Type":"int"},{"Name":"b","Type":"string"},{"Name":"c","Type":"date"}`
	indexes := rapid.SampledFrom([]string{`["b"]`, `["c","b"]`, `["c","a"]`, `["b","a"]`, `["b","a","c"]`, `["c"]`})
	drawn := rapid.SliceOfNDistinct(indexes, 1, 3, rapid.ID[string]).Draw(r, "indexes")
	for i, k := range drawn {
		drawn[i] = fmt.Sprintf(`{"IndexName":"i%d","Keys":%s}`, i, k)
	}
	late := rapid.Bool().Draw(r, "backfilled")
	for name, extra := range map[string]string{w.plain: "", w.indexed: `,"PartitionIndexes":[` + strings.Join(drawn, ",") + `]`} {
		if late {
			extra = ""
		}
		c.mustCall(t, "CreateTable", `{"DatabaseName":"db","TableInput":{"Name":"`+name+`","PartitionKeys":[`+keys+`]}`+extra+`}`)
	}
	long := strings.Repeat("x", 1000)
	var list []string
	for range rapid.IntRange(0, 60).Draw(r, "partitions") {
		b := rapid.SampledFrom([]string{"a", "b", "ab", "1", "b-" + long, "a-" + long, "__HIVE_DEFAULT_PARTITION__"}).Draw(r, "b")
		list = append(list, small(
			rapid.SampledFrom([]string{"0", "1", "2", "02", "-1", "10"}).Draw(r, "a"), b,
			rapid.SampledFrom([]string{"2026-01-01", "2026-01-02", "1969-12-31"}).Draw(r, "c")))
	}
	for _, name := range []string{w.plain, w.indexed} {
		c.addTo(t, name, list)
	}
	if late {
		for _, index := range drawn {
			c.mustCall(t, "CreatePartitionIndex", `{"DatabaseName":"db","TableName":"`+w.indexed+`","PartitionIndex":`+index+`}`)
			c.work(t)
		}
	}
	if len(list) > 0 && rapid.Bool().Draw(r, "delete") {
		for _, name := range []string{w.plain, w.indexed} {
			c.mustCall(t, "BatchDeletePartition", `{"DatabaseName":"db","TableName":"`+name+`","PartitionsToDelete":[`+strings.Join(list[:min(10, len(list))], ",")+`]}`)
		}
	}
	return w
}

func small(values ...string) string {
	text, err := json.Marshal(map[string][]string{"Values": values})
	if err != nil {
		panic(err) // strings have a JSON form
	}
	return string(text)
}

// addTo makes partitions in a table of the database db.
func (c *catalog) addTo(t testing.TB, table string, list []string) {
	t.Helper()
	for some := range slices.Chunk(list, 100) {
		c.mustCall(t, "BatchCreatePartition", `{"DatabaseName":"db","TableName":"`+table+`","PartitionInputList":[`+strings.Join(some, ",")+`]}`)
	}
}

func (w *planned) compare(r *rapid.T, plans map[string]int) {
	expression := expressions().Draw(r, "expression")
	segment := ""
	if total := rapid.IntRange(0, 3).Draw(r, "segments"); total > 0 {
		segment = fmt.Sprintf(`,"Segment":{"SegmentNumber":%d,"TotalSegments":%d}`, rapid.IntRange(0, total-1).Draw(r, "segment"), total)
	}
	w.c.service.Limits = partition.DefaultLimits()
	want, errWant := w.list(w.plain, expression, segment, 1000)
	size := rapid.IntRange(1, 8).Draw(r, "size")
	w.c.service.Limits = partition.Limits{
		Budget: rapid.IntRange(1, 30).Draw(r, "budget"), Chunk: rapid.IntRange(2, 10).Draw(r, "chunk"), Sorted: rapid.SampledFrom([]int{0, 3, 100}).Draw(r, "sorted"),
	}
	got, errGot := w.list(w.indexed, expression, segment, size)
	if fmt.Sprint(errWant) != fmt.Sprint(errGot) {
		r.Fatalf("%s: %v, with indexes %v", expression, errWant, errGot)
	}
	if !slices.Equal(want, got) {
		r.Fatalf("%s%s, pages of %d:\nfull scan    %q\nwith indexes %q", expression, segment, size, want, got)
	}
	plans[w.plan(r, expression)]++
}

// list reads all pages and returns the values of the partitions.
func (w *planned) list(table, expression, segment string, size int) (out []string, err error) {
	quoted, err := json.Marshal(expression)
	if err != nil {
		return nil, err
	}
	token := ""
	for {
		text, err := w.c.call("GetPartitions", fmt.Sprintf(`{"DatabaseName":"db","TableName":%q,"Expression":%s,"MaxResults":%d%s%s}`, table, quoted, size, segment, token))
		if err != nil {
			return nil, err
		}
		var page struct {
			Partitions []struct{ Values []string }
			NextToken  string
		}
		if err := json.Unmarshal([]byte(text), &page); err != nil {
			return nil, err
		}
		if len(page.Partitions) > size {
			return nil, fmt.Errorf("a page of %d", len(page.Partitions))
		}
		for _, p := range page.Partitions {
			out = append(out, strings.Join(p.Values, "/"))
		}
		if page.NextToken == "" {
			return out, nil
		}
		token = `,"NextToken":"` + page.NextToken + `"`
	}
}

// plan is how the table with indexes is read, and checks that an explanation
// finds the same.
func (w *planned) plan(r *rapid.T, expression string) string {
	in := &glueapi.GetPartitionsInput{DatabaseName: "db", TableName: w.indexed, Expression: &expression}
	x, err := partition.Explain(w.c.ctx("GetPartitions"), w.c.service.Partitions, in)
	var known op.Error
	if errors.As(err, &known) {
		return "refused"
	}
	if err != nil {
		r.Fatal(err)
	}
	if x.Index != "" {
		return "by index"
	}
	return "in order"
}

// expressions draws filters over the keys a int, b string, c date.
func expressions() *rapid.Generator[string] {
	literals := map[string]*rapid.Generator[string]{
		"a": rapid.SampledFrom([]string{"0", "1", "2", "-1", "10", "'2'"}),
		"b": rapid.SampledFrom([]string{"'a'", "'b'", "'ab'", "'1'", "1", "'b-xx'"}),
		"c": rapid.SampledFrom([]string{"'2026-01-01'", "'2026-01-02'", "'1969-12-31'"}),
	}
	predicate := rapid.Custom(func(t *rapid.T) string {
		key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
		lit := func() string { return literals[key].Draw(t, "literal") }
		not := rapid.SampledFrom([]string{"", "", "NOT "}).Draw(t, "not")
		switch rapid.IntRange(0, 6).Draw(t, "form") {
		case 0:
			return key + " " + not + "IN (" + lit() + ", " + lit() + ")"
		case 1:
			return key + " " + not + "BETWEEN " + lit() + " AND " + lit()
		case 2:
			return "b " + not + "LIKE '" + rapid.SampledFrom([]string{"a%", "b-%", "%x", "_", "b-xx%"}).Draw(t, "pattern") + "'"
		}
		return key + rapid.SampledFrom([]string{"=", "=", "=", "<>", "<", ">="}).Draw(t, "op") + lit()
	})
	return rapid.Custom(func(t *rapid.T) string {
		out := predicate.Draw(t, "first")
		for range rapid.IntRange(0, 3).Draw(t, "more") {
			out += rapid.SampledFrom([]string{" AND ", " AND ", " OR "}).Draw(t, "join") + predicate.Draw(t, "next")
		}
		return out
	})
}
