package db_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/seal"
)

// sample has the shapes of generated structs.
type sample struct {
	Name    *string
	Count   *int64
	Columns []string
	Labels  map[string]string
	Flag    bool
}

func keyset(t testing.TB) *seal.Keyset {
	t.Helper()
	k, err := seal.OpenOrCreate(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var here = db.At("glue_table", "111122223333", 42)

func TestDocumentsRoundTrip(t *testing.T) {
	keys := keyset(t)
	text := rapid.StringN(0, 20, 60)
	rapid.Check(t, func(t *rapid.T) {
		in := sample{
			Name:    rapid.Ptr(text, true).Draw(t, "name"),
			Count:   rapid.Ptr(rapid.Int64(), true).Draw(t, "count"),
			Columns: rapid.OneOf(rapid.Just[[]string](nil), rapid.SliceOf(text)).Draw(t, "columns"),
			Labels:  rapid.OneOf(rapid.Just[map[string]string](nil), rapid.MapOf(text, text)).Draw(t, "labels"),
			Flag:    rapid.Bool().Draw(t, "flag"),
		}
		stored, err := db.Encode(here, in)
		if err != nil {
			t.Fatal(err)
		}
		var out sample
		if err := db.Decode(here, stored, &out); err != nil || !cmp.Equal(in, out) { // nil and empty differ
			t.Fatalf("%v\n%s", err, cmp.Diff(in, out))
		}
		sealed, err := db.EncodeSealed(here, in, keys)
		if err != nil {
			t.Fatal(err)
		}
		var opened sample
		if err := db.DecodeSealed(here, sealed, &opened, keys); err != nil || !cmp.Equal(in, opened) {
			t.Fatalf("%v\n%s", err, cmp.Diff(in, opened))
		}
	})
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	name := "orders"
	stored, err := db.Encode(here, sample{Name: &name, Columns: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(stored) * 8 {
		damaged := bytes.Clone(stored)
		damaged[bit/8] ^= 1 << (bit % 8)
		var corrupt *db.CorruptError
		if err := db.Decode(here, damaged, &sample{}); !errors.As(err, &corrupt) || !strings.Contains(err.Error(), "glue_table") {
			t.Fatalf("bit %d: %v", bit, err)
		}
	}
	for size := range stored {
		if err := db.Verify(here, stored[:size]); !errors.Is(err, db.ErrCorrupt) {
			t.Fatalf("cut to %d bytes: %v", size, err)
		}
	}
}

func TestDocumentInTheWrongRowIsNoticed(t *testing.T) {
	stored := db.EncodeBytes(here, []byte("x"))
	elsewhere := []db.Place{
		db.At("glue_table", "111122223333", 43), db.At("glue_view", "111122223333", 42),
		db.At("glue_table", "111122223333", "42"), db.At("glue_table", "111122223333"), db.At("glue_table", "11112222333", 342),
	}
	for _, at := range elsewhere {
		if _, err := db.DecodeBytes(at, stored); !errors.Is(err, db.ErrCorrupt) {
			t.Errorf("%v: %v", at, err)
		}
	}
	if got, err := db.DecodeBytes(db.At("glue_table", []byte("111122223333"), int32(42)), stored); err != nil || string(got) != "x" {
		t.Errorf("the same key by other types: %q, %v", got, err)
	}
}

// Who can write to the database file must not be able to plant or move secrets.
func TestSealedDocumentsCannotBePlanted(t *testing.T) {
	keys := keyset(t)
	plain, err := db.Encode(here, sample{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.DecodeSealed(here, plain, &sample{}, keys); err == nil {
		t.Error("a plain document was taken for a sealed one")
	}
	foreign, err := db.EncodeSealed(here, sample{}, keyset(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.DecodeSealed(here, foreign, &sample{}, keys); !errors.Is(err, seal.ErrInvalid) {
		t.Errorf("sealed with other keys: %v", err)
	}
}

func TestCheckKeys(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		keys := keyset(t)
		for range 2 {
			if err := d.CheckKeys(background, keys); err != nil {
				t.Fatal(err)
			}
		}
		if err := keys.Rotate(); err != nil {
			t.Fatal(err)
		}
		if err := d.CheckKeys(background, keys); err != nil {
			t.Fatalf("after rotation: %v", err)
		}
		if err := d.CheckKeys(background, keyset(t)); !errors.Is(err, db.ErrOtherKeys) {
			t.Fatalf("other keys: %v", err)
		}
	})
}

// settings fills the only table of the store itself that has documents.
func settings(t testing.TB, d *db.DB, n int) {
	t.Helper()
	write(t, d, func(ctx context.Context, tx *db.Tx) error {
		for i := range n {
			name := strings.Repeat("n", 1+i)
			doc := db.EncodeBytes(db.At("setting", name), bytes.Repeat([]byte("value "), 50))
			if _, err := tx.Exec(ctx, `INSERT INTO setting (name, doc) VALUES (?, ?)`, name, doc); err != nil {
				return err
			}
		}
		return nil
	})
}

func fsck(t testing.TB, d *db.DB) (checked int64, damaged []string) {
	t.Helper()
	checked, err := d.Fsck(background, db.Tables(), func(c *db.CorruptError) error {
		damaged = append(damaged, c.Error())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return checked, damaged
}

func TestFsckNamesTheDamagedRow(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		settings(t, d, 20)
		if checked, damaged := fsck(t, d); checked != 20 || len(damaged) != 0 {
			t.Fatalf("%d checked, damaged: %v", checked, damaged)
		}
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE setting SET doc = (SELECT doc FROM setting WHERE name = ?) WHERE name = ?`, "n", "nnn")
			return err
		})
		if _, damaged := fsck(t, d); len(damaged) != 1 || !strings.Contains(damaged[0], `"b\asettingb\x03nnn"`) {
			t.Fatalf("damaged: %q", damaged)
		}
	})
}

// R17: a random bit of the database file flips, 1,000 times. A document that is read
// afterwards is either as it was or an error; what no document sees (free space, other
// tables) may go unnoticed.
func TestBitRotIsNeverServed(t *testing.T) {
	cfg := dbtest.SQLite(t, db.Config{})
	d, err := db.Open(background, cfg)
	if err != nil {
		t.Fatal(err)
	}
	settings(t, d, 60)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	original, err := os.ReadFile(cfg.Path)
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	noticed := 0
	for range 1000 {
		damaged := bytes.Clone(original)
		damaged[rng.IntN(len(damaged))] ^= 1 << rng.IntN(8)
		if err := os.WriteFile(cfg.Path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if served(t, cfg.Path) {
			noticed++
		}
	}
	t.Logf("seed %d: %d of 1,000 flips hit something that was read and were reported", seed, noticed)
	if noticed == 0 {
		t.Fatal("no flip was noticed at all")
	}
}

// served reads all documents as a service does. It reports whether damage was noticed,
// and fails the test when a wrong document passed.
func served(t *testing.T, path string) (noticed bool) {
	t.Helper()
	raw, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	rows, err := raw.Query(`SELECT name, doc FROM setting`)
	if err != nil {
		return true
	}
	defer rows.Close()
	for rows.Next() {
		var name, doc []byte
		if rows.Scan(&name, &doc) != nil {
			return true
		}
		payload, err := db.DecodeBytes(db.At("setting", name), doc)
		if err != nil {
			noticed = true
			continue
		}
		if want := bytes.Repeat([]byte("value "), 50); !bytes.Equal(payload, want) {
			t.Errorf("a damaged document was served: %q", payload)
		}
	}
	return noticed || rows.Err() != nil
}
