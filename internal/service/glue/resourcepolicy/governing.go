package resourcepolicy

import (
	"context"
	"strings"
	"sync"

	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Governing finds the policy that takes part in a decision. A change counts at once on the node
// that made it, and within a second on the others.
type Governing struct {
	store *db.DB
	known known
}

// NewGoverning returns the policies of a store.
func NewGoverning(store *db.DB) *Governing {
	g := &Governing{store: store}
	g.known.forget()
	store.Watch(epoch, g.known.forget)
	return g
}

// Policy is the policy that governs a resource: that of the catalog which holds it. It is nil
// when the account has none, and for resources that belong to no catalog. A policy that can no
// longer be read denies.
func (g *Governing) Policy(ctx context.Context, resource string) (*policy.Policy, error) {
	parts, _ := arn.Split(resource)
	kind, _, _ := strings.Cut(parts[5], "/")
	if !governed[kind] {
		return nil, nil //nolint:nilnil // absent is an answer
	}
	account := parts[4]
	found, gen, ok := g.known.get(account)
	if ok {
		return found, nil
	}
	doc, err := read(ctx, g.store, account)
	if err != nil {
		return nil, err
	}
	if doc != nil {
		found = compile(account, doc.Text)
	}
	g.known.keep(account, found, gen)
	return found, nil
}

func compile(account, text string) *policy.Policy {
	id := "resource policy of the catalog " + account
	p, err := policy.Parse([]byte(text), policy.Resource)
	if err != nil {
		p = policy.Broken("the " + id + " cannot be parsed: " + err.Error())
	}
	return p.WithID(id)
}

// PrincipalMoved rewrites the policies that name a principal which has another ARN now, or was
// deleted and is named by its unique id.
func PrincipalMoved(ctx context.Context, tx *db.Tx, from, to string) error {
	accounts, err := terms.Texts(ctx, tx, `SELECT account FROM glue_policy ORDER BY account`)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		old, err := find(ctx, tx, account)
		if err != nil {
			return err
		}
		text, changed, err := policy.ReplacePrincipal(old.Text, from, to)
		if err != nil || !changed {
			continue // a policy that cannot be read denies
		}
		next := &document{Text: text, Created: old.Created, Updated: old.Updated}
		if err := next.put(ctx, tx, account, old); err != nil {
			return err
		}
	}
	return nil
}

// known are the compiled policies of accounts; nil stands for an account without one.
type known struct {
	mu       sync.RWMutex
	gen      uint64 // counts what was forgotten: what was read before is not kept
	policies map[string]*policy.Policy
}

// mostKnown bounds what is kept; anybody can ask about any account id.
const mostKnown = 10_000

func (k *known) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gen++
	k.policies = map[string]*policy.Policy{}
}

func (k *known) get(account string) (p *policy.Policy, gen uint64, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	p, ok = k.policies[account]
	return p, k.gen, ok
}

func (k *known) keep(account string, p *policy.Policy, gen uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.gen != gen {
		return
	}
	if len(k.policies) >= mostKnown {
		k.policies = map[string]*policy.Policy{}
	}
	k.policies[account] = p
}
