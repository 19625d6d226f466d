package directory

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/db"
)

// Paper names a document of an account that is no entity: its password policy,
// a report, a task. Name is "" where there is one of a kind.
type Paper struct{ Account, Kind, Name string }

func (p Paper) place() db.Place { return db.At("iam_document", p.Account, p.Kind, p.Name) }

// ReadPaper reads a document into v. The error is ErrNoEntity.
func ReadPaper(ctx context.Context, tx *db.Tx, p Paper, v any) error {
	doc, err := p.stored(ctx, tx)
	if err != nil {
		return err
	}
	return db.Decode(p.place(), doc, v)
}

func (p Paper) stored(ctx context.Context, tx *db.Tx) ([]byte, error) {
	var doc []byte
	err := tx.QueryRow(ctx, `SELECT doc FROM iam_document WHERE account = ? AND kind = ? AND name = ?`, p.Account, p.Kind, p.Name).Scan(&doc)
	if errors.Is(err, db.ErrNotFound) {
		return nil, ErrNoEntity
	}
	return doc, err
}

// WritePaper stores a document, new or changed.
func WritePaper(ctx context.Context, tx *db.Tx, p Paper, v any) error {
	doc, err := db.Encode(p.place(), v)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO iam_document (account, kind, name, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (account, kind, name) DO UPDATE SET doc = excluded.doc`, p.Account, p.Kind, p.Name, doc)
	if err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: p.Account, Kind: "iam:" + p.Kind, Key: []byte(p.Name), After: doc})
}

// DeletePaper removes a document. The error is ErrNoEntity.
func DeletePaper(ctx context.Context, tx *db.Tx, p Paper) error {
	before, err := p.stored(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM iam_document WHERE account = ? AND kind = ? AND name = ?`, p.Account, p.Kind, p.Name); err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: p.Account, Kind: "iam:" + p.Kind, Key: []byte(p.Name), Before: before})
}
