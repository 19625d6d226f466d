package statistics_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/seal"
	"github.com/bindery-project/bindery/internal/service/glue"
)

const account = "111122223333"

type allowAll struct{}

func (allowAll) Check(context.Context, ...op.Access) error { return nil }

func (allowAll) Allowed(context.Context, op.Access) bool { return true }

// world is the Glue service with table d.t (a bigint, b string; partitioned by day string) and its partition 1.
type world struct {
	testing.TB
	*glue.Service
	store *db.DB
	ctx   context.Context
}

func run(t *testing.T, test func(w *world)) {
	t.Helper()
	dbtest.Run(t, func(t *testing.T, d *db.DB) { test(newWorld(t, d)) })
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	keys, err := seal.OpenOrCreate(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	var ids atomic.Int64
	w := &world{TB: t, store: d, Service: glue.New(glue.Config{
		Store: d, Sealer: keys, Keys: keys, Authorizer: allowAll{}, NewID: func() int64 { return ids.Add(1) }, Log: slog.New(slog.DiscardHandler),
	})}
	w.ctx = op.WithCall(context.Background(), &op.Call{
		Service: "glue", Account: account, Now: time.Now(), Principal: op.Principal{Type: op.User, ARN: "arn:aws:iam::111122223333:user/ana"},
	})
	w.must(w.CreateDatabase(w.ctx, &glueapi.CreateDatabaseInput{DatabaseInput: &glueapi.DatabaseInput{Name: "d"}}))
	w.must(w.CreateTable(w.ctx, &glueapi.CreateTableInput{DatabaseName: "d", TableInput: definition("a", "b")}))
	w.partition("1")
	return w
}

func definition(columns ...string) *glueapi.TableInput {
	sd := &glueapi.StorageDescriptor{}
	for _, c := range columns {
		sd.Columns = append(sd.Columns, glueapi.Column{Name: c, Type: new("bigint")})
	}
	return &glueapi.TableInput{Name: "t", StorageDescriptor: sd, PartitionKeys: []glueapi.Column{{Name: "day", Type: new("string")}}}
}

func (w *world) must(_ any, err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) partition(day string) {
	w.Helper()
	w.must(w.CreatePartition(w.ctx, &glueapi.CreatePartitionInput{
		DatabaseName: "d", TableName: "t", PartitionInput: &glueapi.PartitionInput{Values: []string{day}, StorageDescriptor: &glueapi.StorageDescriptor{}},
	}))
}

func long(column string, distinct int64) glueapi.ColumnStatistics {
	return glueapi.ColumnStatistics{
		ColumnName: column, ColumnType: "bigint", AnalyzedTime: 1700000000123,
		StatisticsData: &glueapi.ColumnStatisticsData{Type: glueapi.ColumnStatisticsTypeLong, LongColumnStatisticsData: &glueapi.LongColumnStatisticsData{
			MinimumValue: new(int64(math.MinInt64)), MaximumValue: new(int64(math.MaxInt64)), NumberOfNulls: 3, NumberOfDistinctValues: distinct,
		}},
	}
}

func (w *world) put(list ...glueapi.ColumnStatistics) []glueapi.ColumnStatisticsError {
	w.Helper()
	out, err := w.UpdateColumnStatisticsForTable(w.ctx, &glueapi.UpdateColumnStatisticsForTableInput{DatabaseName: "d", TableName: "t", ColumnStatisticsList: list})
	if err != nil {
		w.Fatal(err)
	}
	return out.Errors
}

func (w *world) putPart(day string, list ...glueapi.ColumnStatistics) error {
	_, err := w.UpdateColumnStatisticsForPartition(w.ctx, &glueapi.UpdateColumnStatisticsForPartitionInput{
		DatabaseName: "d", TableName: "t", PartitionValues: []string{day}, ColumnStatisticsList: list,
	})
	return err
}

// get renders what is known of columns: name=distinct values, or name!error.
func (w *world) get(names ...string) string {
	w.Helper()
	out, err := w.GetColumnStatisticsForTable(w.ctx, &glueapi.GetColumnStatisticsForTableInput{DatabaseName: "d", TableName: "t", ColumnNames: names})
	if err != nil {
		w.Fatal(err)
	}
	return render(out.ColumnStatisticsList, out.Errors)
}

func (w *world) getPart(day string, names ...string) string {
	w.Helper()
	out, err := w.GetColumnStatisticsForPartition(w.ctx, &glueapi.GetColumnStatisticsForPartitionInput{
		DatabaseName: "d", TableName: "t", PartitionValues: []string{day}, ColumnNames: names,
	})
	if err != nil {
		w.Fatal(err)
	}
	return render(out.ColumnStatisticsList, out.Errors)
}

func render(found []glueapi.ColumnStatistics, missing []glueapi.ColumnError) string {
	text := ""
	for _, s := range found {
		text += fmt.Sprintf("%s=%d ", s.ColumnName, s.StatisticsData.LongColumnStatisticsData.NumberOfDistinctValues)
	}
	for _, e := range missing {
		text += fmt.Sprintf("%s!%s ", *e.ColumnName, *e.Error.ErrorCode)
	}
	return text
}

func (w *world) expect(got, want string) {
	w.Helper()
	if got != want {
		w.Errorf("got %q, want %q", got, want)
	}
}

func isA[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func TestTableStatistics(t *testing.T) {
	run(t, func(w *world) {
		failed := w.put(long("A", 1), long("day", 2), long("nowhere", 3))
		if len(failed) != 1 || failed[0].ColumnStatistics.ColumnName != "nowhere" || *failed[0].Error.ErrorCode != "EntityNotFoundException" {
			w.Errorf("errors %+v", failed)
		}
		w.expect(w.get("day", "a", "b", "nowhere"), "day=2 a=1 b!EntityNotFoundException nowhere!EntityNotFoundException ")
		w.put(long("a", 7), long("b", 8))
		w.expect(w.get("A", "b", "day"), "a=7 b=8 day=2 ")
		for range 2 { // the second time there is nothing left, which is no error
			w.must(w.DeleteColumnStatisticsForTable(w.ctx, &glueapi.DeleteColumnStatisticsForTableInput{DatabaseName: "d", TableName: "t", ColumnName: "A"}))
		}
		w.expect(w.get("a", "b"), "b=8 a!EntityNotFoundException ")
		out, err := w.GetColumnStatisticsForTable(w.ctx, &glueapi.GetColumnStatisticsForTableInput{DatabaseName: "d", TableName: "t", ColumnNames: []string{"b"}})
		if err != nil {
			w.Fatal(err)
		}
		data := out.ColumnStatisticsList[0].StatisticsData.LongColumnStatisticsData
		if *data.MinimumValue != math.MinInt64 || *data.MaximumValue != math.MaxInt64 || out.ColumnStatisticsList[0].AnalyzedTime != 1700000000123 {
			w.Errorf("came back as %+v", out.ColumnStatisticsList[0])
		}
	})
}

func TestPartitionStatistics(t *testing.T) {
	run(t, func(w *world) {
		w.partition("2")
		w.put(long("a", 100))
		for day, distinct := range map[string]int64{"1": 1, "2": 2} {
			if err := w.putPart(day, long("a", distinct)); err != nil {
				w.Fatal(err)
			}
		}
		w.expect(w.getPart("1", "a", "b"), "a=1 b!EntityNotFoundException ")
		w.expect(w.getPart("2", "a"), "a=2 ")
		w.expect(w.get("a"), "a=100 ")
		if err := w.putPart("3", long("a", 1)); !isA[*glueapi.EntityNotFoundException](err) {
			w.Errorf("a partition that does not exist: %v", err)
		}
		_, err := w.GetColumnStatisticsForPartition(w.ctx, &glueapi.GetColumnStatisticsForPartitionInput{
			DatabaseName: "d", TableName: "t", PartitionValues: []string{"1", "2"}, ColumnNames: []string{"a"},
		})
		if !isA[*glueapi.InvalidInputException](err) {
			w.Errorf("two values for one key: %v", err)
		}
		w.must(w.DeleteColumnStatisticsForPartition(w.ctx, &glueapi.DeleteColumnStatisticsForPartitionInput{
			DatabaseName: "d", TableName: "t", PartitionValues: []string{"1"}, ColumnName: "a",
		}))
		w.expect(w.getPart("1", "a"), "a!EntityNotFoundException ")
		w.expect(w.getPart("2", "a"), "a=2 ")
	})
}

// A partition that is made again has no statistics of the one before.
func TestStatisticsEndWithTheirPartition(t *testing.T) {
	run(t, func(w *world) {
		if err := w.putPart("1", long("a", 1)); err != nil {
			w.Fatal(err)
		}
		w.must(w.DeletePartition(w.ctx, &glueapi.DeletePartitionInput{DatabaseName: "d", TableName: "t", PartitionValues: []string{"1"}}))
		w.partition("1")
		w.expect(w.getPart("1", "a"), "a!EntityNotFoundException ")
	})
}

func TestStatisticsEndWithTheirTable(t *testing.T) {
	run(t, func(w *world) {
		w.put(long("a", 1))
		for n := range 1200 { // more than one piece of the purge
			day := fmt.Sprint(n + 10)
			w.partition(day)
			if err := w.putPart(day, long("a", 1)); err != nil {
				w.Fatal(err)
			}
		}
		w.must(w.DeleteTable(w.ctx, &glueapi.DeleteTableInput{DatabaseName: "d", Name: "t"}))
		w.must(w.CreateTable(w.ctx, &glueapi.CreateTableInput{DatabaseName: "d", TableInput: definition("a")}))
		w.expect(w.get("a"), "a!EntityNotFoundException ")
		w.put(long("a", 5))
		w.Start()
		deadline := time.After(30 * time.Second)
		for rows := -1; rows != 1; {
			select {
			case <-deadline:
				w.Fatalf("%d rows are left", rows)
			default:
			}
			w.must(nil, w.store.Read(w.ctx, func(ctx context.Context, tx *db.Tx) error {
				return tx.QueryRow(ctx, `SELECT COUNT(*) FROM glue_statistics`).Scan(&rows)
			}))
		}
		w.must(nil, w.Close())
		w.expect(w.get("a"), "a=5 ")
		if n, err := w.store.Fsck(w.ctx, glue.Stored(), func(e *db.CorruptError) error { return e }); err != nil || n == 0 {
			w.Errorf("fsck: %d documents, %v", n, err)
		}
	})
}

// Statistics of a column that is gone are not shown, not even under the name of a partition.
func TestStatisticsOfRemovedColumns(t *testing.T) {
	run(t, func(w *world) {
		w.put(long("a", 1), long("b", 2))
		w.must(w.UpdateTable(w.ctx, &glueapi.UpdateTableInput{DatabaseName: "d", TableInput: definition("b", "c")}))
		w.expect(w.get("a", "b", "c"), "b=2 a!EntityNotFoundException c!EntityNotFoundException ")
		if failed := w.put(long("a", 9)); len(failed) != 1 {
			w.Errorf("errors %+v", failed)
		}
	})
}

// Exactly the member of the type must be given; nothing of the call is stored otherwise.
func TestMemberOfTheType(t *testing.T) {
	run(t, func(w *world) {
		none, wrong, two, empty := long("a", 1), long("a", 1), long("a", 1), long("a", 1)
		none.StatisticsData = &glueapi.ColumnStatisticsData{Type: "LONG"}
		wrong.StatisticsData = &glueapi.ColumnStatisticsData{Type: "STRING", LongColumnStatisticsData: long("a", 1).StatisticsData.LongColumnStatisticsData}
		two.StatisticsData.BooleanColumnStatisticsData = &glueapi.BooleanColumnStatisticsData{}
		empty.StatisticsData = &glueapi.ColumnStatisticsData{Type: "DECIMAL", DecimalColumnStatisticsData: &glueapi.DecimalColumnStatisticsData{MinimumValue: &glueapi.DecimalNumber{}}}
		for name, bad := range map[string]glueapi.ColumnStatistics{"none": none, "wrong": wrong, "two": two, "empty": empty} {
			_, err := w.UpdateColumnStatisticsForTable(w.ctx, &glueapi.UpdateColumnStatisticsForTableInput{
				DatabaseName: "d", TableName: "t", ColumnStatisticsList: []glueapi.ColumnStatistics{long("b", 1), bad},
			})
			if !isA[*glueapi.InvalidInputException](err) {
				w.Errorf("%s: %v", name, err)
			}
		}
		w.expect(w.get("b"), "b!EntityNotFoundException ")
	})
}

// Every type comes back as it was given, the digits of decimals as bytes.
func TestEveryTypeComesBack(t *testing.T) {
	run(t, func(w *world) {
		digits := []byte{0xFF, 0x01, 0x00}
		all := []glueapi.ColumnStatisticsData{
			{Type: "BOOLEAN", BooleanColumnStatisticsData: &glueapi.BooleanColumnStatisticsData{NumberOfTrues: 1, NumberOfFalses: 2, NumberOfNulls: 3}},
			{Type: "DATE", DateColumnStatisticsData: &glueapi.DateColumnStatisticsData{MinimumValue: new(op.Millis(-86400000)), NumberOfDistinctValues: 4}},
			{Type: "DECIMAL", DecimalColumnStatisticsData: &glueapi.DecimalColumnStatisticsData{MaximumValue: &glueapi.DecimalNumber{UnscaledValue: digits, Scale: 2}}},
			{Type: "DOUBLE", DoubleColumnStatisticsData: &glueapi.DoubleColumnStatisticsData{MinimumValue: new(-1.5), MaximumValue: new(math.MaxFloat64)}},
			{Type: "STRING", StringColumnStatisticsData: &glueapi.StringColumnStatisticsData{MaximumLength: 9, AverageLength: 2.25}},
			{Type: "BINARY", BinaryColumnStatisticsData: &glueapi.BinaryColumnStatisticsData{MaximumLength: 1 << 40}},
		}
		for _, data := range all {
			w.put(glueapi.ColumnStatistics{ColumnName: "a", ColumnType: "x", AnalyzedTime: 1, StatisticsData: &data})
			out, err := w.GetColumnStatisticsForTable(w.ctx, &glueapi.GetColumnStatisticsForTableInput{DatabaseName: "d", TableName: "t", ColumnNames: []string{"a"}})
			if err != nil {
				w.Fatal(err)
			}
			got := out.ColumnStatisticsList[0].StatisticsData
			if fmt.Sprint(deref(got)) != fmt.Sprint(deref(&data)) {
				w.Errorf("got %v, want %v", deref(got), deref(&data))
			}
		}
	})
}

// deref shows the members that are set.
func deref(d *glueapi.ColumnStatisticsData) []any {
	out := []any{d.Type}
	if m := d.BooleanColumnStatisticsData; m != nil {
		out = append(out, *m)
	}
	if m := d.DateColumnStatisticsData; m != nil {
		out = append(out, *m.MinimumValue, m.MaximumValue == nil, m.NumberOfDistinctValues)
	}
	if m := d.DecimalColumnStatisticsData; m != nil {
		out = append(out, m.MinimumValue == nil, slices.Clone(m.MaximumValue.UnscaledValue), m.MaximumValue.Scale)
	}
	if m := d.DoubleColumnStatisticsData; m != nil {
		out = append(out, *m.MinimumValue, *m.MaximumValue)
	}
	if m := d.StringColumnStatisticsData; m != nil {
		out = append(out, *m)
	}
	if m := d.BinaryColumnStatisticsData; m != nil {
		out = append(out, *m)
	}
	return out
}
