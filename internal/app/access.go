package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/installation"
	"github.com/bindery-project/bindery/internal/service/s3"
)

// asker answers questions about access; the gateway is one.
type asker interface {
	Ask(ctx context.Context, p *op.Principal, access *op.Access) (*policy.Explanation, error)
	Governing(ctx context.Context, access *op.Access) (*policy.Policy, error)
}

// access tells who may do what: the engine itself is asked for every principal.
type access struct {
	directory *directory.Directory
	objects   *s3.Service
	roles     roles
	asker     *lateAsker
}

// lateAsker closes the circle between the installation's API and the gateway.
type lateAsker struct{ asker }

// Who implements installation.Access.
func (a access) Who(ctx context.Context, actions []string, resource, principal string) ([]installation.Verdict, error) {
	call := op.CallFrom(ctx)
	governing, err := a.governing(ctx, actions[0], resource)
	if err != nil {
		return nil, err
	}
	people, err := a.principals(ctx, call.Account, governing)
	if err != nil {
		return nil, err
	}
	out := []installation.Verdict{}
	for i := range people {
		p := &people[i]
		if principal != "" && nameOf(p) != principal {
			continue
		}
		for _, action := range actions {
			v, err := a.decide(ctx, p, action, resource)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
	}
	return out, nil
}

// nameOf names a principal as policies do: a role, not its session.
func nameOf(p *op.Principal) string {
	switch {
	case p.RoleARN != "":
		return p.RoleARN
	case p.Type == op.ServiceRole:
		return p.UserName
	case p.Type == op.Anonymous:
		return "anonymous"
	}
	return p.ARN
}

func (a access) decide(ctx context.Context, p *op.Principal, action, resource string) (installation.Verdict, error) {
	about, err := a.resource(ctx, p, action, resource)
	if err != nil {
		return installation.Verdict{}, err
	}
	x, err := a.asker.Ask(ctx, p, &op.Access{Action: action, Resource: about})
	if err != nil {
		return installation.Verdict{}, err
	}
	return verdict(nameOf(p), x), nil
}

// resource is the resource with what decisions about it need and no row tells.
func (a access) resource(ctx context.Context, p *op.Principal, action, name string) (op.Resource, error) {
	parts, _ := arn.Split(name)
	switch {
	case parts[2] == "s3":
		asked := *op.CallFrom(ctx)
		asked.Principal, asked.Account = *p, p.Account
		return a.objects.Governed(op.WithCall(ctx, &asked), action, name)
	case parts[2] == "iam" && strings.HasPrefix(parts[5], "role/") && strings.HasPrefix(strings.ToLower(action), "sts:"):
		role, err := a.roles.RoleByARN(ctx, name)
		if err != nil || role == nil {
			return op.Resource{ARN: name, Account: parts[4], Policy: policy.Nobody(policy.Trust), Trust: true}, err
		}
		return op.Resource{ARN: name, Account: role.Account, Tags: role.Tags, Policy: role.Trust, Trust: true}, nil
	}
	return op.Resource{ARN: name, Trust: parts[2] == "kms"}, nil
}

func (a access) governing(ctx context.Context, action, name string) (*policy.Policy, error) {
	about, err := a.resource(ctx, &op.CallFrom(ctx).Principal, action, name)
	if err != nil {
		return nil, err
	}
	return a.asker.Governing(ctx, &op.Access{Action: action, Resource: about})
}

// principals are all users and roles of the account and its root, and those whom the policy of
// the resource names beside them.
func (a access) principals(ctx context.Context, account string, governing *policy.Policy) ([]op.Principal, error) {
	var out []op.Principal
	err := a.directory.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if out, err = everybody(ctx, tx, account); err != nil || governing == nil {
			return err
		}
		others, err := named(ctx, tx, account, governing)
		out = append(out, others...)
		return err
	})
	slices.SortFunc(out, func(x, y op.Principal) int { return strings.Compare(nameOf(&x), nameOf(&y)) })
	return slices.CompactFunc(out, func(x, y op.Principal) bool { return nameOf(&x) == nameOf(&y) }), err
}

