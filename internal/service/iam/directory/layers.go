package directory

import (
	"context"
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/managed"
)

// Layers returns the policies that apply to a principal: those of the user and
// its groups or of the role, the boundary, and the session's own. The result is
// shared and never changed. A principal that is gone is denied everything, by
// policies of resources too; so does a policy that cannot be read.
func (d *Directory) Layers(ctx context.Context, p *op.Principal) (*policy.Layers, error) {
	if p.Type == op.Root && p.Session == nil || p.Type == op.Anonymous || p.Type == op.ServiceRole || p.Type == op.Federated {
		return &policy.Layers{}, nil
	}
	key := p.UserID
	if p.Session != nil {
		key = p.AccessKeyID
	}
	return recall(d, func() map[string]*policy.Layers { return d.layers }, key, func() (*policy.Layers, error) {
		l := new(policy.Layers)
		err := d.db.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			*l = policy.Layers{}
			d.addSession(ctx, tx, p.Session, l)
			return d.load(ctx, tx, p, l)
		})
		return l, err
	})
}

func (d *Directory) load(ctx context.Context, tx *db.Tx, p *op.Principal, l *policy.Layers) error {
	id, _, _ := strings.Cut(p.UserID, ":")
	if p.Type == op.FederatedUser && p.Session != nil {
		id = p.Session.Owner
	}
	switch {
	case p.Type == op.Root:
		return nil
	case p.Type == op.FederatedUser && id == p.Account:
		l.Identity = append(l.Identity, rootsOwn)
		return nil
	case strings.HasPrefix(id, "AROA"):
		return d.loadRole(ctx, tx, id, l, nil)
	}
	return d.loadUser(ctx, tx, id, l, nil)
}

func (d *Directory) loadUser(ctx context.Context, tx *db.Tx, id string, l *policy.Layers, skip Skip) error {
	u, err := GetByID[iamapi.User](ctx, tx, id)
	if errors.Is(err, ErrNoEntity) {
		l.Identity = append(l.Identity, departed)
		return nil
	}
	if err != nil {
		return err
	}
	owners := []string{id}
	groups, err := GroupsOf(ctx, tx, id)
	if err != nil {
		return err
	}
	return d.loadOwners(ctx, tx, append(owners, groups...), u.Doc.PermissionsBoundary, l, skip)
}

func (d *Directory) loadRole(ctx context.Context, tx *db.Tx, id string, l *policy.Layers, skip Skip) error {
	r, err := GetByID[iamapi.Role](ctx, tx, id)
	if errors.Is(err, ErrNoEntity) {
		l.Identity = append(l.Identity, departed)
		return nil
	}
	if err != nil {
		return err
	}
	return d.loadOwners(ctx, tx, []string{id}, r.Doc.PermissionsBoundary, l, skip)
}

// departed denies everything to a session whose user or role was deleted: the
// policy of a bucket or a role may still name it.
var departed = policy.Broken("the user or role was deleted")

// rootsOwn is what a session may do that root asked for, before its own policies.
var rootsOwn = parse(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`, policy.Identity, "root")

func (d *Directory) loadOwners(ctx context.Context, tx *db.Tx, owners []string, boundary *iamapi.AttachedPermissionsBoundary, l *policy.Layers, skip Skip) error {
	for _, owner := range owners {
		inline, err := InlineOf(ctx, tx, owner)
		if err != nil {
			return err
		}
		for _, in := range inline {
			if skip.out(owner, in.Name) {
				continue
			}
			l.Identity = append(l.Identity, parse(in.Document, policy.Identity, in.Name))
		}
		arns, err := AttachedTo(ctx, tx, owner)
		if err != nil {
			return err
		}
		for _, a := range arns {
			if skip.out("", a) {
				continue
			}
			l.Identity = append(l.Identity, d.managed(ctx, tx, a, policy.Identity))
		}
	}
	if boundary != nil && boundary.PermissionsBoundaryArn != nil && !skip.out("boundary", *boundary.PermissionsBoundaryArn) {
		l.Boundary = d.managed(ctx, tx, *boundary.PermissionsBoundaryArn, policy.Boundary)
	}
	return nil
}

// managed compiles the default version of a managed policy.
func (d *Directory) managed(ctx context.Context, tx *db.Tx, arn string, kind policy.Kind) *policy.Policy {
	text, err := ManagedText(ctx, tx, arn)
	if err != nil {
		return policy.Broken("the policy " + arn + " could not be read: " + err.Error()).WithID(arn)
	}
	return parse(text, kind, arn)
}

// ManagedText is the default version's text of a managed policy, AWS's or the
// account's own. The error is ErrNoEntity.
func ManagedText(ctx context.Context, tx *db.Tx, arn string) (string, error) {
	if strings.HasPrefix(arn, managed.Prefix) {
		p, ok := managed.Lookup(arn)
		if !ok {
			return "", ErrNoEntity
		}
		return string(p.Document), nil
	}
	e, err := PolicyByARN(ctx, tx, arn)
	if err != nil {
		return "", err
	}
	v, err := DefaultVersion(ctx, tx, e.ID)
	return v.Document, err
}

// addSession adds the policies that were passed when the session was made.
// One that is no longer there denies.
func (d *Directory) addSession(ctx context.Context, tx *db.Tx, s *op.Session, l *policy.Layers) {
	if s == nil || !s.HasPolicy {
		return
	}
	l.HasSession = true
	for _, text := range s.Policies {
		l.Session = append(l.Session, parse(text, policy.Session, "session policy"))
	}
	for _, arn := range s.PolicyARNs {
		l.Session = append(l.Session, d.managed(ctx, tx, arn, policy.Session))
	}
}

// parse compiles a stored text; one that no longer parses denies.
func parse(text string, kind policy.Kind, id string) *policy.Policy {
	p, err := policy.Parse([]byte(text), kind)
	if err != nil {
		return policy.Broken("the policy " + id + " cannot be parsed: " + err.Error()).WithID(id)
	}
	return p.WithID(id)
}

// Skip says which policies a simulation leaves out: an inline policy by the id of
// its owner and its name, a managed one by its ARN alone (owner ""), a boundary by
// its ARN with the owner "boundary". nil leaves out nothing.
type Skip func(owner, policy string) bool

func (s Skip) out(owner, policy string) bool { return s != nil && s(owner, policy) }

// LoadByID adds the policies of a user, group or role to the layers, for
// simulations.
func (d *Directory) LoadByID(ctx context.Context, tx *db.Tx, id string, l *policy.Layers, skip Skip) error {
	switch {
	case strings.HasPrefix(id, "AROA"):
		return d.loadRole(ctx, tx, id, l, skip)
	case strings.HasPrefix(id, "AGPA"):
		return d.loadOwners(ctx, tx, []string{id}, nil, l, skip)
	}
	return d.loadUser(ctx, tx, id, l, skip)
}
