// Package workgroup holds workgroups: where queries put their results and within which
// bounds they run. Every account has the workgroup "primary"; it is a row only once it was
// changed. Making and deleting other ones is not built.
package workgroup

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/athena/terms"
)

// WorkGroups answers the operations about workgroups.
type WorkGroups struct {
	DB    *db.DB
	Pages terms.Pages
}

const table = "athena_workgroup"

// Stored tells fsck where the package keeps documents.
func Stored() []db.StoredTable {
	return []db.StoredTable{{Name: table, KeyColumns: []string{"account", "name"}, Documents: []string{"doc"}}}
}

// Find returns a workgroup of the caller's account.
func (g *WorkGroups) Find(ctx context.Context, name string) (group *athenaapi.WorkGroup, err error) {
	account := op.CallFrom(ctx).Account
	err = g.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		group, err = get(ctx, tx, account, name)
		return err
	})
	return group, err
}

func get(ctx context.Context, tx *db.Tx, account, name string) (*athenaapi.WorkGroup, error) {
	var doc []byte
	err := tx.QueryRow(ctx, `SELECT doc FROM athena_workgroup WHERE account = ? AND name = ?`, account, name).Scan(&doc)
	switch {
	case errors.Is(err, db.ErrNotFound) && name == terms.Primary:
		return primary(), nil
	case errors.Is(err, db.ErrNotFound):
		return nil, terms.Invalid("WorkGroup %s is not found.", name)
	case err != nil:
		return nil, err
	}
	group := &athenaapi.WorkGroup{}
	return group, db.Decode(db.At(table, account, name), doc, group)
}

// primary is the workgroup that an account has from its beginning.
func primary() *athenaapi.WorkGroup {
	return &athenaapi.WorkGroup{
		Name: terms.Primary, State: new("ENABLED"), Description: new(""),
		Configuration: &athenaapi.WorkGroupConfiguration{
			ResultConfiguration:             &athenaapi.ResultConfiguration{},
			EnforceWorkGroupConfiguration:   new(false),
			PublishCloudWatchMetricsEnabled: new(false),
			RequesterPaysEnabled:            new(false),
			EngineVersion:                   engineVersion("AUTO"),
		},
	}
}

func engineVersion(selected string) *athenaapi.EngineVersion {
	return &athenaapi.EngineVersion{SelectedEngineVersion: &selected, EffectiveEngineVersion: new(terms.Engine)}
}

// GetWorkGroup describes a workgroup.
func (g *WorkGroups) GetWorkGroup(ctx context.Context, in *athenaapi.GetWorkGroupInput) (*athenaapi.GetWorkGroupOutput, error) {
	group, err := g.Find(ctx, in.WorkGroup)
	if err != nil {
		return nil, err
	}
	return &athenaapi.GetWorkGroupOutput{WorkGroup: group}, nil
}

// UpdateWorkGroup changes a workgroup's settings; what is absent stays.
func (g *WorkGroups) UpdateWorkGroup(ctx context.Context, in *athenaapi.UpdateWorkGroupInput) (*athenaapi.UpdateWorkGroupOutput, error) {
	account := op.CallFrom(ctx).Account
	if err := check(in.ConfigurationUpdates); err != nil {
		return nil, err
	}
	return &athenaapi.UpdateWorkGroupOutput{}, g.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		group, err := get(ctx, tx, account, in.WorkGroup)
		if err != nil {
			return err
		}
		if group.CreationTime == nil {
			group.CreationTime = new(op.Millis(clock.Millis(tx.Now())))
		}
		change(group, in)
		return put(ctx, tx, account, group)
	})
}

func put(ctx context.Context, tx *db.Tx, account string, group *athenaapi.WorkGroup) error {
	doc, err := db.Encode(db.At(table, account, group.Name), group)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO athena_workgroup (account, name, doc) VALUES (?, ?, ?)
		ON CONFLICT (account, name) DO UPDATE SET doc = excluded.doc`, account, group.Name, doc)
	return err
}

// ListWorkGroups lists the account's workgroups.
func (g *WorkGroups) ListWorkGroups(ctx context.Context, in *athenaapi.ListWorkGroupsInput) (*athenaapi.ListWorkGroupsOutput, error) {
	if _, err := g.Pages.After(op.CallFrom(ctx), nil, in.NextToken); err != nil {
		return nil, err
	}
	group, err := g.Find(ctx, terms.Primary) // the only one as long as none can be made
	if err != nil {
		return nil, err
	}
	summary := athenaapi.WorkGroupSummary{
		Name: &group.Name, State: group.State, Description: group.Description, CreationTime: group.CreationTime,
	}
	if group.Configuration != nil {
		summary.EngineVersion = group.Configuration.EngineVersion
	}
	return &athenaapi.ListWorkGroupsOutput{WorkGroups: []athenaapi.WorkGroupSummary{summary}}, nil
}

// ListEngineVersions lists the versions that a workgroup can select.
func (g *WorkGroups) ListEngineVersions(ctx context.Context, in *athenaapi.ListEngineVersionsInput) (*athenaapi.ListEngineVersionsOutput, error) {
	if _, err := g.Pages.After(op.CallFrom(ctx), nil, in.NextToken); err != nil {
		return nil, err
	}
	return &athenaapi.ListEngineVersionsOutput{EngineVersions: []athenaapi.EngineVersion{
		*engineVersion("AUTO"), *engineVersion(terms.Engine),
	}}, nil
}
