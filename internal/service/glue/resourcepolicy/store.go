package resourcepolicy

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
)

// epoch is the name under which changes are announced to all nodes.
const epoch = "glue-policy"

// Stored lists the tables that hold documents, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{{Name: "glue_policy", KeyColumns: []string{"account"}, Documents: []string{"doc"}}}
}

// document is a stored policy. Times are milliseconds.
type document struct {
	Text             string
	Created, Updated int64
}

func (d *document) answer() glueapi.GluePolicy {
	return glueapi.GluePolicy{
		PolicyInJson: &d.Text, PolicyHash: new(hash(d.Text)), CreateTime: new(op.Millis(d.Created)), UpdateTime: new(op.Millis(d.Updated)),
	}
}

func place(account string) db.Place { return db.At("glue_policy", account) }

// find reads the policy of an account, nil when it has none.
func find(ctx context.Context, tx *db.Tx, account string) (*document, error) {
	var stored []byte
	err := tx.QueryRow(ctx, `SELECT doc FROM glue_policy WHERE account = ?`, account).Scan(&stored)
	if errors.Is(err, db.ErrNotFound) {
		return nil, nil //nolint:nilnil // absent is an answer
	}
	if err != nil {
		return nil, err
	}
	d := &document{}
	return d, db.Decode(place(account), stored, d)
}

// put stores d in place of old, which is nil when there was none.
func (d *document) put(ctx context.Context, tx *db.Tx, account string, old *document) error {
	after, err := db.Encode(place(account), d)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO glue_policy (account, doc) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET doc = excluded.doc`, account, after)
	if err != nil {
		return err
	}
	var before []byte
	if old != nil {
		if before, err = db.Encode(place(account), old); err != nil {
			return err
		}
	}
	return announce(ctx, tx, db.Change{Account: account, Before: before, After: after})
}

func (d *document) remove(ctx context.Context, tx *db.Tx, account string) error {
	before, err := db.Encode(place(account), d)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM glue_policy WHERE account = ?`, account); err != nil {
		return err
	}
	return announce(ctx, tx, db.Change{Account: account, Before: before})
}

func announce(ctx context.Context, tx *db.Tx, c db.Change) error {
	c.Kind, c.Key = "glue:policy", []byte(c.Account)
	if err := tx.Record(ctx, c); err != nil {
		return err
	}
	return tx.Bump(ctx, epoch)
}