// everybody lists an account's root, users and roles.
func everybody(ctx context.Context, tx *db.Tx, account string) ([]op.Principal, error) {
	out := []op.Principal{{Type: op.Root, ARN: arn.Root(account), Account: account, UserID: account}}
	users, _, err := directory.List[iamapi.User](ctx, tx, account, directory.User, "", "", maxListed)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		out = append(out, op.Principal{
			Type: op.User, ARN: u.Doc.Arn, Account: account, UserID: u.ID, UserName: u.Doc.UserName, Tags: directory.Tags(u.Doc.Tags),
		})
	}
	list, _, err := directory.List[iamapi.Role](ctx, tx, account, directory.Role, "", "", maxListed)
	for _, r := range list {
		out = append(out, op.Principal{
			Type: op.AssumedRole, ARN: arn.AssumedRole(account, r.Doc.RoleName, "who-can"), RoleARN: r.Doc.Arn, Account: account,
			UserID: r.ID + ":who-can", Tags: directory.Tags(r.Doc.Tags),
		})
	}
	return out, err
}

// maxListed bounds the users and the roles of one account that are asked about.
const maxListed = 100_000

// named finds the principals outside the account that a policy names: the people of other
// accounts of this installation, services, and everyone. Principals of accounts that are not
// here cannot call.
func named(ctx context.Context, tx *db.Tx, account string, p *policy.Policy) ([]op.Principal, error) {
	var out []op.Principal
	for _, name := range p.Principals() {
		parts, _ := arn.Split(name)
		other := parts[4]
		if arn.ValidAccount(name) {
			other = name
		}
		switch {
		case name == "*":
			out = append(out, op.Principal{Type: op.Anonymous})
		case strings.HasSuffix(name, ".amazonaws.com"):
			out = append(out, op.Principal{Type: op.ServiceRole, UserName: name})
		case arn.ValidAccount(other) && other != account:
			people, err := everybody(ctx, tx, other)
			if err != nil && !errors.Is(err, db.ErrNotFound) {
				return nil, err
			}
			for i := range people {
				if name == other || strings.HasSuffix(name, ":root") || nameOf(&people[i]) == name || sessionOf(&people[i], name) {
					out = append(out, people[i])
				}
			}
		}
	}
	return out, nil
}

// sessionOf reports whether a name is a session of the role.
func sessionOf(p *op.Principal, name string) bool {
	return p.RoleARN != "" && strings.HasPrefix(name, strings.TrimSuffix(p.ARN, "who-can"))
}

// verdict sums up an explanation: the statement that decides, and whether the answer hangs on
// conditions whose keys the question does not carry.
func verdict(name string, x *policy.Explanation) installation.Verdict {
	v := installation.Verdict{Principal: name, Action: x.Action, Effect: x.Effect, Layer: x.Layer}
	d := x.Decision()
	if d.Policy != nil {
		v.Policy, v.Statement = d.Policy.ID(), d.Statement+1
	}
	allowing := d.Effect == policy.Allow
	open := true // every deny, and every missing allow, hangs on a condition
	if d.Effect == policy.ImplicitDeny {
		open = mayAllow(x)
	}
	for i := range x.Layers {
		for _, p := range x.Layers[i].Policies {
			for j := range p.Statements {
				s := &p.Statements[j]
				if !s.Action || !s.Resource || !s.Principal || len(s.Conditions) == 0 {
					open = open && (s.Effect == "Allow" || !s.Matched)
					continue
				}
				if s.Matched == allowing || s.Effect == "Deny" || d.Effect == policy.ImplicitDeny {
					v.Conditions = append(v.Conditions, words(s)...)
				}
			}
		}
	}
	if !allowing && open && len(v.Conditions) > 0 {
		v.Effect = "conditional"
	}
	slices.Sort(v.Conditions)
	v.Conditions = slices.Compact(v.Conditions)
	return v
}

// mayAllow reports whether every layer that blocks has an Allow whose conditions alone fail.
func mayAllow(x *policy.Explanation) bool {
	for _, layer := range x.Blocking {
		if !slices.ContainsFunc(x.Layers, func(t policy.LayerTrace) bool {
			return t.Layer == layer && slices.ContainsFunc(t.Policies, func(p policy.DocumentTrace) bool {
				return slices.ContainsFunc(p.Statements, func(s policy.StatementTrace) bool {
					return s.Effect == "Allow" && s.Action && s.Resource && s.Principal && !s.Matched
				})
			})
		}) {
			return false
		}
	}
	return true
}

// words writes the conditions of a statement.
func words(s *policy.StatementTrace) []string {
	var out []string
	for _, c := range s.Conditions {
		out = append(out, fmt.Sprintf("%s: %s %s %s", s.Effect, c.Key, c.Operator, strings.Join(c.Wanted, ", ")))
	}
	return out
}
