package directory

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
)

// Use is when a subject (an access key, a user, a role, an account's root) last
// called a service, and in which region.
type Use struct {
	Service string // "glue"
	At      op.Millis
	Region  string
}

// Uses remembers who called what. Noting costs a request two lookups in a map;
// what was noted reaches the store with [Directory.KeepUses], and is lost in a
// crash before that: AWS itself says that these dates may be hours late.
type Uses struct{ seen sync.Map } // useKey -> *useMark

type useKey struct{ subject, service string }

type useMark struct {
	at     atomic.Int64
	kept   atomic.Int64 // the time in the store
	region atomic.Pointer[string]
}

// Note notes an authenticated call, allowed or not. What a service of ours does
// on somebody's behalf counts for the principal, not for its key.
func (u *Uses) Note(c *op.Call) {
	p := &c.Principal
	if c.Service == "" || p.UserID == "" || p.Type == op.Anonymous || p.Type == op.ServiceRole || p.Type == op.Federated {
		return
	}
	at := c.Now.UnixMilli()
	subject, _, _ := strings.Cut(p.UserID, ":")
	if p.Type == op.FederatedUser && p.Session != nil {
		subject = p.Session.Owner
	}
	u.mark(useKey{subject, c.Service}, at, &c.Region)
	if p.Session == nil && !c.ViaAWS {
		u.mark(useKey{p.AccessKeyID, c.Service}, at, &c.Region)
	}
}

func (u *Uses) mark(k useKey, at int64, region *string) {
	found, ok := u.seen.Load(k)
	if !ok {
		found, _ = u.seen.LoadOrStore(k, new(useMark))
	}
	m := found.(*useMark)
	m.region.Store(region)
	m.at.Store(at)
}

// useBatch bounds one transaction of KeepUses.
const useBatch = 500

// KeepUses writes what was noted since the last time to the store.
func (d *Directory) KeepUses(ctx context.Context) error {
	var batch []useRow
	var failed error
	d.Uses.seen.Range(func(k, v any) bool {
		m := v.(*useMark)
		at, region := m.at.Load(), m.region.Load()
		if region == nil || at == m.kept.Load() {
			return true
		}
		batch = append(batch, useRow{k.(useKey), m, Use{k.(useKey).service, op.Millis(at), *region}})
		if len(batch) == useBatch {
			failed = d.keep(ctx, batch)
			batch = nil
		}
		return failed == nil
	})
	if failed != nil || len(batch) == 0 {
		return failed
	}
	return d.keep(ctx, batch)
}

type useRow struct {
	key  useKey
	mark *useMark
	use  Use
}

// keep writes past Directory.Write on purpose: a use changes nobody's rights, so
// nothing that is remembered has to be forgotten.
func (d *Directory) keep(ctx context.Context, batch []useRow) error {
	err := d.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, r := range batch {
			_, err := tx.Exec(ctx, `INSERT INTO iam_use (subject, service, at, region) VALUES (?, ?, ?, ?)
				ON CONFLICT (subject, service) DO UPDATE SET at = excluded.at, region = excluded.region WHERE iam_use.at < excluded.at`,
				r.key.subject, r.key.service, int64(r.use.At), r.use.Region)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range batch {
		r.mark.kept.Store(int64(r.use.At))
	}
	return nil
}

// ForgetUses removes what is stored of a subject that is deleted.
func ForgetUses(ctx context.Context, tx *db.Tx, subject string) error {
	_, err := tx.Exec(ctx, `DELETE FROM iam_use WHERE subject = ?`, subject)
	return err
}

// UsesOf lists the services that a subject called, by name, with what this node
// noted and has not written yet.
func (d *Directory) UsesOf(ctx context.Context, tx *db.Tx, subject string) ([]Use, error) {
	rows, err := tx.Query(ctx, `SELECT service, at, region FROM iam_use WHERE subject = ? ORDER BY service`, subject)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []Use
	for rows.Next() {
		var use Use
		var at int64
		if err := rows.Scan(&use.Service, &at, &use.Region); err != nil {
			return nil, err
		}
		use.At = op.Millis(at)
		out = append(out, use)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return d.Uses.newer(subject, out), nil
}

// newer overlays what is only noted.
func (u *Uses) newer(subject string, stored []Use) []Use {
	for i := range stored {
		if found, ok := u.seen.Load(useKey{subject, stored[i].Service}); ok {
			found.(*useMark).raise(&stored[i])
		}
	}
	u.seen.Range(func(k, v any) bool {
		key := k.(useKey)
		if key.subject != subject || hasUse(stored, key.service) {
			return true
		}
		use := Use{Service: key.service}
		v.(*useMark).raise(&use)
		stored = append(stored, use)
		return true
	})
	return stored
}

func (m *useMark) raise(use *Use) {
	if at, region := op.Millis(m.at.Load()), m.region.Load(); at > use.At && region != nil {
		use.At, use.Region = at, *region
	}
}

func hasUse(list []Use, service string) bool {
	for i := range list {
		if list[i].Service == service {
			return true
		}
	}
	return false
}

// LastUse is the newest of a subject's uses; ok is false when there is none.
func (d *Directory) LastUse(ctx context.Context, tx *db.Tx, subject string) (last Use, ok bool, err error) {
	all, err := d.UsesOf(ctx, tx, subject)
	for _, use := range all {
		if use.At > last.At {
			last, ok = use, true
		}
	}
	return last, ok, err
}

// LastUsed is when a role was last used, empty for one that never was.
func (d *Directory) LastUsed(ctx context.Context, tx *db.Tx, roleID string) (*iamapi.RoleLastUsed, error) {
	use, ok, err := d.LastUse(ctx, tx, roleID)
	if err != nil || !ok {
		return &iamapi.RoleLastUsed{}, err
	}
	return &iamapi.RoleLastUsed{LastUsedDate: &use.At, Region: &use.Region}, nil
}
