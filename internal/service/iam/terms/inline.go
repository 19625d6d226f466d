package terms

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
)

// Holder is the user, group or role whose policies an operation is about.
type Holder struct {
	Kind directory.Kind
	Name string
	ID   string
}

// HolderOf finds the holder of policies.
func HolderOf[T any](ctx context.Context, tx *db.Tx, kind directory.Kind, name string) (Holder, error) {
	e, err := Find[T](ctx, tx, kind, name)
	if err != nil {
		return Holder{}, err
	}
	return Holder{kind, name, e.ID}, nil
}

var inlineLimits = map[directory.Kind]int{
	directory.User: policy.LimitUserInline, directory.Group: policy.LimitGroupInline, directory.Role: policy.LimitRoleInline,
}

// PutInline checks and stores an inline policy. The limit is on the sum of all
// inline policies of the holder.
func PutInline(ctx context.Context, tx *db.Tx, h Holder, in directory.Inline) error {
	if err := CheckPolicy(in.Document, policy.Identity, policy.MaxTextBytes); err != nil {
		return err
	}
	have, err := directory.InlineOf(ctx, tx, h.ID)
	if err != nil {
		return err
	}
	sum := policy.Size([]byte(in.Document))
	for _, other := range have {
		if other.Name != in.Name {
			sum += policy.Size([]byte(other.Document))
		}
	}
	if limit := inlineLimits[h.Kind]; sum > limit {
		return &iamapi.LimitExceededException{Message: "Maximum policy size of " + itoa(limit) + " bytes exceeded for " + string(h.Kind) + " " + h.Name}
	}
	return directory.PutInline(ctx, tx, op.CallFrom(ctx).Account, h.ID, in)
}

// GetInline reads one inline policy.
func GetInline(ctx context.Context, tx *db.Tx, h Holder, name string) (directory.Inline, error) {
	all, err := directory.InlineOf(ctx, tx, h.ID)
	if err != nil {
		return directory.Inline{}, err
	}
	for _, in := range all {
		if in.Name == name {
			return in, nil
		}
	}
	return directory.Inline{}, noInline(h, name)
}

// DeleteInline removes one inline policy.
func DeleteInline(ctx context.Context, tx *db.Tx, h Holder, name string) error {
	err := directory.DeleteInline(ctx, tx, op.CallFrom(ctx).Account, h.ID, name)
	if errors.Is(err, directory.ErrNoEntity) {
		return noInline(h, name)
	}
	return err
}

func noInline(h Holder, name string) error {
	return NoSuchText("The %s policy with name %s cannot be found.", h.Kind, name)
}

// ListInline pages the names of the inline policies.
func ListInline(ctx context.Context, tx *db.Tx, h Holder, p Page) (names []string, next string, err error) {
	all, err := directory.InlineOf(ctx, tx, h.ID)
	if err != nil {
		return nil, "", err
	}
	names = make([]string, 0, len(all))
	for _, in := range all {
		names = append(names, in.Name)
	}
	names, next = Cut(names, p, func(s string) string { return s })
	if names == nil {
		names = []string{}
	}
	return names, next, nil
}

// Attach attaches a managed policy to the holder.
func Attach(ctx context.Context, tx *db.Tx, h Holder, arn string) error {
	if _, err := Managed(ctx, tx, arn); err != nil {
		return err
	}
	have, err := directory.AttachedTo(ctx, tx, h.ID)
	if err != nil {
		return err
	}
	for _, a := range have {
		if a == arn {
			return nil
		}
	}
	if len(have) >= MaxAttached {
		return Limit("PoliciesPer"+title(h.Kind), MaxAttached)
	}
	return directory.Attach(ctx, tx, op.CallFrom(ctx).Account, h.ID, arn)
}

// Detach removes a managed policy from the holder.
func Detach(ctx context.Context, tx *db.Tx, h Holder, arn string) error {
	err := directory.Detach(ctx, tx, op.CallFrom(ctx).Account, h.ID, arn)
	if errors.Is(err, directory.ErrNoEntity) {
		return NoSuchText("Policy %s was not found.", arn)
	}
	return err
}

// ListAttached pages the managed policies of the holder.
func ListAttached(ctx context.Context, tx *db.Tx, h Holder, p Page) (list []iamapi.AttachedPolicy, next string, err error) {
	arns, err := directory.AttachedTo(ctx, tx, h.ID)
	if err != nil {
		return nil, "", err
	}
	arns, next = Cut(arns, p, func(s string) string { return s })
	list = []iamapi.AttachedPolicy{}
	for _, arn := range arns {
		name := arn[lastSlash(arn)+1:]
		list = append(list, iamapi.AttachedPolicy{PolicyName: &name, PolicyArn: &arn})
	}
	return list, next, nil
}

// Bare fails when the holder still has policies, as deletes do.
func Bare(ctx context.Context, tx *db.Tx, h Holder) error {
	attached, err := directory.AttachedTo(ctx, tx, h.ID)
	if err != nil {
		return err
	}
	if len(attached) > 0 {
		return Conflict("Cannot delete entity, must detach all policies first.")
	}
	inline, err := directory.InlineOf(ctx, tx, h.ID)
	if err != nil {
		return err
	}
	if len(inline) > 0 {
		return Conflict("Cannot delete entity, must delete policies first.")
	}
	return nil
}
