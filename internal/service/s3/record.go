package s3

import (
	"context"
	"errors"
	"sync"

	"github.com/bindery-project/bindery/internal/blob"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
)

// settings is the stored document of a bucket.
type settings struct {
	Versioning blob.Versioning   `json:"versioning,omitempty"`
	Policy     string            `json:"policy,omitempty"`
	Block      *accessBlock      `json:"block,omitempty"` // nil: nothing is blocked
	Tags       map[string]string `json:"tags,omitempty"`
}

// accessBlock is Block Public Access. It is the wire form and the stored one.
type accessBlock struct {
	BlockPublicAcls       bool `json:"acls"`
	IgnorePublicAcls      bool `json:"ignore"`
	BlockPublicPolicy     bool `json:"policy"`
	RestrictPublicBuckets bool `json:"restrict"`
}

// record is a bucket.
type record struct {
	Name    string
	Account string
	Created int64 // ms
	settings

	policy *policy.Policy // Policy, compiled; nil when there is none
}

// epoch is the name under which changes of buckets are announced to all nodes.
const epoch = "s3"

var errBucketExists = errors.New("s3: bucket exists")

// records is the store of buckets, answered from memory until one changes.
type records struct {
	db *db.DB

	mu    sync.RWMutex
	gen   uint64
	known map[string]*record // nil: known to be absent
}

func newRecords(store *db.DB) *records {
	r := &records{db: store}
	r.forget()
	store.Watch(epoch, r.forget)
	return r
}

func (r *records) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gen++
	r.known = map[string]*record{}
}

// maxKnown bounds the cache, names of absent buckets included.
const maxKnown = 10_000

// find returns a bucket, nil when there is none. The result is shared.
func (r *records) find(ctx context.Context, name string) (*record, error) {
	r.mu.RLock()
	b, ok := r.known[name]
	gen := r.gen
	r.mu.RUnlock()
	if ok {
		return b, nil
	}
	err := r.db.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		b, err = load(ctx, tx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gen == gen {
		if len(r.known) >= maxKnown {
			r.known = map[string]*record{}
		}
		r.known[name] = b
	}
	return b, nil
}

func place(name string) db.Place { return db.At("s3_bucket", name) }

// Tables lists the tables that hold documents, for fsck.
func Tables() []db.StoredTable {
	return []db.StoredTable{{Name: "s3_bucket", KeyColumns: []string{"name"}, Documents: []string{"doc"}}}
}

// load reads a bucket, nil when there is none. A policy that can no longer be
// read is replaced by one that denies.
func load(ctx context.Context, tx *db.Tx, name string) (*record, error) {
	b := &record{Name: name}
	var doc []byte
	err := tx.QueryRow(ctx, `SELECT account, created, doc FROM s3_bucket WHERE name = ?`, name).Scan(&b.Account, &b.Created, &doc)
	if errors.Is(err, db.ErrNotFound) {
		return nil, nil //nolint:nilnil // absent is an answer
	}
	if err != nil {
		return nil, err
	}
	if err := db.Decode(place(name), doc, &b.settings); err != nil {
		return nil, err
	}
	if b.Policy != "" {
		if b.policy, err = policy.Parse([]byte(b.Policy), policy.Resource); err != nil {
			b.policy = policy.Broken("the policy of bucket " + name + " cannot be parsed: " + err.Error())
		}
		b.policy = b.policy.WithID(arnPrefix + name)
	}
	return b, nil
}

// insert adds a bucket. The error is errBucketExists when the name is taken.
func (r *records) insert(ctx context.Context, b *record) error {
	return r.write(ctx, func(ctx context.Context, tx *db.Tx) error {
		old, err := load(ctx, tx, b.Name)
		if err != nil {
			return err
		}
		if old != nil {
			*b = *old
			return errBucketExists
		}
		b.Created = clock.Millis(tx.Now())
		doc, err := db.Encode(place(b.Name), &b.settings)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO s3_bucket (name, account, created, doc) VALUES (?, ?, ?, ?)`, b.Name, b.Account, b.Created, doc); err != nil {
			return err
		}
		return tx.Record(ctx, db.Change{Account: b.Account, Kind: "s3:bucket", Key: []byte(b.Name), After: doc})
	})
}

// change rewrites a bucket's settings in one transaction.
func (r *records) change(ctx context.Context, name string, change func(*settings) error) error {
	return r.write(ctx, func(ctx context.Context, tx *db.Tx) error { return alter(ctx, tx, name, change) })
}

func alter(ctx context.Context, tx *db.Tx, name string, change func(*settings) error) error {
	b, err := load(ctx, tx, name)
	if err != nil {
		return err
	}
	if b == nil {
		return errNoSuchBucket(name)
	}
	before, err := db.Encode(place(name), &b.settings)
	if err != nil {
		return err
	}
	if err := change(&b.settings); err != nil {
		return err
	}
	after, err := db.Encode(place(name), &b.settings)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE s3_bucket SET doc = ? WHERE name = ?`, after, name); err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: b.Account, Kind: "s3:bucket", Key: []byte(name), Before: before, After: after})
}

func (r *records) remove(ctx context.Context, name string) error {
	return r.write(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := load(ctx, tx, name)
		if err != nil || b == nil {
			return err
		}
		before, err := db.Encode(place(name), &b.settings)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM s3_bucket WHERE name = ?`, name); err != nil {
			return err
		}
		return tx.Record(ctx, db.Change{Account: b.Account, Kind: "s3:bucket", Key: []byte(name), Before: before})
	})
}

func (r *records) write(ctx context.Context, fn db.Func) error {
	return r.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return tx.Bump(ctx, epoch)
	})
}

// ofAccount lists an account's buckets by name, up to limit, beginning after a name.
func (r *records) ofAccount(ctx context.Context, account, prefix, after string, limit int) ([]*record, error) {
	var out []*record
	err := r.db.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		low := max(prefix, after)
		rows, err := tx.Query(ctx, `SELECT name, created FROM s3_bucket WHERE account = ? AND name >= ? ORDER BY name`, account, low)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err reports
		for len(out) < limit && rows.Next() {
			b := &record{Account: account}
			if err := rows.Scan(&b.Name, &b.Created); err != nil {
				return err
			}
			if len(b.Name) < len(prefix) || b.Name[:len(prefix)] != prefix {
				break
			}
			if b.Name != after {
				out = append(out, b)
			}
		}
		return rows.Err()
	})
	return out, err
}

// canonical is the canonical user id of an account: 64 hexadecimal digits, as
// S3 shows owners.
func canonical(account string) string {
	return canonicalID(account)
}

// caller is the id of who asks, as S3 shows initiators: an ARN, but for an
// account itself its canonical user id.
func caller(ctx context.Context) string {
	p := op.CallFrom(ctx).Principal
	if p.Type == op.Root {
		return canonical(p.Account)
	}
	return p.ARN
}
