package iam

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/oidc"
	"github.com/bindery-project/bindery/internal/service/iam/password"
	"github.com/bindery-project/bindery/internal/service/iam/role"
)

// resolvers find the ARNs of entities, whose paths are in the store, and their
// tags. What does not exist has the ARN that it would have at the root path.
func (s *Service) resolvers() map[string]op.Resolver {
	return map[string]op.Resolver{
		"user": byName(s.directory, directory.User, "UserName", func(u *iamapi.User) facts {
			return facts{u.Arn, u.Tags, u.PermissionsBoundary}
		}),
		"group": byName(s.directory, directory.Group, "GroupName", func(g *iamapi.Group) facts { return facts{arn: g.Arn} }),
		"role": byName(s.directory, directory.Role, "RoleName", func(r *iamapi.Role) facts {
			return facts{r.Arn, r.Tags, r.PermissionsBoundary}
		}),
		"instanceProfile": byName(s.directory, directory.InstanceProfile, "InstanceProfileName", func(p *iamapi.InstanceProfile) facts {
			return facts{arn: p.Arn, tags: p.Tags}
		}),
		"device":     s.resolveDevice,
		"provider":   s.resolveProvider,
		"self":       s.resolveSelf,
		"policy":     s.resolvePolicy,
		"accessKey":  s.resolveKey,
		"linkedRole": resolveTask,
	}
}

// facts are what a decision needs of a stored entity.
type facts struct {
	arn      string
	tags     []iamapi.Tag
	boundary *iamapi.AttachedPermissionsBoundary
}

// byName resolves an entity by the member that names it. An absent name means
// the calling user. An update that moves the entity is also about the ARN that
// it gets: who may rename one user must not make another of it.
func byName[T any](d *directory.Directory, kind directory.Kind, member string, about func(*T) facts) op.Resolver {
	return func(ctx context.Context, in any) ([]op.Resource, error) {
		call := op.CallFrom(ctx)
		name := stringMember(in, member)
		if name == "" {
			return []op.Resource{{ARN: call.Principal.ARN, Account: call.Account}}, nil
		}
		res := op.Resource{ARN: arn.IAM(call.Account, string(kind), "/", name), Account: call.Account}
		err := d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			e, err := directory.Get[T](ctx, tx, call.Account, kind, name)
			if errors.Is(err, directory.ErrNoEntity) {
				return nil
			}
			if err != nil {
				return err
			}
			known := about(&e.Doc)
			res.ARN, res.Tags, res.ID, res.Keys = known.arn, directory.Tags(known.tags), e.ID, boundaryKey(call.Operation, known.boundary)
			return nil
		})
		out := []op.Resource{res}
		if to := moved(in, member, res.ARN); to != res.ARN {
			res.ARN = to
			out = append(out, res)
		}
		return out, err
	}
}

// moved is the ARN of an entity after the update that the input asks for.
func moved(in any, member, from string) string {
	parts := strings.SplitN(from, ":", 6)
	kind, rest, _ := strings.Cut(parts[5], "/")
	slash := strings.LastIndexByte(rest, '/') + 1
	path, name := "/"+rest[:slash], rest[slash:]
	if to := stringMember(in, "NewPath"); to != "" {
		path = to
	}
	if to := stringMember(in, "New"+member); to != "" {
		name = to
	}
	return arn.IAM(parts[4], kind, path, name)
}

// boundaryActions are the operations for which AWS offers the boundary of the
// user or role as iam:PermissionsBoundary (service authorization reference of
// IAM). Those that set a boundary have the new one there, from their row.
var boundaryActions = []string{
	"AttachRolePolicy", "AttachUserPolicy", "DetachRolePolicy", "DetachUserPolicy", "PutRolePolicy", "PutUserPolicy",
	"DeleteRolePolicy", "DeleteUserPolicy", "DeleteRolePermissionsBoundary", "DeleteUserPermissionsBoundary",
}

func boundaryKey(operation string, b *iamapi.AttachedPermissionsBoundary) map[string][]string {
	if b == nil || b.PermissionsBoundaryArn == nil || !slices.Contains(boundaryActions, operation) {
		return nil
	}
	return map[string][]string{"iam:permissionsboundary": {*b.PermissionsBoundaryArn}}
}

// resolvePolicy resolves a policy by its ARN, for the tags.
func (s *Service) resolvePolicy(ctx context.Context, in any) ([]op.Resource, error) {
	res := op.Resource{ARN: stringMember(in, "PolicyArn"), Account: op.CallFrom(ctx).Account}
	err := s.directory.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := directory.PolicyByARN(ctx, tx, res.ARN)
		if errors.Is(err, directory.ErrNoEntity) {
			return nil
		}
		if err == nil && e.Account == res.Account {
			res.Tags, res.ID = directory.Tags(e.Doc.Tags), e.ID
		}
		return err
	})
	return []op.Resource{res}, err
}

