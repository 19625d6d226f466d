package iam

import (
	"context"
	"errors"
	"reflect"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
)

// resolvers find the ARNs of entities, whose paths are in the store, and their
// tags. What does not exist has the ARN that it would have at the root path.
func (s *Service) resolvers() map[string]op.Resolver {
	return map[string]op.Resolver{
		"user": byName(s.directory, directory.User, "UserName", func(u *iamapi.User) (string, []iamapi.Tag) { return u.Arn, u.Tags }),
		"group": byName(s.directory, directory.Group, "GroupName", func(g *iamapi.Group) (string, []iamapi.Tag) {
			return g.Arn, nil
		}),
		"role":      byName(s.directory, directory.Role, "RoleName", func(r *iamapi.Role) (string, []iamapi.Tag) { return r.Arn, r.Tags }),
		"policy":    s.resolvePolicy,
		"accessKey": s.resolveKey,
	}
}

// byName resolves an entity by the member that names it. An absent name means
// the calling user.
func byName[T any](d *directory.Directory, kind directory.Kind, member string, about func(*T) (string, []iamapi.Tag)) op.Resolver {
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
			entityARN, tags := about(&e.Doc)
			res.ARN, res.Tags, res.ID = entityARN, directory.Tags(tags), e.ID
			return nil
		})
		return []op.Resource{res}, err
	}
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
