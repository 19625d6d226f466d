// Package directory keeps the accounts and their users, groups, roles, policies
// and access keys, and answers the two questions that every request asks: whose
// key is this, and which policies apply to its owner.
//
// Start with [Directory.Key] and [Directory.Layers]; both are answered from
// memory until something in IAM changes. The resources of the IAM service
// (users, roles, …) write through the generic [Entity] functions.
package directory

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
)

// epoch is the name under which IAM changes are announced to all nodes.
const epoch = "iam"

// Errors of lookups, compared with errors.Is.
var (
	ErrNoEntity  = errors.New("directory: no such entity")
	ErrNoAccount = errors.New("directory: no such account")
	ErrNoKey     = errors.New("directory: no such access key, or it is inactive")
)

// Directory is the store of identities. It is safe for concurrent use.
type Directory struct {
	db     *db.DB
	sealer db.Sealer
	random io.Reader
	moved  []Moved
	Uses   Uses

	mu     sync.RWMutex
	gen    uint64 // counts changes, so that a slow load cannot store what is stale
	keys   map[string]*Owner
	layers map[string]*policy.Layers
	owners map[string]*op.Principal // by unique id
}

// New returns a directory on the store. The sealer protects access-key secrets.
func New(store *db.DB, sealer db.Sealer) *Directory {
	d := &Directory{db: store, sealer: sealer, random: rand.Reader}
	d.forget()
	store.Watch(epoch, d.forget)
	return d
}

// forget drops everything remembered. It runs after each change in IAM, before
// the change is acknowledged.
func (d *Directory) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gen++
	d.keys, d.layers, d.owners = map[string]*Owner{}, map[string]*policy.Layers{}, map[string]*op.Principal{}
}

// maxRemembered bounds each cache; when it is full, it starts again.
const maxRemembered = 20_000

// recall answers from a cache or loads and remembers, unless something changed
// while it loaded.
func recall[T any](d *Directory, cache func() map[string]T, key string, load func() (T, error)) (T, error) {
	d.mu.RLock()
	v, ok := cache()[key]
	gen := d.gen
	d.mu.RUnlock()
	if ok {
		return v, nil
	}
	v, err := load()
	if err != nil {
		return v, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gen == gen {
		if m := cache(); len(m) < maxRemembered {
			m[key] = v
		}
	}
	return v, nil
}

// Write runs a change of IAM data in one transaction and makes every node
// forget what it remembered. Handlers use it for all their writes.
func (d *Directory) Write(ctx context.Context, fn db.Func) error {
	return d.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return tx.Bump(ctx, epoch)
	})
}

// Read runs fn on one snapshot.
func (d *Directory) Read(ctx context.Context, fn db.Func) error { return d.db.Read(ctx, fn) }

// NewID makes a unique id with AWS's prefix and length: AIDA, AROA, AGPA, ANPA,
// AKIA or ASIA and 16 or 17 characters of base 32.
func (d *Directory) NewID(prefix string) string {
	size := 17
	if prefix == "AKIA" || prefix == "ASIA" {
		size = 16
	}
	return prefix + base32.StdEncoding.EncodeToString(d.bytes(15))[:size]
}

// NewSecret makes a secret access key: 40 characters, 240 random bits.
func (d *Directory) NewSecret() string {
	return base64.StdEncoding.EncodeToString(d.bytes(30))
}

// NewUUID makes a random UUID, for the ids of tasks and reports.
func (d *Directory) NewUUID() string {
	return uuid.Must(uuid.FromBytes(version4(d.bytes(16)))).String()
}

// version4 marks random bytes as a UUID of version 4.
func version4(b []byte) []byte {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return b
}

// Random makes random bytes, for salts and seeds.
func (d *Directory) Random(n int) []byte { return d.bytes(n) }

func (d *Directory) bytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(d.random, b); err != nil {
		panic("directory: no randomness: " + err.Error())
	}
	return b
}

// fold is the form under which names are unique: IAM does not distinguish case.
func fold(name string) string { return strings.ToLower(name) }

// Stored lists the tables that hold documents, for checks of the whole store.
func Stored() []db.StoredTable {
	return []db.StoredTable{
		{Name: "iam_account", KeyColumns: []string{"account"}, Documents: []string{"doc"}},
		{Name: "iam_entity", KeyColumns: []string{"account", "kind", "name_key"}, Documents: []string{"doc"}},
		{Name: "iam_access_key", KeyColumns: []string{"id"}, Documents: []string{"doc"}},
		{Name: "iam_inline", KeyColumns: []string{"owner", "name"}, Documents: []string{"doc"}},
		{Name: "iam_policy_version", KeyColumns: []string{"policy_id", "version"}, Documents: []string{"doc"}},
		{Name: "iam_credential", KeyColumns: []string{"account", "kind", "name"}, Documents: []string{"doc"}},
		{Name: "iam_document", KeyColumns: []string{"account", "kind", "name"}, Documents: []string{"doc"}},
	}
}