// resolveDevice resolves an MFA device by its serial number, for the tags.
func (s *Service) resolveDevice(ctx context.Context, in any) ([]op.Resource, error) {
	account := op.CallFrom(ctx).Account
	res := op.Resource{ARN: stringMember(in, "SerialNumber")}
	_, name, found := strings.Cut(res.ARN, ":mfa/")
	if !found {
		return []op.Resource{res}, nil
	}
	err := s.directory.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := directory.Get[iamapi.VirtualMFADevice](ctx, tx, account, directory.MFA, name)
		if errors.Is(err, directory.ErrNoEntity) || (err == nil && e.Doc.SerialNumber != res.ARN) {
			return nil
		}
		if err == nil {
			res.Account, res.Tags, res.ID = account, directory.Tags(e.Doc.Tags), e.ID
		}
		return err
	})
	return []op.Resource{res}, err
}

// resolveProvider resolves an OpenID Connect provider by its ARN, or by the
// address of one that is to be made.
func (s *Service) resolveProvider(ctx context.Context, in any) ([]op.Resource, error) {
	account := op.CallFrom(ctx).Account
	res := op.Resource{ARN: stringMember(in, "OpenIDConnectProviderArn")}
	if res.ARN == "" {
		return []op.Resource{{ARN: oidc.ARN(account, stringMember(in, "Url")), Account: account}}, nil
	}
	err := s.directory.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := oidc.Find(ctx, tx, account, oidc.NameOf(res.ARN))
		if errors.Is(err, directory.ErrNoEntity) || (err == nil && oidc.ARN(account, *e.Doc.Url) != res.ARN) {
			return nil
		}
		if err == nil {
			res.Account, res.Tags, res.ID = account, directory.Tags(e.Doc.Tags), e.ID
		}
		return err
	})
	return []op.Resource{res}, err
}

// resolveSelf resolves the calling user for a change of its own password, which
// an account may allow to all its users. That grant names everyone, so that
// boundaries and denials still hold.
func (s *Service) resolveSelf(ctx context.Context, _ any) ([]op.Resource, error) {
	call := op.CallFrom(ctx)
	res := op.Resource{ARN: call.Principal.ARN, Account: call.Account}
	err := s.directory.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := password.UsersChangeTheirs(ctx, tx, call.Account)
		if all && call.Principal.Type == op.User {
			res.Policy = everybodyChanges
		}
		return err
	})
	return []op.Resource{res}, err
}

// everybodyChanges is AllowUsersToChangePassword as a policy of the user.
var everybodyChanges = func() *policy.Policy {
	p, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"iam:ChangePassword","Resource":"*"}]}`), policy.Resource)
	if err != nil {
		return policy.Broken(err.Error())
	}
	return p.WithID("AllowUsersToChangePassword")
}()

// resolveTask resolves a deletion task to the service-linked role in its name.
func resolveTask(ctx context.Context, in any) ([]op.Resource, error) {
	account := op.CallFrom(ctx).Account
	path, ok := role.LinkedRoleOf(stringMember(in, "DeletionTaskId"))
	if !ok {
		path = "/*"
	}
	return []op.Resource{{ARN: arn.IAM(account, "role", "/", path[1:]), Account: account}}, nil
}

// resolveKey resolves an access key to its user.
func (s *Service) resolveKey(ctx context.Context, in any) ([]op.Resource, error) {
	call := op.CallFrom(ctx)
	res := op.Resource{ARN: arn.IAM(call.Account, "user", "/", "*"), Account: call.Account}
	err := s.directory.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		key, err := s.directory.FindKey(ctx, tx, stringMember(in, "AccessKeyId"))
		if errors.Is(err, directory.ErrNoKey) || (err == nil && (key.Account != call.Account || key.Owner == key.Account)) {
			return nil
		}
		if err != nil {
			return err
		}
		u, err := directory.GetByID[iamapi.User](ctx, tx, key.Owner)
		if err == nil {
			res.ARN, res.Tags, res.ID = u.Doc.Arn, directory.Tags(u.Doc.Tags), u.ID
		}
		return err
	})
	return []op.Resource{res}, err
}

// stringMember reads a string member of an input, "" when it has none.
func stringMember(in any, name string) string {
	v := reflect.Indirect(reflect.ValueOf(in)).FieldByName(name)
	if v.IsValid() && v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() != reflect.String {
		return ""
	}
	return v.String()
}
