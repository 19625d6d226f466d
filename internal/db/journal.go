package db

import (
	"context"
	"errors"
)

// Actor is the call on whose behalf a transaction runs. The gateway's adapter of
// op.Call implements it; db asks for no more than what it writes.
type Actor interface {
	RequestID() string
	PrincipalARN() string
	AuditRecord() []byte // the finished audit record, one JSON object, no newline
}

// AuditedActor is an Actor that wants to know whether its record was kept: Audited is
// called after each commit that included it, before Write returns. AuditRecord alone
// says nothing, since the transaction may still fail.
type AuditedActor interface {
	Actor
	Audited()
}

type actorKey struct{}

// WithActor returns a context whose transactions are journaled and audited as actor's.
func WithActor(ctx context.Context, actor Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

func actorFrom(ctx context.Context) Actor {
	actor, _ := ctx.Value(actorKey{}).(Actor)
	return actor
}

func sameActor(a, b Actor) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.RequestID() == b.RequestID()
}

// Change is one entry of the journal: what a catalog entity was and became. Before is
// nil for a creation, After for a deletion; both are stored forms (see Encode), so that
// sealed documents stay sealed in the journal.
type Change struct {
	Account string
	Kind    string // "glue:table"
	Key     []byte // the entity's key, as the kind defines it
	Before  []byte
	After   []byte
}

// Record writes c to the journal. Every mutation of a catalog entity calls it, once
// per entity, in the transaction that makes the change. The call's audit row needs no
// call: a transaction that changed any row on behalf of an Actor writes it by itself.
func (tx *Tx) Record(ctx context.Context, c Change) error {
	var request, principal string
	if a := tx.frame.actor; a != nil {
		request, principal = a.RequestID(), a.PrincipalARN()
	}
	_, err := tx.Exec(ctx, `INSERT INTO change (account, kind, key, before_doc, after_doc, request_id, principal, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		c.Account, c.Kind, c.Key, c.Before, c.After, request, principal, tx.now)
	return err
}

// auditFrame writes the audit row of a frame that changed something on an actor's behalf.
func (tx *Tx) auditFrame(ctx context.Context, f frame) error {
	if f.actor == nil || !f.changed {
		return nil
	}
	record := f.actor.AuditRecord()
	if len(record) == 0 {
		return errors.New("db: empty audit record for request " + f.actor.RequestID())
	}
	_, err := tx.Exec(ctx, `INSERT INTO audit (request_id, at, record) VALUES (?, ?, ?)`,
		f.actor.RequestID(), tx.now, record)
	if a, ok := f.actor.(AuditedActor); ok && err == nil {
		tx.OnCommit(a.Audited)
	}
	return err
}

// PendingAudit calls each with up to limit audit rows that are not shipped yet, oldest
// first. With FindAudit and DropAudit it is what package audit needs of a store.
func (d *DB) PendingAudit(ctx context.Context, limit int, each func(seq int64, record []byte) error) error {
	return d.auditRows(ctx, each, `SELECT seq, record FROM audit ORDER BY seq LIMIT ?`, limit)
}

// FindAudit calls each with the unshipped audit rows of a request.
func (d *DB) FindAudit(ctx context.Context, requestID string, each func(seq int64, record []byte) error) error {
	return d.auditRows(ctx, each, `SELECT seq, record FROM audit WHERE request_id = ? ORDER BY seq`, requestID)
}

func (d *DB) auditRows(ctx context.Context, each func(int64, []byte) error, query string, args ...any) error {
	return d.Read(ctx, func(ctx context.Context, tx *Tx) error {
		rows, err := tx.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // rows.Err tells
		for rows.Next() {
			var seq int64
			var record []byte
			if err := rows.Scan(&seq, &record); err != nil {
				return err
			}
			if err := each(seq, record); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// DropAudit deletes rows that the shipper has made durable elsewhere. It takes the
// exact numbers, because on Postgres a smaller number may become visible later.
func (d *DB) DropAudit(ctx context.Context, seqs []int64) error {
	return d.Write(ctx, func(ctx context.Context, tx *Tx) error {
		for _, seq := range seqs {
			if _, err := tx.Exec(ctx, `DELETE FROM audit WHERE seq = ?`, seq); err != nil {
				return err
			}
		}
		return nil
	})
}
