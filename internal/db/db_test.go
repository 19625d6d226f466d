package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

var background = context.Background()

// put and get use the epoch table as a plain map of name -> value.
func put(ctx context.Context, tx *db.Tx, name string, value int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO epoch (name, value) VALUES (?, ?)`, name, value)
	return err
}

func get(t testing.TB, d *db.DB, name string) (value int64, found bool) {
	t.Helper()
	err := d.Read(background, func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRow(ctx, `SELECT value FROM epoch WHERE name = ?`, name).Scan(&value)
	})
	if errors.Is(err, db.ErrNotFound) {
		return 0, false
	}
	if err != nil {
		t.Fatal(err)
	}
	return value, true
}

func write(t testing.TB, d *db.DB, fn db.Func) {
	t.Helper()
	if err := d.Write(background, fn); err != nil {
		t.Fatal(err)
	}
}

func expect(t testing.TB, d *db.DB, want map[string]bool) {
	t.Helper()
	for name, wanted := range want {
		if _, found := get(t, d, name); found != wanted {
			t.Errorf("row %q: found %v, want %v", name, found, wanted)
		}
	}
}

var errBoom = errors.New("boom")

func TestWriteThenRead(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		write(t, d, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "a", 7) })
		if v, ok := get(t, d, "a"); !ok || v != 7 {
			t.Fatalf("got %d, %v", v, ok)
		}
	})
}

func TestFailedWriteLeavesNothing(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		err := d.Write(background, func(ctx context.Context, tx *db.Tx) error {
			tx.OnCommit(func() { t.Error("a hook of a failed transaction was called") })
			return errors.Join(put(ctx, tx, "a", 1), errBoom)
		})
		if !errors.Is(err, errBoom) {
			t.Fatalf("got %v", err)
		}
		expect(t, d, map[string]bool{"a": false})
	})
}

// Keys are bytes: case counts, and order is that of the bytes, on both databases.
func TestKeysAreBytes(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		names := []string{"", "A", "B", "a", "a\x00", "a ", "aa", "z", "\u00e9", "e\u0301", "\xff"}
		slices.Sort(names)
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			for i := range names { // inserted in another order
				if err := put(ctx, tx, names[(i*7+3)%len(names)], int64(i)); err != nil {
					return err
				}
			}
			return nil
		})
		var got []string
		err := d.Read(background, func(ctx context.Context, tx *db.Tx) error {
			rows, err := tx.Query(ctx, `SELECT name FROM epoch WHERE name >= ? ORDER BY name`, "")
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var name string
				if err := rows.Scan(&name); err != nil {
					return err
				}
				got = append(got, name)
			}
			return rows.Err()
		})
		if err != nil || !slices.Equal(got, names) {
			t.Fatalf("got %q, %v, want %q", got, err, names)
		}
		if _, found := get(t, d, "Z"); found {
			t.Fatal("letter case was ignored")
		}
	})
}

func TestValuesRoundTrip(t *testing.T) {
	type name string
	at := time.Date(2026, 2, 3, 4, 5, 6, 789_000_000, time.UTC)
	cases := []struct {
		bound any
		want  int64
	}{{true, 1}, {false, 0}, {int32(-5), -5}, {uint16(9), 9}, {at, at.UnixMilli()}, {int64(1) << 62, 1 << 62}}
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			for i, c := range cases {
				if _, err := tx.Exec(ctx, `INSERT INTO epoch (name, value) VALUES (?, ?)`, name(fmt.Sprint(i)), c.bound); err != nil {
					return err
				}
			}
			return nil
		})
		for i, c := range cases {
			if v, found := get(t, d, fmt.Sprint(i)); !found || v != c.want {
				t.Errorf("%v: got %d, %v", c.bound, v, found)
			}
		}
	})
}

func TestErrorsAreSentinels(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		write(t, d, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "a", 1) })
		err := d.Write(background, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "a", 2) })
		if !errors.Is(err, db.ErrExists) {
			t.Fatalf("unique key taken: %v", err)
		}
		err = d.Write(background, func(ctx context.Context, tx *db.Tx) error {
			var v int64
			err := tx.QueryRow(ctx, `SELECT value FROM epoch WHERE name = ?`, "none").Scan(&v)
			if !errors.Is(err, db.ErrNotFound) {
				t.Errorf("no row: %v", err)
			}
			return put(ctx, tx, "b", 1) // a missing row fails nothing
		})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Read(background, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM epoch`)
			return err
		})
		if err == nil {
			t.Fatal("a Read changed rows")
		}
		expect(t, d, map[string]bool{"a": true, "b": true})
	})
}

