package vault

import (
	"context"
	"slices"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/directory"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/terms"
)

// What a secret may have, by AWS's quotas.
const (
	mostStages   = 20  // labels of all versions of a secret
	mostVersions = 100 // beyond, those without labels go, the oldest first
)

// addStages gives a new version its labels. The first version is the current one, whatever was asked.
func addStages(s *directory.Secret, id string, stages []string) error {
	if s.Staged(directory.Current) == nil && !slices.Contains(stages, directory.Current) {
		stages = append(slices.Clone(stages), directory.Current)
	}
	for _, stage := range stages {
		Move(s, stage, id)
	}
	labels := 0
	for _, v := range s.Versions {
		labels += len(v.Stages)
	}
	if labels > mostStages {
		return terms.Limit("A secret can have at most %d staging labels.", mostStages)
	}
	return nil
}

// Move takes a label from the version that has it and gives it to another, "" for none. The version
// that was the current one is the previous one then.
func Move(s *directory.Secret, stage, to string) {
	from := s.Staged(stage)
	if from != nil && from.ID == to {
		return
	}
	if from != nil {
		from.Stages = slices.DeleteFunc(slices.Clone(from.Stages), func(l string) bool { return l == stage })
	}
	if v := s.Find(to); v != nil {
		v.Stages = append(slices.Clone(v.Stages), stage)
		slices.Sort(v.Stages)
	}
	if from != nil && stage == directory.Current {
		Move(s, directory.Previous, from.ID)
	}
}

// prune removes the oldest versions that have no label when there are too many.
func prune(ctx context.Context, tx *db.Tx, s *directory.Secret) error {
	for len(s.Versions) > mostVersions {
		i := slices.IndexFunc(s.Versions, func(v directory.Version) bool { return len(v.Stages) == 0 })
		if i < 0 {
			return terms.Limit("A secret can have at most %d versions.", mostVersions)
		}
		if err := directory.DropValue(ctx, tx, *s.Meta.ARN, s.Versions[i].ID); err != nil {
			return err
		}
		s.Versions = slices.Delete(s.Versions, i, i+1)
	}
	return nil
}
