package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/tools/models/facts"
)

// rawAction is an action of the authorization data.
type rawAction struct {
	Name          string `json:"name"`
	AccessLevel   string `json:"accessLevel"`
	ResourceTypes []struct {
		Name     string `json:"name"`
		Required bool   `json:"required"`
	} `json:"resourceTypes"`
	ConditionKeys    []string `json:"conditionKeys"`
	IsPermissionOnly bool     `json:"isPermissionOnly"`
}

type rawResource struct {
	Key string `json:"key"`
	ARN string `json:"arn"`
}

// writeActions writes the slice of the authorization data that the rows of
// the overlay are judged against, and the reference of all services.
func writeActions(ctx context.Context, lock *Lock, dir string) error {
	files, err := fetchTarball(ctx, lock.Actions, func(name string) bool {
		return strings.HasPrefix(name, "package/data/actions/") || strings.HasPrefix(name, "package/data/resourceTypes/") ||
			strings.HasPrefix(name, "package/data/conditionKeys/")
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, s := range lock.Services {
		if s.Own() {
			continue
		}
		a, err := convertActions(files, s.IAM)
		if err != nil {
			return fmt.Errorf("actions of %s: %w", s.ID, err)
		}
		a.Source = lock.Actions.String()
		text, err := facts.FormatActions(a)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, s.ID+".json"), text, 0o644); err != nil {
			return err
		}
	}
	return writeReference(files, filepath.Join(filepath.Dir(filepath.Dir(dir)), filepath.FromSlash(reference)))
}

func convertActions(files map[string][]byte, prefix string) (*facts.Actions, error) {
	var actions map[string]rawAction
	var resources map[string]rawResource
	if err := errors.Join(
		json.Unmarshal(files["package/data/actions/"+prefix+".json"], &actions),
		json.Unmarshal(files["package/data/resourceTypes/"+prefix+".json"], &resources),
	); err != nil {
		return nil, err
	}
	a := &facts.Actions{Prefix: prefix}
	for _, r := range resources {
		a.Resources = append(a.Resources, facts.Resource{Name: r.Key, ARN: r.ARN})
	}
	for _, raw := range actions {
		a.Actions = append(a.Actions, convertAction(&raw))
	}
	slices.SortFunc(a.Resources, func(x, y facts.Resource) int { return cmp.Compare(x.Name, y.Name) })
	slices.SortFunc(a.Actions, func(x, y facts.Action) int { return cmp.Compare(x.Name, y.Name) })
	return a, nil
}

func convertAction(raw *rawAction) facts.Action {
	action := facts.Action{Name: raw.Name, Access: raw.AccessLevel, Keys: raw.ConditionKeys, Console: raw.IsPermissionOnly}
	for _, t := range raw.ResourceTypes {
		if t.Required {
			action.Required = append(action.Required, t.Name)
		} else {
			action.Optional = append(action.Optional, t.Name)
		}
	}
	slices.Sort(action.Keys)
	slices.Sort(action.Required)
	slices.Sort(action.Optional)
	return action
}
