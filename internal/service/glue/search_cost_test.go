package glue_test

import (
	"context"
	"testing"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

// BenchmarkNoting is CreateTable with and without the notes that the index follows, and nobody
// who follows: the difference is what a writer pays for being found.
func BenchmarkNoting(b *testing.B) {
	for _, noted := range []bool{true, false, true, false} {
		name := map[bool]string{true: "noted", false: "plain"}[noted]
		b.Run(name, func(b *testing.B) {
			d := dbtest.Open(b, dbtest.SQLite(b, db.Config{}))
			c := newCatalog(b, d, clock.NewManual(begin))
			if err := c.service.Index.Close(); err != nil {
				b.Fatal(err)
			}
			if !noted {
				err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
					_, err := tx.Exec(ctx, `DROP TRIGGER glue_search_created`)
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			c.mustCall(b, "CreateDatabase", `{"DatabaseInput":{"Name":"db0"}}`)
			made := 0
			for b.Loop() {
				c.mustCall(b, "CreateTable", searchTable(made*100))
				made++
			}
		})
	}
}
