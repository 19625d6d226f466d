package directory

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/material"
)

// epoch is the name under which changes are announced to all nodes.
const epoch = "kms"

// The states of a key.
const (
	Enabled         = kmsapi.KeyStateEnabled
	Disabled        = kmsapi.KeyStateDisabled
	PendingDeletion = kmsapi.KeyStatePendingDeletion
)

// Stored lists the tables that hold documents, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{
		{Name: "kms_key", KeyColumns: []string{"id"}, Documents: []string{"doc"}},
		{Name: "kms_material", KeyColumns: []string{"key_id", "version"}, Documents: []string{"doc"}},
		{Name: "kms_alias", KeyColumns: []string{"account", "name"}, Documents: []string{"doc"}},
		{Name: "kms_grant", KeyColumns: []string{"key_id", "id"}, Documents: []string{"doc"}},
	}
}

// Key is the stored form of a key, without its material. Times are milliseconds.
type Key struct {
	Meta     kmsapi.KeyMetadata
	Policy   string
	Tags     []kmsapi.Tag
	Version  uint32 // of the material that encrypts now
	Rotation Rotation
}

// Rotation is what was asked for about new material.
type Rotation struct {
	Enabled  bool
	Days     int32
	Next     int64 // when enabled
	OnDemand int   // how many rotations were asked for
}

// Spec is what the key can do. A stored key has a spec that is built.
func (k *Key) Spec() *material.Spec {
	spec, ok := material.SpecOf(*k.Meta.KeySpec)
	if !ok {
		return &material.Spec{Name: *k.Meta.KeySpec}
	}
	return spec
}

// NewMetadata describes a new key.
func NewMetadata(region, account, id string, now time.Time, description, keySpec, usage, manager string) kmsapi.KeyMetadata {
	m := kmsapi.KeyMetadata{
		AWSAccountId: &account, KeyId: id, Arn: new(arn.KMSKey(region, account, id)), CreationDate: new(op.Millis(clock.Millis(now))),
		Enabled: new(true), Description: &description, KeyUsage: &usage, KeyState: new(Enabled), Origin: new(kmsapi.OriginTypeAwsKms),
		KeyManager: &manager, CustomerMasterKeySpec: &keySpec, KeySpec: &keySpec, MultiRegion: new(false),
	}
	spec, _ := material.SpecOf(keySpec)
	switch usage {
	case kmsapi.KeyUsageTypeEncryptDecrypt:
		m.EncryptionAlgorithms = spec.Encryption
	case kmsapi.KeyUsageTypeSignVerify:
		m.SigningAlgorithms = spec.Signing
	case kmsapi.KeyUsageTypeGenerateVerifyMac:
		m.MacAlgorithms = spec.Mac
	}
	return m
}

// Material is one version of a key's material; it is stored sealed.
type Material struct {
	ID      string // 64 hexadecimal digits: KeyMaterialId
	Raw     []byte
	Created int64
	Type    string // of the rotation that made it; empty for the first
}

func keyPlace(id string) db.Place { return db.At("kms_key", id) }

func materialPlace(id string, version uint32) db.Place {
	return db.At("kms_material", id, int64(version))
}

// FindKey reads a key. The error is that of [IsNoKey] when there is none.
func FindKey(ctx context.Context, tx *db.Tx, id string) (*Key, error) {
	var stored []byte
	err := tx.QueryRow(ctx, `SELECT doc FROM kms_key WHERE id = ?`, id).Scan(&stored)
	if errors.Is(err, db.ErrNotFound) {
		return nil, errNoKey
	}
	if err != nil {
		return nil, err
	}
	k := &Key{}
	return k, db.Decode(keyPlace(id), stored, k)
}

// IsNoKey reports whether an error says that there is no such key.
func IsNoKey(err error) bool { return errors.Is(err, errNoKey) }

