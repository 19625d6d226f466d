// Package value answers the operations on the values of secrets and their versions.
package value

import (
	"cmp"
	"context"
	"errors"
	"slices"

	api "github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/directory"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/terms"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/vault"
)

// Values answers the operations.
type Values struct {
	Directory  *directory.Directory
	Vault      *vault.Vault
	Authorizer op.Authorizer
	Pages      terms.Pages
	NewID      func() string // for versions whose request has no token
	// Matching lists the secrets of the caller's account that filters let through.
	Matching func(ctx context.Context, filters []api.Filter) ([]*directory.Secret, error)
}

// GetSecretValue decrypts a version: by its id, by a label, by default the current one.
func (v *Values) GetSecretValue(ctx context.Context, in *api.GetSecretValueInput) (*api.GetSecretValueOutput, error) {
	s, err := v.Directory.Target(ctx)
	if err != nil {
		return nil, err
	}
	return v.read(ctx, s, in.VersionId, in.VersionStage)
}

func (v *Values) read(ctx context.Context, s *directory.Secret, id, stage *string) (*api.GetSecretValueOutput, error) {
	if err := s.CheckKept(); err != nil {
		return nil, err
	}
	version, err := meant(s, id, stage)
	if err != nil {
		return nil, err
	}
	c, err := v.Vault.Open(ctx, s, version)
	if err != nil {
		return nil, err
	}
	return &api.GetSecretValueOutput{
		ARN: s.Meta.ARN, Name: s.Meta.Name, VersionId: &version.ID, VersionStages: version.Stages,
		SecretString: c.String, SecretBinary: c.Binary, CreatedDate: new(op.Millis(version.Created)),
	}, nil
}

func meant(s *directory.Secret, id, stage *string) (*directory.Version, error) {
	if id == nil {
		label := directory.Current
		if stage != nil {
			label = *stage
		}
		if found := s.Staged(label); found != nil {
			return found, nil
		}
		return nil, terms.NotFound("Secrets Manager can't find the specified secret value for staging label: %s", label)
	}
	found := s.Find(*id)
	switch {
	case found == nil:
		return nil, terms.NotFound("Secrets Manager can't find the specified secret value for VersionId: %s", *id)
	case stage != nil && !slices.Contains(found.Stages, *stage):
		return nil, terms.Request("You provided a VersionStage that is not associated to the provided VersionId.")
	}
	return found, nil
}

// PutSecretValue adds a version.
func (v *Values) PutSecretValue(ctx context.Context, in *api.PutSecretValueInput) (*api.PutSecretValueOutput, error) {
	content, err := vault.ContentOf(in.SecretString, in.SecretBinary)
	switch {
	case err != nil:
		return nil, err
	case content == nil:
		return nil, terms.Parameter("You must provide either SecretString or SecretBinary.")
	case in.RotationToken != nil:
		return nil, terms.Unsupported("the member RotationToken")
	}
	c := vault.Change{Content: content, Stages: in.VersionStages, Token: v.NewID()}
	if in.ClientRequestToken != nil {
		c.Token = *in.ClientRequestToken
	}
	if len(c.Stages) == 0 {
		c.Stages = []string{directory.Current}
	}
	s, err := v.Vault.Store(ctx, c)
	if err != nil {
		return nil, err
	}
	return &api.PutSecretValueOutput{ARN: s.Meta.ARN, Name: s.Meta.Name, VersionId: &c.Token, VersionStages: s.Find(c.Token).Stages}, nil
}

// UpdateSecretVersionStage moves a label, or takes it away.
func (v *Values) UpdateSecretVersionStage(ctx context.Context, in *api.UpdateSecretVersionStageInput) (*api.UpdateSecretVersionStageOutput, error) {
	out := &api.UpdateSecretVersionStageOutput{}
	err := v.Directory.Change(ctx, func(_ context.Context, _ *db.Tx, s *directory.Secret) error {
		if err := s.CheckKept(); err != nil {
			return err
		}
		if err := checkMove(s, in); err != nil {
			return err
		}
		to := ""
		if in.MoveToVersionId != nil {
			to = *in.MoveToVersionId
		}
		vault.Move(s, in.VersionStage, to)
		out.ARN, out.Name = s.Meta.ARN, s.Meta.Name
		return nil
	})
	return out, err
}

func checkMove(s *directory.Secret, in *api.UpdateSecretVersionStageInput) error {
	from, to, holder := in.RemoveFromVersionId, in.MoveToVersionId, s.Staged(in.VersionStage)
	for _, id := range []*string{from, to} {
		if id != nil && s.Find(*id) == nil {
			return terms.NotFound("Secrets Manager can't find the specified secret value for VersionId: %s", *id)
		}
	}
	switch {
	case from == nil && to == nil:
		return terms.Parameter("You must specify RemoveFromVersionId, MoveToVersionId, or both.")
	case from != nil && (holder == nil || holder.ID != *from):
		return terms.Parameter("Staging label %s is not attached to version %s.", in.VersionStage, *from)
	case to == nil && in.VersionStage == directory.Current:
		return terms.Parameter("You can only move staging label %s to a different secret version. It can't be completely removed.", directory.Current)
	case from == nil && holder != nil && holder.ID != *to:
		return terms.Parameter("The parameter RemoveFromVersionId can't be empty. Staging label %s is currently attached to version %s, "+
			"so you must explicitly reference that version in RemoveFromVersionId.", in.VersionStage, holder.ID)
	}
	return nil
}

