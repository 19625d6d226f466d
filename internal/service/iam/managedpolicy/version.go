package managedpolicy

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/managed"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

func sortByARN(list []iamapi.Policy) {
	sort.Slice(list, func(i, j int) bool { return *list[i].Arn < *list[j].Arn })
}

// CreatePolicyVersion adds a version, of which there may be five.
func (p *Policies) CreatePolicyVersion(ctx context.Context, in *iamapi.CreatePolicyVersionInput) (*iamapi.CreatePolicyVersionOutput, error) {
	if err := terms.CheckPolicy(in.PolicyDocument, policy.Identity, policy.LimitManaged); err != nil {
		return nil, err
	}
	var made directory.Version
	err := p.change(ctx, in.PolicyArn, func(ctx context.Context, tx *db.Tx, e *entity) error {
		versions, err := directory.Versions(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		if len(versions) >= terms.MaxVersions {
			return &iamapi.LimitExceededException{Message: "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."}
		}
		now := op.Millis(clock.Millis(tx.Now()))
		number, err := nextVersion(e, versions)
		if err != nil {
			return err
		}
		made = directory.Version{Number: number, Default: in.SetAsDefault != nil && *in.SetAsDefault, Created: now, Document: in.PolicyDocument}
		e.Doc.UpdateDate = &now
		if made.Default {
			e.Doc.DefaultVersionId = new(versionID(made.Number))
		}
		return directory.PutVersion(ctx, tx, e.Account, e.ID, made)
	})
	if err != nil {
		return nil, err
	}
	return &iamapi.CreatePolicyVersionOutput{PolicyVersion: shown(made, false)}, nil
}

// nextVersion is one more than the highest version there is; version numbers
// of the newest are used again only after it was deleted.
func nextVersion(_ *entity, versions []directory.Version) (int64, error) {
	if len(versions) == 0 {
		return 0, errors.New("managedpolicy: a policy without versions")
	}
	return versions[0].Number + 1, nil
}

func versionID(number int64) string { return "v" + strconv.FormatInt(number, 10) }

// shown is a version as the API shows it, its text percent-encoded.
func shown(v directory.Version, text bool) *iamapi.PolicyVersion {
	out := &iamapi.PolicyVersion{VersionId: new(versionID(v.Number)), IsDefaultVersion: &v.Default, CreateDate: &v.Created}
	if text {
		out.Document = new(terms.Escape(v.Document))
	}
	return out
}

// find picks a version by its id.
func find(versions []directory.Version, policyARN, id string) (directory.Version, error) {
	for _, v := range versions {
		if versionID(v.Number) == id {
			return v, nil
		}
	}
	return directory.Version{}, terms.NoSuchText("Policy %s version %s does not exist or is not attachable.", policyARN, id)
}

// GetPolicyVersion reads the text of a version.
func (p *Policies) GetPolicyVersion(ctx context.Context, in *iamapi.GetPolicyVersionInput) (*iamapi.GetPolicyVersionOutput, error) {
	out := &iamapi.GetPolicyVersionOutput{}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		versions, err := versionsOf(ctx, tx, in.PolicyArn)
		if err != nil {
			return err
		}
		v, err := find(versions, in.PolicyArn, in.VersionId)
		out.PolicyVersion = shown(v, true)
		return err
	})
}

// versionsOf lists the versions of any managed policy, newest first. Of AWS's
// the mirror holds the newest.
func versionsOf(ctx context.Context, tx *db.Tx, policyARN string) ([]directory.Version, error) {
	if m, ok := managed.Lookup(policyARN); ok {
		number, err := strconv.ParseInt(strings.TrimPrefix(m.Version, "v"), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("version of %s: %w", policyARN, err)
		}
		return []directory.Version{{Number: number, Default: true, Created: op.Millis(clock.Millis(m.Updated)), Document: string(m.Document)}}, nil
	}
	e, err := own(ctx, tx, policyARN)
	if err != nil {
		return nil, err
	}
	return directory.Versions(ctx, tx, e.ID)
}

// ListPolicyVersions lists the versions, newest first, without their texts.
func (p *Policies) ListPolicyVersions(ctx context.Context, in *iamapi.ListPolicyVersionsInput) (*iamapi.ListPolicyVersionsOutput, error) {
	out := &iamapi.ListPolicyVersionsOutput{Versions: []iamapi.PolicyVersion{}, IsTruncated: new(false)}
	return out, p.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		versions, err := versionsOf(ctx, tx, in.PolicyArn)
		for _, v := range versions {
			out.Versions = append(out.Versions, *shown(v, false))
		}
		return err
	})
}

// SetDefaultPolicyVersion puts another version into force.
func (p *Policies) SetDefaultPolicyVersion(ctx context.Context, in *iamapi.SetDefaultPolicyVersionInput) (*iamapi.SetDefaultPolicyVersionOutput, error) {
	return nil, p.change(ctx, in.PolicyArn, func(ctx context.Context, tx *db.Tx, e *entity) error {
		versions, err := directory.Versions(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		v, err := find(versions, in.PolicyArn, in.VersionId)
		if err != nil {
			return err
		}
		v.Default = true
		e.Doc.DefaultVersionId = &in.VersionId
		return directory.PutVersion(ctx, tx, e.Account, e.ID, v)
	})
}

// DeletePolicyVersion removes a version that is not in force.
func (p *Policies) DeletePolicyVersion(ctx context.Context, in *iamapi.DeletePolicyVersionInput) (*iamapi.DeletePolicyVersionOutput, error) {
	return nil, p.change(ctx, in.PolicyArn, func(ctx context.Context, tx *db.Tx, e *entity) error {
		versions, err := directory.Versions(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		v, err := find(versions, in.PolicyArn, in.VersionId)
		if err != nil {
			return err
		}
		if v.Default {
			return terms.Conflict("Cannot delete the default version of a policy.")
		}
		return directory.DeleteVersion(ctx, tx, e.Account, e.ID, v.Number)
	})
}
