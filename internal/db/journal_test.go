package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

// caller is a call as the gateway's adapter shows it.
type caller string

func (c caller) RequestID() string    { return string(c) }
func (c caller) PrincipalARN() string { return "arn:aws:iam::111122223333:user/ana" }
func (c caller) AuditRecord() []byte  { return fmt.Appendf(nil, `{"requestID":%q}`, string(c)) }

func as(name string) context.Context { return db.WithActor(background, caller(name)) }

func change(key string) db.Change {
	return db.Change{Account: "111122223333", Kind: "glue:table", Key: []byte(key), After: []byte("doc")}
}

func audited(t *testing.T, d *db.DB, request string) (n int) {
	t.Helper()
	err := d.FindAudit(background, request, func(_ int64, record []byte) error {
		if want := string(caller(request).AuditRecord()); string(record) != want {
			t.Errorf("record %s, want %s", record, want)
		}
		n++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMutationIsAuditedOnceWithIt(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		err := d.Write(as("two-changes"), func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(tx.Record(ctx, change("a")), tx.Record(ctx, change("b")))
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = d.Write(as("failed"), func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(tx.Record(ctx, change("c")), errBoom)
		})
		if err := d.Write(as("nothing"), func(context.Context, *db.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		for request, want := range map[string]int{"two-changes": 1, "failed": 0, "nothing": 0} {
			if n := audited(t, d, request); n != want {
				t.Errorf("%s: %d audit rows, want %d", request, n, want)
			}
		}
		journal(t, d, "two-changes", 2)
		journal(t, d, "failed", 0)
	})
}

func journal(t *testing.T, d *db.DB, request string, want int) {
	t.Helper()
	err := d.Read(background, func(ctx context.Context, tx *db.Tx) error {
		var n int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM change WHERE request_id = ? AND principal = ? AND after_doc = ? AND before_doc IS NULL`,
			request, caller("").PrincipalARN(), "doc").Scan(&n)
		if n != want {
			t.Errorf("%s: %d journal rows, want %d", request, n, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A call may make another call inside its transaction: each has its own audit row. A
// nested Write of the same call adds none.
func TestNestedCallsAreAuditedApart(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		record := func(key string) db.Func {
			return func(ctx context.Context, tx *db.Tx) error { return tx.Record(ctx, change(key)) }
		}
		err := d.Write(as("outer"), func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(
				d.Write(ctx, record("same call")),
				d.Write(db.WithActor(ctx, caller("inner")), record("other call")),
				ignore(d.Write(db.WithActor(ctx, caller("undone")), func(ctx context.Context, tx *db.Tx) error {
					return errors.Join(tx.Record(ctx, change("undone")), errBoom)
				})),
			)
		})
		if err != nil {
			t.Fatal(err)
		}
		for request, want := range map[string]int{"outer": 1, "inner": 1, "undone": 0} {
			if n := audited(t, d, request); n != want {
				t.Errorf("%s: %d audit rows, want %d", request, n, want)
			}
			journal(t, d, request, want)
		}
	})
}

func ignore(error) error { return nil }

// Any change of any row is audited, journaled or not, and its caller learns whether the
// record was kept.
func TestEveryChangeIsAudited(t *testing.T) {
	const insert, returning = `INSERT INTO epoch (name, value) VALUES (?, 1)`, ` RETURNING value`
	cases := map[string]struct {
		run   db.Func
		audit int
	}{
		"insert": {func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, insert, "a"); return err }, 1},
		"returning": {func(ctx context.Context, tx *db.Tx) error {
			var v int
			return tx.QueryRow(ctx, insert+returning, "b").Scan(&v)
		}, 1},
		"no row": {func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM epoch WHERE name = ?`, "none")
			return err
		}, 0},
		"only read": {func(ctx context.Context, tx *db.Tx) error {
			var v int
			return tx.QueryRow(ctx, `SELECT count(*) FROM epoch`).Scan(&v)
		}, 0},
		"undone": {func(ctx context.Context, tx *db.Tx) error { return errors.Join(put(ctx, tx, "c", 1), errBoom) }, 0},
	}
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		write(t, d, putting("before")) // leaves a count of changes on the connection
		for name, c := range cases {
			who := &attentive{caller: caller(name)}
			err := d.Write(db.WithActor(background, who), func(ctx context.Context, _ *db.Tx) error {
				return d.Write(ctx, c.run) // the savepoint must not count as a change
			})
			if err != nil && !errors.Is(err, errBoom) {
				t.Fatal(err)
			}
			if n := audited(t, d, name); n != c.audit || who.kept != c.audit {
				t.Errorf("%s: %d audit rows, told of %d, want %d", name, n, who.kept, c.audit)
			}
		}
	})
}

type attentive struct {
	caller
	kept int
}

func (a *attentive) Audited() { a.kept++ }

func TestDroppedAuditRowsAreGone(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		for i := range 3 {
			err := d.Write(as(fmt.Sprint(i)), func(ctx context.Context, tx *db.Tx) error { return tx.Record(ctx, change("a")) })
			if err != nil {
				t.Fatal(err)
			}
		}
		var seqs []int64
		err := d.PendingAudit(background, 2, func(seq int64, _ []byte) error { seqs = append(seqs, seq); return nil })
		if err != nil || len(seqs) != 2 {
			t.Fatalf("%v, %v", seqs, err)
		}
		if err := d.DropAudit(background, seqs); err != nil {
			t.Fatal(err)
		}
		for i, want := range []int{0, 0, 1} {
			if n := audited(t, d, fmt.Sprint(i)); n != want {
				t.Errorf("row %d: %d left, want %d", i, n, want)
			}
		}
	})
}
