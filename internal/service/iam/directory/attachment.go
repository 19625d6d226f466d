package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
)

// Inline is a policy that is part of its user, group or role.
type Inline struct{ Name, Document string }

// Version is one version of a customer's managed policy.
type Version struct {
	Number   int64
	Default  bool
	Created  op.Millis
	Document string
}

// strings1 reads rows of one text column.
func strings1(ctx context.Context, tx *db.Tx, query string, args ...any) ([]string, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// GroupsOf lists the ids of the groups that a user belongs to.
func GroupsOf(ctx context.Context, tx *db.Tx, userID string) ([]string, error) {
	return strings1(ctx, tx, `SELECT group_id FROM iam_member WHERE user_id = ? ORDER BY group_id`, userID)
}

// MembersOf lists the ids of a group's users.
func MembersOf(ctx context.Context, tx *db.Tx, groupID string) ([]string, error) {
	return strings1(ctx, tx, `SELECT user_id FROM iam_member WHERE group_id = ? ORDER BY user_id`, groupID)
}

// AddMember puts a user into a group; it is no error when it is there already.
func AddMember(ctx context.Context, tx *db.Tx, account, groupID, userID string) error {
	n, err := tx.Exec(ctx, `INSERT INTO iam_member (group_id, user_id) VALUES (?, ?) ON CONFLICT (group_id, user_id) DO NOTHING`, groupID, userID)
	if err != nil || n == 0 {
		return err
	}
	return recordLink(ctx, tx, account, "iam:member", groupID+"/"+userID, true)
}

// RemoveMember takes a user out of a group. The error is ErrNoEntity.
func RemoveMember(ctx context.Context, tx *db.Tx, account, groupID, userID string) error {
	n, err := tx.Exec(ctx, `DELETE FROM iam_member WHERE group_id = ? AND user_id = ?`, groupID, userID)
	if err == nil && n == 0 {
		return ErrNoEntity
	}
	if err != nil {
		return err
	}
	return recordLink(ctx, tx, account, "iam:member", groupID+"/"+userID, false)
}

// AttachedTo lists the ARNs of the managed policies attached to an owner.
func AttachedTo(ctx context.Context, tx *db.Tx, owner string) ([]string, error) {
	return strings1(ctx, tx, `SELECT policy_arn FROM iam_attachment WHERE owner = ? ORDER BY policy_arn`, owner)
}

// HoldersOf lists the ids of the entities of an account that a policy is attached to.
func HoldersOf(ctx context.Context, tx *db.Tx, account, arn string) ([]string, error) {
	return strings1(ctx, tx, `SELECT owner FROM iam_attachment WHERE account = ? AND policy_arn = ? ORDER BY owner`, account, arn)
}

// IsBoundary reports whether a policy is the permissions boundary of a user or
// role of its account.
func IsBoundary(ctx context.Context, tx *db.Tx, account, arn string) (bool, error) {
	ids, err := BoundedBy(ctx, tx, account, arn)
	return len(ids) > 0, err
}

// BoundedBy lists the ids of the users and roles of an account whose permissions
// boundary a policy is.
func BoundedBy(ctx context.Context, tx *db.Tx, account, arn string) ([]string, error) {
	all, err := boundaries(ctx, tx, account)
	var out []string
	for _, b := range all {
		if b.arn == arn {
			out = append(out, b.id)
		}
	}
	return out, err
}

// BoundaryUses counts, by the policy's ARN, who of an account is bounded by it.
func BoundaryUses(ctx context.Context, tx *db.Tx, account string) (map[string]int, error) {
	all, err := boundaries(ctx, tx, account)
	out := map[string]int{}
	for _, b := range all {
		out[b.arn]++
	}
	return out, err
}

type boundary struct{ id, arn string }

// boundaries lists who is bounded by what, in the order of the ids.
func boundaries(ctx context.Context, tx *db.Tx, account string) ([]boundary, error) {
	ids, err := strings1(ctx, tx, `SELECT id FROM iam_entity WHERE account = ? AND kind IN (?, ?) ORDER BY id`, account, string(User), string(Role))
	if err != nil {
		return nil, err
	}
	var out []boundary
	for _, id := range ids {
		e, err := GetByID[bounded](ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if b := e.Doc.PermissionsBoundary; b != nil && b.PermissionsBoundaryArn != nil {
			out = append(out, boundary{id, *b.PermissionsBoundaryArn})
		}
	}
	return out, nil
}

// PoliciesInUse lists the ARNs that begin with a prefix of the managed policies
// that somebody in an account has, or is bounded by, in order.
func PoliciesInUse(ctx context.Context, tx *db.Tx, account, prefix string) ([]string, error) {
	arns, err := strings1(ctx, tx, `SELECT DISTINCT policy_arn FROM iam_attachment WHERE account = ?`, account)
	if err != nil {
		return nil, err
	}
	limits, err := boundaries(ctx, tx, account)
	for _, b := range limits {
		arns = append(arns, b.arn)
	}
	arns = slices.DeleteFunc(arns, func(arn string) bool { return !strings.HasPrefix(arn, prefix) })
	slices.Sort(arns)
	return slices.Compact(arns), err
}

// bounded is what users and roles have in common here.
type bounded struct {
	PermissionsBoundary *iamapi.AttachedPermissionsBoundary
}

// Attach attaches a managed policy; it is no error when it is attached already.
func Attach(ctx context.Context, tx *db.Tx, account, owner, arn string) error {
	n, err := tx.Exec(ctx, `INSERT INTO iam_attachment (owner, policy_arn, account) VALUES (?, ?, ?)
		ON CONFLICT (owner, policy_arn) DO NOTHING`, owner, arn, account)
	if err != nil || n == 0 {
		return err
	}
	return recordLink(ctx, tx, account, "iam:attachment", owner+"/"+arn, true)
}

// Detach removes an attachment. The error is ErrNoEntity.
func Detach(ctx context.Context, tx *db.Tx, account, owner, arn string) error {
	n, err := tx.Exec(ctx, `DELETE FROM iam_attachment WHERE owner = ? AND policy_arn = ?`, owner, arn)
	if err == nil && n == 0 {
		return ErrNoEntity
	}
	if err != nil {
		return err
	}
	return recordLink(ctx, tx, account, "iam:attachment", owner+"/"+arn, false)
}

// recordLink journals a membership or an attachment.
func recordLink(ctx context.Context, tx *db.Tx, account, kind, key string, made bool) error {
	c := db.Change{Account: account, Kind: kind, Key: []byte(key)}
	if made {
		c.After = []byte{}
	} else {
		c.Before = []byte{}
	}
	return tx.Record(ctx, c)
}

// InlineOf lists the inline policies of an owner in the order of their names.
func InlineOf(ctx context.Context, tx *db.Tx, owner string) ([]Inline, error) {
	rows, err := tx.Query(ctx, `SELECT name, doc FROM iam_inline WHERE owner = ? ORDER BY name`, owner)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []Inline
	for rows.Next() {
		var name string
		var doc []byte
		var in Inline
		if err := rows.Scan(&name, &doc); err != nil {
			return nil, err
		}
		if err := db.Decode(db.At("iam_inline", owner, name), doc, &in); err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	return out, rows.Err()
}

// PutInline stores an inline policy, new or changed.
func PutInline(ctx context.Context, tx *db.Tx, account, owner string, in Inline) error {
	doc, err := db.Encode(db.At("iam_inline", owner, in.Name), in)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO iam_inline (owner, name, doc) VALUES (?, ?, ?)
		ON CONFLICT (owner, name) DO UPDATE SET doc = excluded.doc`, owner, in.Name, doc)
	if err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: account, Kind: "iam:inline-policy", Key: []byte(owner + "/" + in.Name), After: doc})
}

// DeleteInline removes an inline policy. The error is ErrNoEntity.
func DeleteInline(ctx context.Context, tx *db.Tx, account, owner, name string) error {
	n, err := tx.Exec(ctx, `DELETE FROM iam_inline WHERE owner = ? AND name = ?`, owner, name)
	if err == nil && n == 0 {
		return ErrNoEntity
	}
	if err != nil {
		return err
	}
	return recordLink(ctx, tx, account, "iam:inline-policy", owner+"/"+name, false)
}

// PolicyByARN finds a customer's managed policy. The error is ErrNoEntity.
func PolicyByARN(ctx context.Context, tx *db.Tx, arn string) (*Entity[iamapi.Policy], error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || !strings.HasPrefix(parts[5], "policy/") {
		return nil, ErrNoEntity
	}
	e, err := Get[iamapi.Policy](ctx, tx, parts[4], Policy, parts[5][strings.LastIndexByte(parts[5], '/')+1:])
	if err != nil {
		return nil, err
	}
	if e.Doc.Arn == nil || *e.Doc.Arn != arn {
		return nil, ErrNoEntity // same name, another path
	}
	return e, nil
}

// Versions lists the versions of a policy, newest first.
func Versions(ctx context.Context, tx *db.Tx, policyID string) ([]Version, error) {
	rows, err := tx.Query(ctx, `SELECT version, is_default, doc FROM iam_policy_version WHERE policy_id = ? ORDER BY version DESC`, policyID)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []Version
	for rows.Next() {
		var v, row Version
		var doc []byte
		if err := rows.Scan(&row.Number, &row.Default, &doc); err != nil {
			return nil, err
		}
		if err := db.Decode(db.At("iam_policy_version", policyID, row.Number), doc, &v); err != nil {
			return nil, err
		}
		v.Number, v.Default = row.Number, row.Default
		out = append(out, v)
	}
	return out, rows.Err()
}

// DefaultVersion is the version of a policy that is in force.
func DefaultVersion(ctx context.Context, tx *db.Tx, policyID string) (Version, error) {
	all, err := Versions(ctx, tx, policyID)
	for _, v := range all {
		if v.Default {
			return v, nil
		}
	}
	if err != nil {
		return Version{}, err
	}
	return Version{}, errors.New("directory: policy " + policyID + " has no default version")
}

// PutVersion stores a version. When it is the default, the others cease to be.
func PutVersion(ctx context.Context, tx *db.Tx, account, policyID string, v Version) error {
	doc, err := db.Encode(db.At("iam_policy_version", policyID, v.Number), v)
	if err != nil {
		return err
	}
	if v.Default {
		if _, err := tx.Exec(ctx, `UPDATE iam_policy_version SET is_default = ? WHERE policy_id = ?`, false, policyID); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `INSERT INTO iam_policy_version (policy_id, version, is_default, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (policy_id, version) DO UPDATE SET is_default = excluded.is_default`, policyID, v.Number, v.Default, doc)
	if err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: account, Kind: "iam:policy-version", Key: versionKey(policyID, v.Number), After: doc})
}

// DeleteVersion removes a version.
func DeleteVersion(ctx context.Context, tx *db.Tx, account, policyID string, number int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM iam_policy_version WHERE policy_id = ? AND version = ?`, policyID, number)
	if err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: account, Kind: "iam:policy-version", Key: versionKey(policyID, number), Before: []byte{}})
}

func versionKey(policyID string, number int64) []byte {
	return fmt.Appendf(nil, "%s/v%d", policyID, number)
}
