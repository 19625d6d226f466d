package directory

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/db"
)

// Alias is the stored form of an alias. Times are milliseconds.
type Alias struct {
	Key              string // its id
	Created, Updated int64
}

// NamedAlias is an alias with its name.
type NamedAlias struct {
	Name string
	Alias
}

func aliasPlace(account, name string) db.Place { return db.At("kms_alias", account, name) }

// FindAlias reads an alias, nil when there is none.
func FindAlias(ctx context.Context, tx *db.Tx, account, name string) (*Alias, error) {
	var stored []byte
	err := tx.QueryRow(ctx, `SELECT doc FROM kms_alias WHERE account = ? AND name = ?`, account, name).Scan(&stored)
	if errors.Is(err, db.ErrNotFound) {
		return nil, nil //nolint:nilnil // absent is an answer
	}
	if err != nil {
		return nil, err
	}
	a := &Alias{}
	return a, db.Decode(aliasPlace(account, name), stored, a)
}

// PutAlias stores an alias in place of old (nil: there was none), or removes it when a is nil.
func PutAlias(ctx context.Context, tx *db.Tx, account, name string, old, a *Alias) error {
	change := db.Change{Account: account, Kind: "kms:alias", Key: []byte(account + "/" + name)}
	var err error
	if old != nil {
		if change.Before, err = db.Encode(aliasPlace(account, name), old); err != nil {
			return err
		}
	}
	if a == nil {
		_, err = tx.Exec(ctx, `DELETE FROM kms_alias WHERE account = ? AND name = ?`, account, name)
	} else {
		if change.After, err = db.Encode(aliasPlace(account, name), a); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO kms_alias (account, name, key_id, doc) VALUES (?, ?, ?, ?)
			ON CONFLICT (account, name) DO UPDATE SET key_id = excluded.key_id, doc = excluded.doc`, account, name, a.Key, change.After)
	}
	if err != nil {
		return err
	}
	return announce(ctx, tx, change)
}

func aliasNames(ctx context.Context, tx *db.Tx, id string) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT name FROM kms_alias WHERE key_id = ? ORDER BY name`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, rows.Err()
}

// ListAliases lists up to limit aliases of an account after a name, in order: those of one key, or
// all when id is empty.
func ListAliases(ctx context.Context, tx *db.Tx, account, id, after string, limit int) ([]NamedAlias, error) {
	query, args := `SELECT name, doc FROM kms_alias WHERE account = ? AND name > ? ORDER BY name LIMIT ?`, []any{account, after, limit}
	if id != "" {
		query = `SELECT name, doc FROM kms_alias WHERE account = ? AND key_id = ? AND name > ? ORDER BY name LIMIT ?`
		args = []any{account, id, after, limit}
	}
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	var out []NamedAlias
	for rows.Next() {
		var n NamedAlias
		var stored []byte
		if err := rows.Scan(&n.Name, &stored); err != nil {
			return nil, err
		}
		if err := db.Decode(aliasPlace(account, n.Name), stored, &n.Alias); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// Grant is the stored form of a grant: rights on a key beside its policy. Times are milliseconds.
// Principals are ARNs, or services by name.
type Grant struct {
	ID, Name                  string
	Grantee, GranteeService   string
	Retiring, RetiringService string
	Issuer                    string // the account that made it
	Operations                []string
	Equals, Subset            map[string]string // constraints on the encryption context; nil: none
	Created                   int64
}

func grantPlace(key, id string) db.Place { return db.At("kms_grant", key, id) }

// FindGrants reads the grants of a key, in the order of their ids.
func FindGrants(ctx context.Context, tx *db.Tx, key string) ([]Grant, error) {
	rows, err := tx.Query(ctx, `SELECT id, doc FROM kms_grant WHERE key_id = ? ORDER BY id`, key)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	var out []Grant
	for rows.Next() {
		var id string
		var stored []byte
		if err := rows.Scan(&id, &stored); err != nil {
			return nil, err
		}
		g := Grant{}
		if err := db.Decode(grantPlace(key, id), stored, &g); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// KeyedGrant is a grant with its key's id.
type KeyedGrant struct {
	Key string
	Grant
}

// ListRetirable lists up to limit grants that a principal may retire, after a key and a grant.
func ListRetirable(ctx context.Context, tx *db.Tx, retiring, key, id string, limit int) ([]KeyedGrant, error) {
	rows, err := tx.Query(ctx, `SELECT key_id, id, doc FROM kms_grant
		WHERE retiring = ? AND (key_id > ? OR (key_id = ? AND id > ?)) ORDER BY key_id, id LIMIT ?`, retiring, key, key, id, limit)
	if err != nil {
		return nil, err
	}
	return keyedGrants(rows)
}

// PutGrant stores a new grant of a key of account.
func PutGrant(ctx context.Context, tx *db.Tx, account, key string, g *Grant) error {
	doc, err := db.Encode(grantPlace(key, g.ID), g)
	if err != nil {
		return err
	}
	retiring := g.Retiring
	if g.RetiringService != "" {
		retiring = g.RetiringService
	}
	_, err = tx.Exec(ctx, `INSERT INTO kms_grant (key_id, id, retiring, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (key_id, id) DO UPDATE SET retiring = excluded.retiring, doc = excluded.doc`, key, g.ID, retiring, doc)
	if err != nil {
		return err
	}
	return announce(ctx, tx, db.Change{Account: account, Kind: "kms:grant", Key: []byte(key + "/" + g.ID), After: doc})
}

// RemoveGrant removes a grant, and reports whether there was one.
func RemoveGrant(ctx context.Context, tx *db.Tx, account, key, id string) (found bool, err error) {
	var before []byte
	err = tx.QueryRow(ctx, `SELECT doc FROM kms_grant WHERE key_id = ? AND id = ?`, key, id).Scan(&before)
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM kms_grant WHERE key_id = ? AND id = ?`, key, id); err != nil {
		return false, err
	}
	return true, announce(ctx, tx, db.Change{Account: account, Kind: "kms:grant", Key: []byte(key + "/" + id), Before: before})
}

// AllGrants reads the grants of all keys.
func AllGrants(ctx context.Context, tx *db.Tx) ([]KeyedGrant, error) {
	rows, err := tx.Query(ctx, `SELECT key_id, id, doc FROM kms_grant ORDER BY key_id, id`)
	if err != nil {
		return nil, err
	}
	return keyedGrants(rows)
}

func keyedGrants(rows *db.Rows) ([]KeyedGrant, error) {
	defer rows.Close() //nolint:errcheck // Err tells
	var out []KeyedGrant
	for rows.Next() {
		var g KeyedGrant
		var id string
		var stored []byte
		if err := rows.Scan(&g.Key, &id, &stored); err != nil {
			return nil, err
		}
		if err := db.Decode(grantPlace(g.Key, id), stored, &g.Grant); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, rows.Err()
}