// Insert stores a new key with its first material.
func (d *Directory) Insert(ctx context.Context, tx *db.Tx, k *Key, raw []byte) error {
	first := &Material{ID: newMaterialID(), Raw: raw, Created: clock.Millis(tx.Now())}
	if k.Spec().Symmetric() {
		k.Meta.CurrentKeyMaterialId = &first.ID
	}
	k.Version = 1
	doc, err := db.Encode(keyPlace(k.Meta.KeyId), k)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO kms_key (id, account, doc) VALUES (?, ?, ?)`, k.Meta.KeyId, *k.Meta.AWSAccountId, doc)
	if err != nil {
		return err
	}
	if err := d.insertMaterial(ctx, tx, k.Meta.KeyId, 1, first); err != nil {
		return err
	}
	return announce(ctx, tx, db.Change{Account: *k.Meta.AWSAccountId, Kind: "kms:key", Key: []byte(k.Meta.KeyId), After: doc})
}

func newMaterialID() string { return hex.EncodeToString(material.Random(32)) }

// Update stores a changed key.
func Update(ctx context.Context, tx *db.Tx, id string, change func(k *Key) error) error {
	k, err := FindKey(ctx, tx, id)
	if err != nil {
		return err
	}
	before, err := db.Encode(keyPlace(id), k)
	if err != nil {
		return err
	}
	if err := change(k); err != nil {
		return err
	}
	after, err := db.Encode(keyPlace(id), k)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE kms_key SET doc = ? WHERE id = ?`, after, id); err != nil {
		return err
	}
	return announce(ctx, tx, db.Change{Account: *k.Meta.AWSAccountId, Kind: "kms:key", Key: []byte(id), Before: before, After: after})
}

// Delete removes a key with all that belongs to it. What it has encrypted is lost.
func Delete(ctx context.Context, tx *db.Tx, id string) error {
	k, err := FindKey(ctx, tx, id)
	if err != nil {
		return err
	}
	before, err := db.Encode(keyPlace(id), k)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM kms_grant WHERE key_id = ?`, `DELETE FROM kms_alias WHERE key_id = ?`,
		`DELETE FROM kms_material WHERE key_id = ?`, `DELETE FROM kms_key WHERE id = ?`,
	} {
		if _, err := tx.Exec(ctx, statement, id); err != nil {
			return err
		}
	}
	return announce(ctx, tx, db.Change{Account: *k.Meta.AWSAccountId, Kind: "kms:key", Key: []byte(id), Before: before})
}

// AddVersion makes raw the material that encrypts from now on. rotation is its type.
func (d *Directory) AddVersion(ctx context.Context, tx *db.Tx, k *Key, raw []byte, rotation string) error {
	k.Version++
	m := &Material{ID: newMaterialID(), Raw: raw, Created: clock.Millis(tx.Now()), Type: rotation}
	k.Meta.CurrentKeyMaterialId = &m.ID
	return d.insertMaterial(ctx, tx, k.Meta.KeyId, k.Version, m)
}

func (d *Directory) insertMaterial(ctx context.Context, tx *db.Tx, id string, version uint32, m *Material) error {
	doc, err := db.EncodeSealed(materialPlace(id, version), m, d.sealer)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO kms_material (key_id, version, doc) VALUES (?, ?, ?)`, id, int64(version), doc)
	return err
}

func (d *Directory) findMaterial(ctx context.Context, tx *db.Tx, id string, version uint32) (*Material, error) {
	var stored []byte
	err := tx.QueryRow(ctx, `SELECT doc FROM kms_material WHERE key_id = ? AND version = ?`, id, int64(version)).Scan(&stored)
	if err != nil {
		return nil, err
	}
	m := &Material{}
	return m, db.DecodeSealed(materialPlace(id, version), stored, m, d.sealer)
}

// Materials lists all versions of a key's material without the material itself, oldest first.
func (d *Directory) Materials(ctx context.Context, id string) (out []Material, err error) {
	err = d.store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		rows, err := tx.Query(ctx, `SELECT version, doc FROM kms_material WHERE key_id = ? ORDER BY version`, id)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var version int64
			var stored []byte
			if err := rows.Scan(&version, &stored); err != nil {
				return err
			}
			m := Material{}
			if err := db.DecodeSealed(materialPlace(id, uint32(version)), stored, &m, d.sealer); err != nil {
				return err
			}
			m.Raw = nil
			out = append(out, m)
		}
		return rows.Err()
	})
	return out, err
}

// announce journals a change and has every node forget what it knows.
func announce(ctx context.Context, tx *db.Tx, c db.Change) error {
	if err := tx.Record(ctx, c); err != nil {
		return err
	}
	return tx.Bump(ctx, epoch)
}

func disabled(keyARN string) error {
	return &kmsapi.DisabledException{Message: keyARN + " is disabled."}
}
