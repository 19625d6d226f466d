// Package directory is what every request needs of KMS: the keys with their policies, aliases and
// grants as decisions see them, and their material, opened. Resources of the service change what
// is stored through it, so that each change is journaled and announced in one place.
//
// Start at [Directory.Resource], which turns the reference that a client sent into what is
// authorized, and at [Directory.Target], which gives a handler the key that the decision was
// about. What was read is kept until any key changes: at once on the node that changes it, within
// a second on the others.
//
// Key material leaves this package only opened ([material.Key]); at rest it is sealed by the root
// keyset, bound to its key and version. The journal has keys, aliases and grants, never material.
package directory

import (
	"context"
	"errors"
	"sync"

	"github.com/google/uuid"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/page"
	"github.com/bindery-project/bindery/internal/service/kms/material"
)

// Sealer seals material and tokens; *seal.Keyset is one.
type Sealer interface {
	db.Sealer
	page.Sealer
}

// Directory finds keys. It is safe for concurrent use.
type Directory struct {
	store  *db.DB
	sealer Sealer
	region string
	known  known

	// Schedule has a service's new key rotated from time to time.
	Schedule func(ctx context.Context, tx *db.Tx, k *Key) error
}

// New returns the directory of a store. region is the server's.
func New(store *db.DB, sealer Sealer, region string) *Directory {
	d := &Directory{store: store, sealer: sealer, region: region}
	d.known.forget()
	store.Watch(epoch, d.known.forget)
	return d
}

// Write is the store's, for the changes of resources.
func (d *Directory) Write(ctx context.Context, fn db.Func) error { return d.store.Write(ctx, fn) }

// Read is the store's.
func (d *Directory) Read(ctx context.Context, fn db.Func) error { return d.store.Read(ctx, fn) }

// View is a key with all that decisions and operations need of it. It is shared: nobody changes it.
type View struct {
	Key
	ID      string
	ARN     string
	Account string
	Aliases []string
	Grants  []Grant

	policies policies
}

// errNoKey says that there is no such key.
var errNoKey = errors.New("kms: no such key")

// view reads a key by its id.
func (d *Directory) view(ctx context.Context, id string) (*View, error) {
	v, gen := d.known.view(id)
	if v != nil {
		return v, nil
	}
	err := d.store.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		v, err = d.load(ctx, tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	v.compile()
	d.known.keep(gen, func() { d.known.views[id] = v })
	return v, nil
}

func (d *Directory) load(ctx context.Context, tx *db.Tx, id string) (*View, error) {
	key, err := FindKey(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	v := &View{Key: *key, ID: id, Account: *key.Meta.AWSAccountId, ARN: *key.Meta.Arn}
	if v.Aliases, err = aliasNames(ctx, tx, id); err != nil {
		return nil, err
	}
	v.Grants, err = FindGrants(ctx, tx, id)
	return v, err
}

// Opened is material that can be used, with its KeyMaterialId.
type Opened struct {
	*material.Key
	ID string
}

// Material is the opened material of a key's version.
func (d *Directory) Material(ctx context.Context, v *View, version uint32) (*Opened, error) {
	at := versioned{v.ID, version}
	opened, gen := d.known.material(at)
	if opened != nil {
		return opened, nil
	}
	var m *Material
	err := d.store.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		m, err = d.findMaterial(ctx, tx, v.ID, version)
		return err
	})
	if err != nil {
		return nil, err
	}
	key, err := material.Open(*v.Meta.KeySpec, m.Raw)
	if err != nil {
		return nil, err
	}
	opened = &Opened{key, m.ID}
	d.known.keep(gen, func() { d.known.materials[at] = opened })
	return opened, nil
}

// Current is the material that encrypts and signs now, and its name for envelopes.
func (d *Directory) Current(ctx context.Context, v *View) (*Opened, material.Name, error) {
	m, err := d.Material(ctx, v, v.Version)
	if err != nil {
		return nil, material.Name{}, err
	}
	id, err := uuid.Parse(v.ID)
	return m, material.Name{Key: id, Version: v.Version}, err
}

type versioned struct {
	key     string
	version uint32
}

// known is what was read since anything last changed.
type known struct {
	mu        sync.RWMutex
	gen       uint64 // counts what was forgotten: what was read before is not kept
	views     map[string]*View
	materials map[versioned]*Opened
	aliases   map[Ref]string
}

// mostKnown bounds each map.
const mostKnown = 10_000

func (k *known) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gen++
	k.clear()
}

func (k *known) clear() {
	k.views, k.materials, k.aliases = map[string]*View{}, map[versioned]*Opened{}, map[Ref]string{}
}

func (k *known) view(id string) (*View, uint64) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.views[id], k.gen
}

func (k *known) material(at versioned) (*Opened, uint64) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.materials[at], k.gen
}

func (k *known) alias(ref Ref) (string, uint64) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.aliases[ref], k.gen
}

// keep calls add unless something changed since gen.
func (k *known) keep(gen uint64, add func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.gen != gen {
		return
	}
	if len(k.views)+len(k.materials)+len(k.aliases) >= mostKnown {
		k.clear()
	}
	add()
}

// Target is the key that the decision about the call's resource at index was made on. text is the
// reference as the client sent it, for the error when there is none. The managed key of a service
// is made when it is used for the first time.
func (d *Directory) Target(ctx context.Context, index int, text string) (*View, error) {
	call := op.CallFrom(ctx)
	if index >= len(call.Resources) {
		return nil, errors.New("kms: the call was not authorized on a key")
	}
	return d.viewOrError(ctx, call, call.Resources[index].ID, text)
}

// Find is [Directory.Target] for a reference that the call's own resources do not hold; the
// caller authorizes it.
func (d *Directory) Find(ctx context.Context, text string) (*View, error) {
	call := op.CallFrom(ctx)
	_, id, err := d.resolve(ctx, call, text)
	if err != nil {
		return nil, err
	}
	return d.viewOrError(ctx, call, id, text)
}

func (d *Directory) viewOrError(ctx context.Context, call *op.Call, id, text string) (*View, error) {
	ref, err := Parse(call, text)
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, ref.notFound(d.region)
	}
	v, err := d.view(ctx, id)
	if errors.Is(err, errNoKey) {
		if service := ref.managed(call.Account); service != "" {
			return d.makeManaged(ctx, call.Account, service)
		}
		return nil, ref.notFound(d.region)
	}
	return v, err
}
