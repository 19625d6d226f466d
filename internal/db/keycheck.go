package db

import (
	"context"
	"errors"
	"fmt"
)

// ErrOtherKeys says that the store was sealed with keys that this process does not have.
var ErrOtherKeys = errors.New("db: the store was sealed with other keys")

// keyCheck is what CheckKeys seals.
const keyCheck = "bindery"

// CheckKeys refuses to go on with a keyset that is not the store's. The first call on a
// new store seals a known text and keeps it; later calls must be able to open it. Call
// it at start: a wrong keyset would otherwise show up as invalid signatures everywhere,
// and new secrets would be sealed with keys that the other nodes lack.
func (d *DB) CheckKeys(ctx context.Context, sealer Sealer) error {
	at := At("setting", "keys")
	return d.Write(ctx, func(ctx context.Context, tx *Tx) error {
		var stored []byte
		err := tx.QueryRow(ctx, `SELECT doc FROM setting WHERE name = ?`, "keys").Scan(&stored)
		if errors.Is(err, ErrNotFound) {
			return tx.keepKeyCheck(ctx, at, sealer)
		}
		if err != nil {
			return err
		}
		var text string
		if err := DecodeSealed(at, stored, &text, sealer); errors.Is(err, ErrCorrupt) {
			return err
		} else if err != nil || text != keyCheck {
			return fmt.Errorf("%w: restore keys/root from the backup of this store", ErrOtherKeys)
		}
		return nil
	})
}

func (tx *Tx) keepKeyCheck(ctx context.Context, at Place, sealer Sealer) error {
	doc, err := EncodeSealed(at, keyCheck, sealer)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO setting (name, doc) VALUES (?, ?)`, "keys", doc)
	return err
}

// Tables lists the tables of the store itself that hold documents, for Fsck.
func Tables() []StoredTable {
	return []StoredTable{{Name: "setting", KeyColumns: []string{"name"}, Documents: []string{"doc"}}}
}
