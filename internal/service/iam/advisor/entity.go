package advisor

import (
	"context"
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/managed"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// source is one policy that gives rights, and who has it.
type source struct {
	grant iamapi.PolicyGrantingServiceAccess
	text  string
}

// subject is what a report is about: whose policies count, and whose calls.
type subject struct {
	sources []source
	callers []iamapi.EntityInfo // users and roles
}

// find reads the user, group, role or policy that an ARN names.
func find(ctx context.Context, tx *db.Tx, arn string) (*subject, error) {
	account := op.CallFrom(ctx).Account
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[2] != "iam" || (parts[4] != account && parts[4] != "aws") {
		return nil, invalidARN(arn)
	}
	kind, _, _ := strings.Cut(parts[5], "/")
	name := parts[5][strings.LastIndexByte(parts[5], '/')+1:]
	s := &subject{}
	switch kind {
	case "user":
		return s, s.addUser(ctx, tx, name, arn, true)
	case "role":
		return s, s.addRole(ctx, tx, name, arn)
	case "group":
		return s, s.addGroup(ctx, tx, name, arn)
	case "policy":
		return s, s.addPolicy(ctx, tx, arn)
	}
	return nil, invalidARN(arn)
}

func invalidARN(arn string) error {
	return &iamapi.InvalidInputException{Message: "Invalid Entity Arn: " + arn + " does not clearly define entity type and name."}
}

// meant refuses an entity of another path or letter case: the decision was about
// the ARN as it was written.
func meant(got, arn string, kind directory.Kind, name string) error {
	if got != arn {
		return terms.NoSuch(kind, name)
	}
	return nil
}

func (s *subject) addUser(ctx context.Context, tx *db.Tx, name, arn string, withGroups bool) error {
	e, err := terms.Find[iamapi.User](ctx, tx, directory.User, name)
	if err != nil {
		return err
	}
	if err := meant(e.Doc.Arn, arn, directory.User, name); err != nil {
		return err
	}
	s.callers = append(s.callers, iamapi.EntityInfo{Arn: arn, Name: e.Doc.UserName, Type: "USER", Id: e.ID, Path: &e.Doc.Path})
	if err := s.addPolicies(ctx, tx, e.ID, "USER", e.Doc.UserName); err != nil || !withGroups {
		return err
	}
	groups, err := directory.GroupsOf(ctx, tx, e.ID)
	for _, id := range groups {
		g, err := directory.GetByID[iamapi.Group](ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.addPolicies(ctx, tx, id, "GROUP", g.Doc.GroupName); err != nil {
			return err
		}
	}
	return err
}

func (s *subject) addRole(ctx context.Context, tx *db.Tx, name, arn string) error {
	e, err := terms.Find[iamapi.Role](ctx, tx, directory.Role, name)
	if err != nil {
		return err
	}
	if err := meant(e.Doc.Arn, arn, directory.Role, name); err != nil {
		return err
	}
	s.callers = append(s.callers, iamapi.EntityInfo{Arn: arn, Name: e.Doc.RoleName, Type: "ROLE", Id: e.ID, Path: &e.Doc.Path})
	return s.addPolicies(ctx, tx, e.ID, "ROLE", e.Doc.RoleName)
}

func (s *subject) addGroup(ctx context.Context, tx *db.Tx, name, arn string) error {
	e, err := terms.Find[iamapi.Group](ctx, tx, directory.Group, name)
	if err != nil {
		return err
	}
	if err := meant(e.Doc.Arn, arn, directory.Group, name); err != nil {
		return err
	}
	if err := s.addPolicies(ctx, tx, e.ID, "GROUP", e.Doc.GroupName); err != nil {
		return err
	}
	members, err := directory.MembersOf(ctx, tx, e.ID)
	if err != nil {
		return err
	}
	return s.addCallers(ctx, tx, members)
}

func (s *subject) addPolicy(ctx context.Context, tx *db.Tx, arn string) error {
	text, err := directory.ManagedText(ctx, tx, arn)
	if errors.Is(err, directory.ErrNoEntity) {
		return terms.NoSuchText("Policy %s was not found.", arn)
	}
	if err != nil {
		return err
	}
	s.sources = append(s.sources, managedSource(arn, text))
	holders, err := directory.HoldersOf(ctx, tx, op.CallFrom(ctx).Account, arn)
	if err != nil {
		return err
	}
	var callers []string
	for _, id := range holders {
		if !strings.HasPrefix(id, "AGPA") {
			callers = append(callers, id)
			continue
		}
		members, err := directory.MembersOf(ctx, tx, id)
		if err != nil {
			return err
		}
		callers = append(callers, members...)
	}
	return s.addCallers(ctx, tx, callers)
}

// addCallers adds users and roles by their ids, each once.
func (s *subject) addCallers(ctx context.Context, tx *db.Tx, ids []string) error {
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		info, err := callerInfo(ctx, tx, id)
		if err != nil {
			return err
		}
		s.callers = append(s.callers, info)
	}
	return nil
}

func callerInfo(ctx context.Context, tx *db.Tx, id string) (iamapi.EntityInfo, error) {
	if strings.HasPrefix(id, "AROA") {
		e, err := directory.GetByID[iamapi.Role](ctx, tx, id)
		if err != nil {
			return iamapi.EntityInfo{}, err
		}
		return iamapi.EntityInfo{Arn: e.Doc.Arn, Name: e.Doc.RoleName, Type: "ROLE", Id: id, Path: &e.Doc.Path}, nil
	}
	e, err := directory.GetByID[iamapi.User](ctx, tx, id)
	if err != nil {
		return iamapi.EntityInfo{}, err
	}
	return iamapi.EntityInfo{Arn: e.Doc.Arn, Name: e.Doc.UserName, Type: "USER", Id: id, Path: &e.Doc.Path}, nil
}

// addPolicies adds what is attached to and part of a user, group or role.
func (s *subject) addPolicies(ctx context.Context, tx *db.Tx, id, ownerType, ownerName string) error {
	inline, err := directory.InlineOf(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, p := range inline {
		s.sources = append(s.sources, source{
			iamapi.PolicyGrantingServiceAccess{PolicyName: p.Name, PolicyType: "INLINE", EntityType: &ownerType, EntityName: &ownerName}, p.Document,
		})
	}
	arns, err := directory.AttachedTo(ctx, tx, id)
	for _, arn := range arns {
		text, err := directory.ManagedText(ctx, tx, arn)
		if err != nil {
			return err
		}
		s.sources = append(s.sources, managedSource(arn, text))
	}
	return err
}

func managedSource(arn, text string) source {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	if m, ok := managed.Lookup(arn); ok {
		name = m.Name()
	}
	return source{iamapi.PolicyGrantingServiceAccess{PolicyName: name, PolicyType: "MANAGED", PolicyArn: &arn}, text}
}
