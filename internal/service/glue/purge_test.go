package glue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/seal"
	"github.com/bindery-project/bindery/internal/service/glue/purge"
	"github.com/bindery-project/bindery/internal/work/queue"
)

type allowAll struct{}

func (allowAll) Check(context.Context, ...op.Access) error { return nil }

func (allowAll) Allowed(context.Context, op.Access) bool { return true }

// A purge that is cut off at any piece goes on where it was, in a new process
// too, and leaves nothing; what lives is not touched.
func TestPurgeIsCutOff(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		ctx := callContext()
		for _, name := range []string{"gone", "kept"} {
			fill(ctx, t, s, name)
		}
		if _, err := s.DeleteDatabase(ctx, &glueapi.DeleteDatabaseInput{Name: "gone"}); err != nil {
			t.Fatal(err)
		}
		before := count(ctx, t, d, "glue_partition")
		cuts := 0
		for {
			restarted := newService(t, d)
			limitPieces(restarted.purger, len(restarted.purger.Steps[purge.Table])) // each step once: the last one is what goes on
			err := restarted.purger.Drain(ctx)
			if err == nil {
				break
			}
			if !errors.Is(err, errCut) {
				t.Fatal(err)
			}
			if cuts++; cuts > 100 {
				t.Fatal("the purge does not end")
			}
		}
		if cuts < 2 {
			t.Errorf("cut off %d times only", cuts)
		}
		for table, want := range map[string]int{
			"glue_tombstone": 0, "glue_partition": before / 2, "glue_table": 2, "glue_table_version": 1, "glue_partition_unparsable": 1,
		} {
			if got := count(ctx, t, d, table); got != want {
				t.Errorf("%d rows left in %s, want %d", got, table, want)
			}
		}
		if n, err := d.Fsck(ctx, Stored(), func(e *db.CorruptError) error { return e }); err != nil || n == 0 {
			t.Errorf("fsck: %d documents, %v", n, err)
		}
	})
}

// Deleting wakes the purger.
func TestPurgeStarts(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		removed := make(chan struct{})
		s.purger.Steps[purge.Table] = append(s.purger.Steps[purge.Table], func(context.Context, *db.Tx, int64) (bool, error) {
			close(removed)
			return true, nil
		})
		s.Start()
		defer s.Close()
		ctx := callContext()
		fill(ctx, t, s, "gone")
		if _, err := s.DeleteTable(ctx, &glueapi.DeleteTableInput{DatabaseName: "gone", Name: "t"}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-removed:
		case <-time.After(30 * time.Second):
			t.Fatal("the purger sleeps")
		}
	})
}

var errCut = errors.New("cut off")

// limitPieces makes the purger fail after n pieces, as a kill would end it.
func limitPieces(p *purge.Purger, n int) {
	for _, steps := range p.Steps {
		for i, step := range steps {
			steps[i] = func(ctx context.Context, tx *db.Tx, id int64) (bool, error) {
				if n--; n < 0 {
					return false, errCut
				}
				return step(ctx, tx, id)
			}
		}
	}
}

var ids atomic.Int64

func newService(t *testing.T, d *db.DB) *Service {
	t.Helper()
	keys, err := seal.OpenOrCreate(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{
		Store: d, Queue: queue.New(d), Sealer: keys, Authorizer: allowAll{}, Log: slog.New(slog.DiscardHandler), Alone: true,
		NewID: func() int64 { return ids.Add(1) },
	})
}

func callContext() context.Context {
	return op.WithCall(context.Background(), &op.Call{Account: "111111111111", Service: "glue", Region: "us-east-1"})
}

// fill makes a database with two tables, an archived version and partitions for several pieces.
func fill(ctx context.Context, t *testing.T, s *Service, name string) {
	t.Helper()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.CreateDatabase(ctx, &glueapi.CreateDatabaseInput{DatabaseInput: &glueapi.DatabaseInput{Name: name}}))
	keys := []glueapi.Column{{Name: "n", Type: new("int")}}
	for _, table := range []string{"t", "u"} {
		must(s.CreateTable(ctx, &glueapi.CreateTableInput{DatabaseName: name, TableInput: &glueapi.TableInput{Name: table, PartitionKeys: keys}}))
	}
	must(s.UpdateTable(ctx, &glueapi.UpdateTableInput{DatabaseName: name, TableInput: &glueapi.TableInput{Name: "t", PartitionKeys: keys}}))
	for batch := range 12 {
		in := &glueapi.BatchCreatePartitionInput{DatabaseName: name, TableName: "t"}
		for i := range 100 {
			in.PartitionInputList = append(in.PartitionInputList, glueapi.PartitionInput{Values: []string{fmt.Sprint(batch*100 + i)}})
		}
		must(s.BatchCreatePartition(ctx, in))
	}
	must(s.CreatePartition(ctx, &glueapi.CreatePartitionInput{DatabaseName: name, TableName: "t", PartitionInput: &glueapi.PartitionInput{Values: []string{"x"}}}))
}

func count(ctx context.Context, t *testing.T, d *db.DB, table string) (n int) {
	t.Helper()
	err := d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRow(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
