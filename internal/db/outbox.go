package db

import "context"

// Outbox leaves a message for a worker, which ships it after the commit, at least
// once. kind chooses the worker; payload is the worker's own.
func (tx *Tx) Outbox(ctx context.Context, kind string, payload []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO outbox (kind, payload, at) VALUES (?, ?, ?)`, kind, payload, tx.now)
	return err
}

// Message is an outbox row.
type Message struct {
	ID      int64
	Payload []byte
}

// Messages returns up to limit messages of a kind, oldest first. The worker ships them
// and then calls Tx.Delivered in a Write; between the two a crash repeats the shipping.
func (tx *Tx) Messages(ctx context.Context, kind string, limit int) ([]Message, error) {
	rows, err := tx.Query(ctx, `SELECT id, payload FROM outbox WHERE kind = ? ORDER BY id LIMIT ?`, kind, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var found []Message
	for rows.Next() {
		var m Message
		if err := rows.Scan(&m.ID, &m.Payload); err != nil {
			return nil, err
		}
		found = append(found, m)
	}
	return found, rows.Err()
}

// Delivered removes a message.
func (tx *Tx) Delivered(ctx context.Context, id int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM outbox WHERE id = ?`, id)
	return err
}