// After a failed statement nothing of the transaction may be kept, even if the function
// swallows the error: Postgres cannot do otherwise, SQLite must not.
func TestFailedStatementFailsTheTransaction(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		write(t, d, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "a", 1) })
		err := d.Write(background, func(ctx context.Context, tx *db.Tx) error {
			if err := put(ctx, tx, "b", 1); err != nil {
				return err
			}
			if err := put(ctx, tx, "a", 2); !errors.Is(err, db.ErrExists) {
				t.Errorf("got %v", err)
			}
			if err := put(ctx, tx, "c", 1); !errors.Is(err, db.ErrExists) {
				t.Errorf("a statement after the failed one: %v", err)
			}
			return nil
		})
		if !errors.Is(err, db.ErrExists) {
			t.Fatalf("got %v", err)
		}
		expect(t, d, map[string]bool{"b": false, "c": false})
	})
}

func TestNestedWrite(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		var hooks []string
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			tx.OnCommit(func() { hooks = append(hooks, "outer") })
			if err := put(ctx, tx, "outer", 1); err != nil {
				return err
			}
			err := d.Write(ctx, func(ctx context.Context, inner *db.Tx) error {
				inner.OnCommit(func() { hooks = append(hooks, "undone") })
				if err := put(ctx, inner, "undone", 1); err != nil {
					return err
				}
				return put(ctx, inner, "outer", 2) // exists: sees the outer one's row
			})
			if !errors.Is(err, db.ErrExists) {
				t.Errorf("inner: %v", err)
			}
			err = d.Write(ctx, func(ctx context.Context, inner *db.Tx) error {
				inner.OnCommit(func() { hooks = append(hooks, "inner") })
				return put(ctx, inner, "inner", 1)
			})
			if err != nil {
				return err
			}
			return d.Read(ctx, func(ctx context.Context, tx *db.Tx) error { // joins
				var v int64
				return tx.QueryRow(ctx, `SELECT value FROM epoch WHERE name = ?`, "inner").Scan(&v)
			})
		})
		expect(t, d, map[string]bool{"outer": true, "inner": true, "undone": false})
		if want := []string{"outer", "inner"}; !slices.Equal(hooks, want) {
			t.Fatalf("hooks %v, want %v", hooks, want)
		}
	})
}

func TestNestedWriteIsUndoneWithTheOuter(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		err := d.Write(background, func(ctx context.Context, _ *db.Tx) error {
			err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "inner", 1) })
			return errors.Join(err, errBoom)
		})
		if !errors.Is(err, errBoom) {
			t.Fatal(err)
		}
		expect(t, d, map[string]bool{"inner": false})
	})
}

func TestWriteInsideReadIsRefused(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		err := d.Read(background, func(ctx context.Context, _ *db.Tx) error {
			return d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "a", 1) })
		})
		if err == nil {
			t.Fatal("it was done")
		}
		expect(t, d, map[string]bool{"a": false})
	})
}

func TestEndedTransactionIsUnusable(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		var kept context.Context
		var tx *db.Tx
		write(t, d, func(ctx context.Context, inner *db.Tx) error {
			kept, tx = ctx, inner
			return nil
		})
		if err := put(kept, tx, "a", 1); err == nil {
			t.Error("a statement ran in an ended transaction")
		}
		if err := d.Write(kept, func(context.Context, *db.Tx) error { return nil }); err == nil {
			t.Error("a Write joined an ended transaction")
		}
	})
}

