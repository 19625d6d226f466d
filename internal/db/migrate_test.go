package db_test

import (
	"database/sql"
	"errors"
	"os"
	"slices"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/mattn/go-sqlite3"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

func TestBothDatabasesHaveTheSameMigrations(t *testing.T) {
	var names [2][]string
	for i, dialect := range []string{"sqlite", "postgres"} {
		entries, err := os.ReadDir("migrations/" + dialect)
		if err != nil || len(entries) == 0 {
			t.Fatalf("%d migrations for %s, %v", len(entries), dialect, err)
		}
		for _, e := range entries {
			names[i] = append(names[i], e.Name())
		}
	}
	if !slices.Equal(names[0], names[1]) {
		t.Fatalf("sqlite has %v\npostgres has %v", names[0], names[1])
	}
}

func TestReopeningKeepsTheData(t *testing.T) {
	each(t, func(t *testing.T, cfg db.Config, _ string) {
		for i, name := range []string{"first", "second"} {
			d, err := db.Open(background, cfg)
			if err != nil {
				t.Fatal(err)
			}
			if _, found := get(t, d, "first"); found != (i == 1) {
				t.Errorf("opening %d: found %v", i, found)
			}
			write(t, d, putting(name))
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestStoreOfANewerProgramIsRefused(t *testing.T) {
	each(t, func(t *testing.T, cfg db.Config, driver string) {
		d, err := db.Open(background, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		raw, err := sql.Open(driver, cfg.Path+cfg.PostgresDSN)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		if _, err := raw.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (7777, true)`); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Open(background, cfg); !errors.Is(err, db.ErrNewer) {
			t.Fatalf("got %v", err)
		}
	})
}

// each runs test with the address of a fresh store, and the name of its SQL driver.
func each(t *testing.T, test func(t *testing.T, cfg db.Config, driver string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, dbtest.SQLite(t, db.Config{}), "sqlite3") })
	t.Run("postgres", func(t *testing.T) { test(t, dbtest.Postgres(t, db.Config{}), "pgx") })
}
