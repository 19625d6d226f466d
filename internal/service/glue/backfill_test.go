package glue

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/service/glue/partindex"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// A backfill that is cut off after any piece goes on where it was, in a new
// process, while others write, and every partition is in the index in the end.
func TestBackfillIsCutOff(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		ctx := callContext()
		fill(ctx, t, s, "db")
		deletePartition(ctx, t, s, "x") // its value is no int
		createIndex(ctx, t, s, "i")
		for n := 0; status(ctx, t, s, "i") == glueapi.PartitionIndexStatusCreating; n++ {
			if n > 20 {
				t.Fatal("the backfill does not end")
			}
			performPieces(t, newService(t, d), 1)
			createPartition(ctx, t, s, fmt.Sprint(-n)) // behind the backfill
			createPartition(ctx, t, s, fmt.Sprint(100_000+n))
			deletePartition(ctx, t, s, fmt.Sprint(2*n))
			deletePartition(ctx, t, s, fmt.Sprint(1199-n))
		}
		if got := status(ctx, t, s, "i"); got != glueapi.PartitionIndexStatusActive {
			t.Fatal(got)
		}
		partitions, entries := count(ctx, t, d, "glue_partition")/2, count(ctx, t, d, "glue_partition_index_row")
		if in := countIn(ctx, t, s); entries != in || in < 1000 {
			t.Errorf("%d entries for %d partitions (%d)", entries, in, partitions)
		}
		if n, err := d.Fsck(ctx, Stored(), func(e *db.CorruptError) error { return e }); err != nil || n == 0 {
			t.Errorf("fsck: %d documents, %v", n, err)
		}
	})
}

// The entries of a deleted index, and of one that has failed, are removed, by
// pieces that may be cut off, too; so are those of a deleted table.
func TestEntriesAreRemoved(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		ctx := callContext()
		fill(ctx, t, s, "db")
		createIndex(ctx, t, s, "bad") // because of the value x, which comes last
		perform(t, s)
		if got := status(ctx, t, s, "bad"); got != glueapi.PartitionIndexStatusFailed {
			t.Fatal(got)
		}
		if n := count(ctx, t, d, "glue_partition_index_row"); n != 0 {
			t.Errorf("%d entries of a failed index are left", n)
		}
		deletePartition(ctx, t, s, "x")
		createIndex(ctx, t, s, "i")
		perform(t, s)
		if n := count(ctx, t, d, "glue_partition_index_row"); n != 1200 {
			t.Errorf("%d entries", n)
		}
		if _, err := s.DeletePartitionIndex(ctx, &glueapi.DeletePartitionIndexInput{DatabaseName: "db", TableName: "t", IndexName: "i"}); err != nil {
			t.Fatal(err)
		}
		performPieces(t, newService(t, d), 1)
		if n := count(ctx, t, d, "glue_partition_index_row"); n == 0 || n == 1200 {
			t.Errorf("%d entries after one piece", n)
		}
		perform(t, newService(t, d))
		if n := count(ctx, t, d, "glue_partition_index_row"); n != 0 {
			t.Errorf("%d entries of a deleted index are left", n)
		}
		createIndex(ctx, t, s, "j")
		perform(t, s)
		if _, err := s.DeleteTable(ctx, &glueapi.DeleteTableInput{DatabaseName: "db", Name: "t"}); err != nil {
			t.Fatal(err)
		}
		if err := s.purger.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		for table, want := range map[string]int{"glue_partition_index": 0, "glue_partition_index_row": 0} {
			if got := count(ctx, t, d, table); got != want {
				t.Errorf("%d rows left in %s", got, table)
			}
		}
	})
}

// The last ten failed indexes of a table are kept.
func TestFailedIndexesAreKept(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		ctx := callContext()
		fill(ctx, t, s, "db")
		for i := range 12 {
			createIndex(ctx, t, s, fmt.Sprintf("f%02d", i))
			perform(t, s)
		}
		out, err := s.GetPartitionIndexes(ctx, &glueapi.GetPartitionIndexesInput{DatabaseName: "db", TableName: "t"})
		if err != nil {
			t.Fatal(err)
		}
		list := out.PartitionIndexDescriptorList
		if len(list) != 10 || list[0].IndexName != "f02" {
			t.Errorf("%d are kept, the first is %s", len(list), list[0].IndexName)
		}
		if e := list[0].BackfillErrors; len(e) != 1 || *e[0].Code != glueapi.BackfillErrorCodeInvalidPartitionTypeDataError || e[0].Partitions[0].Values[0] != "x" {
			t.Errorf("errors %+v", e)
		}
	})
}

func createIndex(ctx context.Context, t *testing.T, s *Service, name string) {
	t.Helper()
	_, err := s.CreatePartitionIndex(ctx, &glueapi.CreatePartitionIndexInput{
		DatabaseName: "db", TableName: "t", PartitionIndex: &glueapi.PartitionIndex{IndexName: name, Keys: []string{"n"}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func createPartition(ctx context.Context, t *testing.T, s *Service, value string) {
	t.Helper()
	in := &glueapi.CreatePartitionInput{DatabaseName: "db", TableName: "t", PartitionInput: &glueapi.PartitionInput{Values: []string{value}}}
	if _, err := s.CreatePartition(ctx, in); err != nil && value != "0" {
		t.Fatal(err)
	}
}

func deletePartition(ctx context.Context, t *testing.T, s *Service, value string) {
	t.Helper()
	in := &glueapi.DeletePartitionInput{DatabaseName: "db", TableName: "t", PartitionValues: []string{value}}
	if _, err := s.DeletePartition(ctx, in); err != nil {
		t.Fatal(err)
	}
}

func status(ctx context.Context, t *testing.T, s *Service, name string) string {
	t.Helper()
	out, err := s.GetPartitionIndexes(ctx, &glueapi.GetPartitionIndexesInput{DatabaseName: "db", TableName: "t"})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range out.PartitionIndexDescriptorList {
		if x.IndexName == name {
			return x.IndexStatus
		}
	}
	return ""
}

// countIn counts the partitions of db.t.
func countIn(ctx context.Context, t *testing.T, s *Service) (n int) {
	t.Helper()
	in := &glueapi.GetPartitionsInput{DatabaseName: "db", TableName: "t"}
	for {
		out, err := s.GetPartitions(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		n += len(out.RawPartitions)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return n
		}
	}
}

// perform does what is queued to its end.
func perform(t *testing.T, s *Service) {
	t.Helper()
	performPieces(t, s, 1<<30)
}

// performPieces does some pieces of what is queued, and ends as a process
// that is stopped does.
func performPieces(t *testing.T, s *Service, n int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	s.AfterPiece = func(ctx context.Context) {
		if n--; n <= 0 {
			stop()
			<-ctx.Done()
		}
	}
	runner := s.Queue.NewRunner(queue.Config{Kinds: []queue.Kind{partindex.Kind(s.Indexes)}, Owner: fmt.Sprint(ids.Add(1)), Sole: true, Poll: time.Millisecond})
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	for ctx.Err() == nil && count(t.Context(), t, s.Indexes.Store, "work_item") > 0 {
	}
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
