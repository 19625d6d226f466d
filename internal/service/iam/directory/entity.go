package directory

import (
	"context"
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/db"
)

// Kind is a kind of entity, in the word that its ARN uses.
type Kind string

// The kinds of entities.
const (
	User   Kind = "user"
	Group  Kind = "group"
	Role   Kind = "role"
	Policy Kind = "policy"

	InstanceProfile Kind = "instance-profile"
	MFA             Kind = "mfa"
	OIDCProvider    Kind = "oidc-provider"
)

// Entity is a stored user, group, role or managed policy. Doc is the generated
// struct that the API answers.
type Entity[T any] struct {
	Account string
	Kind    Kind
	Name    string
	ID      string
	Path    string
	Doc     T
}

func (e *Entity[T]) place() db.Place {
	return db.At("iam_entity", e.Account, string(e.Kind), fold(e.Name))
}

// Get reads the entity with a name, in any letter case. The error is ErrNoEntity.
func Get[T any](ctx context.Context, tx *db.Tx, account string, kind Kind, name string) (*Entity[T], error) {
	e := &Entity[T]{Account: account, Kind: kind, Name: name}
	var doc []byte
	err := tx.QueryRow(ctx, `SELECT id, path, doc FROM iam_entity WHERE account = ? AND kind = ? AND name_key = ?`,
		account, string(kind), fold(name)).Scan(&e.ID, &e.Path, &doc)
	if errors.Is(err, db.ErrNotFound) {
		return nil, ErrNoEntity
	}
	if err != nil {
		return nil, err
	}
	return e, db.Decode(e.place(), doc, &e.Doc)
}

// GetByID reads the entity with a unique id. The error is ErrNoEntity.
func GetByID[T any](ctx context.Context, tx *db.Tx, id string) (*Entity[T], error) {
	e := &Entity[T]{ID: id}
	var doc []byte
	var kind string
	err := tx.QueryRow(ctx, `SELECT account, kind, name_key, path, doc FROM iam_entity WHERE id = ?`, id).
		Scan(&e.Account, &kind, &e.Name, &e.Path, &doc)
	if errors.Is(err, db.ErrNotFound) {
		return nil, ErrNoEntity
	}
	if err != nil {
		return nil, err
	}
	e.Kind = Kind(kind)
	return e, db.Decode(e.place(), doc, &e.Doc)
}

// Create stores a new entity. The error is db.ErrExists when the name is taken.
func Create[T any](ctx context.Context, tx *db.Tx, e *Entity[T]) error {
	doc, err := db.Encode(e.place(), e.Doc)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `INSERT INTO iam_entity (account, kind, name_key, id, path, doc) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (account, kind, name_key) DO NOTHING`, e.Account, string(e.Kind), fold(e.Name), e.ID, e.Path, doc)
	if err == nil && n == 0 {
		return db.ErrExists
	}
	if err != nil {
		return err
	}
	return e.record(ctx, tx, nil, doc)
}

// Update replaces the entity's document.
func Update[T any](ctx context.Context, tx *db.Tx, e *Entity[T]) error {
	doc, err := db.Encode(e.place(), e.Doc)
	if err != nil {
		return err
	}
	before, err := e.stored(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE iam_entity SET doc = ? WHERE id = ?`, doc, e.ID); err != nil {
		return err
	}
	return e.record(ctx, tx, before, doc)
}

// Rename gives the entity another name or path; its id stays.
func Rename[T any](ctx context.Context, tx *db.Tx, e *Entity[T], name, path string) error {
	before, err := e.stored(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM iam_entity WHERE id = ?`, e.ID); err != nil {
		return err
	}
	if err := e.record(ctx, tx, before, nil); err != nil {
		return err
	}
	e.Name, e.Path = name, path
	return Create(ctx, tx, e)
}

// Delete removes the entity. What belongs to it must be gone already.
func Delete[T any](ctx context.Context, tx *db.Tx, e *Entity[T]) error {
	before, err := e.stored(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM iam_entity WHERE id = ?`, e.ID); err != nil {
		return err
	}
	if err := ForgetUses(ctx, tx, e.ID); err != nil {
		return err
	}
	return e.record(ctx, tx, before, nil)
}

func (e *Entity[T]) stored(ctx context.Context, tx *db.Tx) ([]byte, error) {
	var doc []byte
	err := tx.QueryRow(ctx, `SELECT doc FROM iam_entity WHERE id = ?`, e.ID).Scan(&doc)
	return doc, err
}

func (e *Entity[T]) record(ctx context.Context, tx *db.Tx, before, after []byte) error {
	return tx.Record(ctx, db.Change{
		Account: e.Account, Kind: "iam:" + string(e.Kind), Key: []byte(fold(e.Name)), Before: before, After: after,
	})
}

// List reads up to limit entities of a kind whose path begins with prefix, in
// the order of their names, after the given name key. The returned key is the
// position for the next page, "" at the end.
func List[T any](ctx context.Context, tx *db.Tx, account string, kind Kind, prefix, after string, limit int) ([]*Entity[T], string, error) {
	rows, err := tx.Query(ctx, `SELECT name_key, id, path, doc FROM iam_entity
		WHERE account = ? AND kind = ? AND name_key > ? ORDER BY name_key`, account, string(kind), after)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []*Entity[T]
	for rows.Next() {
		e := &Entity[T]{Account: account, Kind: kind}
		var doc []byte
		if err := rows.Scan(&e.Name, &e.ID, &e.Path, &doc); err != nil {
			return nil, "", err
		}
		if !strings.HasPrefix(e.Path, prefix) {
			continue
		}
		if len(out) == limit {
			return out, out[limit-1].Name, nil
		}
		if err := db.Decode(e.place(), doc, &e.Doc); err != nil {
			return nil, "", err
		}
		out = append(out, e)
	}
	return out, "", rows.Err()
}

// Count counts the entities of an account by kind.
func Count(ctx context.Context, tx *db.Tx, account string) (map[Kind]int, error) {
	kinds, err := strings1(ctx, tx, `SELECT kind FROM iam_entity WHERE account = ?`, account)
	out := map[Kind]int{}
	for _, k := range kinds {
		out[Kind(k)]++
	}
	return out, err
}
