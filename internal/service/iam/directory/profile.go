package directory

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/db"
)

// RoleIn is the id of the role in an instance profile, "" when it is empty.
func RoleIn(ctx context.Context, tx *db.Tx, profileID string) (string, error) {
	var role string
	err := tx.QueryRow(ctx, `SELECT role_id FROM iam_profile_role WHERE profile_id = ?`, profileID).Scan(&role)
	if errors.Is(err, db.ErrNotFound) {
		return "", nil
	}
	return role, err
}

// ProfilesOf lists the ids of the instance profiles that hold a role.
func ProfilesOf(ctx context.Context, tx *db.Tx, roleID string) ([]string, error) {
	return strings1(ctx, tx, `SELECT profile_id FROM iam_profile_role WHERE role_id = ? ORDER BY profile_id`, roleID)
}

// PutRoleIn puts a role into an instance profile. The error is db.ErrExists when
// it holds one already.
func PutRoleIn(ctx context.Context, tx *db.Tx, account, profileID, roleID string) error {
	n, err := tx.Exec(ctx, `INSERT INTO iam_profile_role (profile_id, role_id) VALUES (?, ?) ON CONFLICT (profile_id) DO NOTHING`, profileID, roleID)
	if err == nil && n == 0 {
		return db.ErrExists
	}
	if err != nil {
		return err
	}
	return recordLink(ctx, tx, account, "iam:profile-role", profileID+"/"+roleID, true)
}

// TakeRoleOut takes a role out of an instance profile. The error is ErrNoEntity.
func TakeRoleOut(ctx context.Context, tx *db.Tx, account, profileID, roleID string) error {
	n, err := tx.Exec(ctx, `DELETE FROM iam_profile_role WHERE profile_id = ? AND role_id = ?`, profileID, roleID)
	if err == nil && n == 0 {
		return ErrNoEntity
	}
	if err != nil {
		return err
	}
	return recordLink(ctx, tx, account, "iam:profile-role", profileID+"/"+roleID, false)
}