func TestReadIsASnapshot(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		count := func(ctx context.Context, tx *db.Tx) (n int) {
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM epoch`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		err := d.Read(background, func(ctx context.Context, tx *db.Tx) error {
			before := count(ctx, tx)
			write(t, d, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "a", 1) })
			if after := count(ctx, tx); after != before {
				t.Errorf("%d rows, then %d in one Read", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// One result at a time, on both databases: what works on one must work on the other.
func TestStatementWhileRowsAreOpenFails(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(put(ctx, tx, "a", 1), put(ctx, tx, "b", 2))
		})
		err := d.Write(background, func(ctx context.Context, tx *db.Tx) error {
			rows, err := tx.Query(ctx, `SELECT value FROM epoch`)
			if err != nil {
				return err
			}
			defer rows.Close()
			rows.Next()
			_, err = tx.Exec(ctx, `DELETE FROM epoch`)
			return err
		})
		if err == nil {
			t.Fatal("it ran")
		}
		expect(t, d, map[string]bool{"a": true, "b": true})
	})
}

func TestNowIsFixedAndWholeMilliseconds(t *testing.T) {
	hands := clock.NewManual(time.Date(2026, 1, 1, 0, 0, 0, 123_456_789, time.UTC))
	dbtest.RunConfig(t, db.Config{Clock: hands}, func(t *testing.T, d *db.DB) {
		write(t, d, func(_ context.Context, tx *db.Tx) error {
			first := tx.Now()
			hands.Advance(time.Hour)
			if !tx.Now().Equal(first) || first.Nanosecond()%1_000_000 != 0 {
				t.Errorf("%v, then %v", first, tx.Now())
			}
			return nil
		})
	})
}

func TestPanicAndGoexitUndo(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		leave := map[string]func(){"panic": func() { panic(errBoom) }, "goexit": runtime.Goexit}
		for name, how := range leave {
			var wg sync.WaitGroup
			wg.Go(func() {
				defer func() { _ = recover() }()
				_ = d.Write(background, func(ctx context.Context, tx *db.Tx) error {
					if err := put(ctx, tx, name, 1); err != nil {
						t.Error(err)
					}
					how()
					return nil
				})
				t.Errorf("%s: Write returned", name)
			})
			wg.Wait()
		}
		write(t, d, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "after", 1) })
		expect(t, d, map[string]bool{"panic": false, "goexit": false, "after": true})
	})
}

// Lost updates must not happen: increments that read first and write after.
func TestConcurrentIncrementsAllCount(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		write(t, d, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, "n", 0) })
		const writers, each = 4, 15
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range each {
					for increment(t, d) != nil {
					}
				}
			})
		}
		wg.Wait()
		if v, _ := get(t, d, "n"); v != writers*each {
			t.Fatalf("%d increments of %d are left", v, writers*each)
		}
	})
}

// increment returns an error only when conflicts used up all retries.
func increment(t *testing.T, d *db.DB) error {
	err := d.Write(background, func(ctx context.Context, tx *db.Tx) error {
		var v int64
		if err := tx.QueryRow(ctx, `SELECT value FROM epoch WHERE name = ?`, "n").Scan(&v); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE epoch SET value = ? WHERE name = ?`, v+1, "n")
		return err
	})
	if err != nil && !errors.Is(err, db.ErrConflict) {
		t.Error(err)
		return nil
	}
	return err
}

func TestOutboxDeliversOnce(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(tx.Outbox(ctx, "mail", []byte("1")), tx.Outbox(ctx, "purge", []byte("2")), tx.Outbox(ctx, "mail", []byte("3")))
		})
		var got []string
		for range 2 {
			write(t, d, func(ctx context.Context, tx *db.Tx) error {
				messages, err := tx.Messages(ctx, "mail", 10)
				for _, m := range messages {
					got = append(got, string(m.Payload))
					err = errors.Join(err, tx.Delivered(ctx, m.ID))
				}
				return err
			})
		}
		if want := []string{"1", "3"}; !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func putting(name string) db.Func {
	return func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, name, 1) }
}

// A cancelled read ends soon, and leaves its connection usable.
func TestCancelledReadEnds(t *testing.T) {
	dbtest.RunConfig(t, db.Config{Readers: 1}, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(background)
		err := d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			rows, err := tx.Query(ctx, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for n := 0; rows.Next(); n++ {
				if n == 1000 {
					cancel()
				}
			}
			return rows.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		for range 3 {
			expect(t, d, map[string]bool{"a": false})
		}
	})
}