// ListSecretVersionIds lists the versions of a secret; those without labels only when asked.
func (v *Values) ListSecretVersionIds(ctx context.Context, in *api.ListSecretVersionIdsInput) (*api.ListSecretVersionIdsOutput, error) {
	s, err := v.Directory.Target(ctx)
	if err != nil {
		return nil, err
	}
	call, scope := op.CallFrom(ctx), []any{in.SecretId, in.IncludeDeprecated}
	after, err := v.Pages.After(call, scope, in.NextToken)
	if err != nil {
		return nil, err
	}
	versions := slices.DeleteFunc(slices.Clone(s.Versions), func(x directory.Version) bool {
		return len(x.Stages) == 0 && (in.IncludeDeprecated == nil || !*in.IncludeDeprecated)
	})
	slices.SortFunc(versions, func(a, b directory.Version) int { return cmp.Compare(a.ID, b.ID) })
	cut, next := terms.Cut(versions, after, in.MaxResults, 100, func(x directory.Version) string { return x.ID })
	out := &api.ListSecretVersionIdsOutput{ARN: s.Meta.ARN, Name: s.Meta.Name, Versions: []api.SecretVersionsListEntry{}}
	for _, x := range cut {
		entry := api.SecretVersionsListEntry{VersionId: &x.ID, CreatedDate: new(op.Millis(x.Created)), KmsKeyIds: []string{x.Key}}
		if entry.VersionStages = x.Stages; s.Meta.KmsKeyId == nil {
			entry.KmsKeyIds = []string{"DefaultEncryptionKey"}
		}
		out.Versions = append(out.Versions, entry)
	}
	if next != "" {
		out.NextToken, err = v.Pages.Next(call, scope, next)
	}
	return out, err
}

// BatchGetSecretValue reads the current versions of several secrets. Each is decided like
// GetSecretValue; what fails is in Errors.
func (v *Values) BatchGetSecretValue(ctx context.Context, in *api.BatchGetSecretValueInput) (*api.BatchGetSecretValueOutput, error) {
	ids, next, err := v.batch(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &api.BatchGetSecretValueOutput{SecretValues: []api.SecretValueEntry{}, Errors: []api.APIErrorType{}, NextToken: next}
	for _, id := range ids {
		got, err := v.one(ctx, id)
		if err == nil {
			out.SecretValues = append(out.SecretValues, api.SecretValueEntry(*got))
			continue
		}
		failed, err := failure(id, err)
		if err != nil {
			return nil, err
		}
		out.Errors = append(out.Errors, *failed)
	}
	return out, nil
}

// batch are the secrets that are meant: those named, or a page of those that filters let through.
func (v *Values) batch(ctx context.Context, in *api.BatchGetSecretValueInput) (ids []string, next *string, err error) {
	switch {
	case len(in.SecretIdList) > 0 && len(in.Filters) > 0 || len(in.SecretIdList) == 0 && len(in.Filters) == 0:
		return nil, nil, terms.Parameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
	case len(in.SecretIdList) > 0 && (in.MaxResults != nil || in.NextToken != nil):
		return nil, nil, terms.Parameter("'MaxResults' and 'NextToken' can only be used with 'Filters'.")
	case len(in.SecretIdList) > 0:
		return in.SecretIdList, nil, nil
	}
	if err := v.Authorizer.Check(ctx, op.Access{Action: "secretsmanager:ListSecrets", Resource: op.Resource{ARN: "*"}}); err != nil {
		return nil, nil, err
	}
	call := op.CallFrom(ctx)
	after, err := v.Pages.After(call, in.Filters, in.NextToken)
	if err != nil {
		return nil, nil, err
	}
	all, err := v.Matching(ctx, in.Filters)
	if err != nil {
		return nil, nil, err
	}
	cut, position := terms.Cut(all, after, in.MaxResults, 20, func(s *directory.Secret) string { return *s.Meta.ARN })
	for _, s := range cut {
		ids = append(ids, *s.Meta.ARN)
	}
	if position != "" {
		next, err = v.Pages.Next(call, in.Filters, position)
	}
	return ids, next, err
}

func (v *Values) one(ctx context.Context, id string) (*api.GetSecretValueOutput, error) {
	r, err := v.Directory.Resource(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := v.Authorizer.Check(ctx, op.Access{Action: "secretsmanager:GetSecretValue", Resource: r}); err != nil {
		return nil, err
	}
	if r.ID == "" {
		return nil, terms.NoSecret()
	}
	s, err := v.Directory.Lookup(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return v.read(ctx, s, nil, nil)
}

// failure is how one secret of a batch failed. What is not the caller's fault fails the whole.
func failure(id string, err error) (*api.APIErrorType, error) {
	var said op.Error
	var denied *op.Denied
	switch {
	case errors.As(err, &said) && !said.ServerFault():
		return &api.APIErrorType{SecretId: &id, ErrorCode: new(said.ErrorCode()), Message: new(said.ErrorMessage())}, nil
	case errors.As(err, &denied):
		return &api.APIErrorType{SecretId: &id, ErrorCode: new("AccessDeniedException"), Message: &denied.Message}, nil
	}
	return nil, err
}
