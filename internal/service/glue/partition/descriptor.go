package partition

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// tail is the shared members of a descriptor, ready to follow a partition's own:
// all of them, and without the columns.
type tail struct{ full, bare []byte }

// descriptors keeps the shared descriptors that were used. They are named by
// their content and never change, and a stored one is never removed, so an entry
// is right for ever, on every node, and what is here need not be stored again.
type descriptors struct {
	mu    sync.RWMutex
	tails map[hash]*tail
	bytes int
}

// descriptorBytes bounds what is kept; beyond it everything is forgotten.
const descriptorBytes = 32 << 20

func (d *descriptors) known(h hash) *tail {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.tails[h]
}

func (d *descriptors) keep(h hash, t *tail) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bytes += len(t.full) + len(t.bare); d.bytes > descriptorBytes || d.tails == nil {
		d.tails, d.bytes = map[hash]*tail{}, len(t.full)+len(t.bare)
	}
	d.tails[h] = t
}

// load brings a descriptor from the store into memory.
func (d *descriptors) load(ctx context.Context, tx *db.Tx, account string, h hash) error {
	var doc []byte
	err := tx.QueryRow(ctx, `SELECT doc FROM glue_descriptor WHERE account = ? AND hash = ?`, account, h[:]).Scan(&doc)
	if errors.Is(err, db.ErrNotFound) {
		return fmt.Errorf("%w: no descriptor %x of account %s", db.ErrCorrupt, h, account)
	}
	if err != nil {
		return err
	}
	text, err := db.DecodeBytes(descriptorPlace(account, h), doc)
	if err != nil {
		return err
	}
	t, err := newTail(text)
	if err == nil {
		d.keep(h, t)
	}
	return err
}

// store writes a document's descriptor unless it is known to be there.
func (d *descriptors) store(ctx context.Context, tx *db.Tx, account string, doc *document) error {
	if doc.shared == nil || d.known(doc.hash) != nil {
		return nil
	}
	t, err := newTail(doc.shared)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO glue_descriptor (account, hash, doc) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		account, doc.hash[:], db.EncodeBytes(descriptorPlace(account, doc.hash), doc.shared))
	tx.OnCommit(func() { d.keep(doc.hash, t) })
	return err
}

func descriptorPlace(account string, h hash) db.Place { return db.At("glue_descriptor", account, h[:]) }

func newTail(text []byte) (*tail, error) {
	shared, err := terms.Parse[glueapi.StorageDescriptor](glueapi.ShapeStorageDescriptor, text)
	if err != nil {
		return nil, err
	}
	shared.Columns = nil
	bare, err := terms.Write(glueapi.ShapeStorageDescriptor, shared)
	if err != nil {
		return nil, err
	}
	return &tail{full: members(text), bare: members(bare)}, nil
}

// members is an object without its braces.
func members(object []byte) []byte { return object[1 : len(object)-1] }
