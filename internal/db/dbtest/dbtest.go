// Package dbtest runs a store test on every database that bindery supports.
//
//	dbtest.Run(t, func(t *testing.T, d *db.DB) { ... })
//
// Each run gets a fresh, migrated store: a SQLite file, and a schema of its own on the
// Postgres that BINDERY_TEST_POSTGRES names (a connection URL; tools/postgres-test.sh
// starts one). Without the variable the Postgres half is skipped, and says so.
package dbtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bindery-project/bindery/internal/db"
)

// Variable names the environment variable with the URL of the test Postgres.
const Variable = "BINDERY_TEST_POSTGRES"

// Run runs test as subtests "sqlite" and "postgres".
func Run(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	RunConfig(t, db.Config{}, test)
}

// RunConfig is Run with a clock, limits or a logger of the test's own. Where the store
// is, it decides itself.
func RunConfig(t *testing.T, cfg db.Config, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		test(t, Open(t, SQLite(t, cfg)))
	})
	t.Run("postgres", func(t *testing.T) {
		test(t, Open(t, Postgres(t, cfg)))
	})
}

// SQLite returns cfg pointing at a new file.
func SQLite(t testing.TB, cfg db.Config) db.Config {
	cfg.Path, cfg.PostgresDSN = filepath.Join(t.TempDir(), "bindery.db"), ""
	return cfg
}

// Open opens a store and closes it with the test.
func Open(t testing.TB, cfg db.Config) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return d
}

var schemas atomic.Int64

// Postgres returns cfg pointing at a new schema, which is dropped with the test. It
// skips the test when there is no Postgres.
func Postgres(t testing.TB, cfg db.Config) db.Config {
	t.Helper()
	server := os.Getenv(Variable)
	if server == "" {
		t.Skipf("skipped: %s is not set, so nothing was tested on Postgres", Variable)
	}
	schema := fmt.Sprintf("bindery_test_%d_%d", os.Getpid(), schemas.Add(1))
	command(t, server, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { command(t, server, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s: %v", Variable, err)
	}
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	cfg.Path, cfg.PostgresDSN = "", u.String()
	return cfg
}

func command(t testing.TB, server, query string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("%s: %v", Variable, err)
	}
	defer conn.Close(ctx) //nolint:errcheck // its one statement is done
	if _, err := conn.Exec(ctx, query); err != nil {
		t.Fatal(err)
	}
}
