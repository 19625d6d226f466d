package app

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/bindery-project/bindery/internal/audit"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/installation"
)

// accounts shows the installation's API the directory's accounts.
type accounts struct {
	directory  *directory.Directory
	clock      clock.Clock
	management string
}

// Create implements installation.Accounts.
func (a accounts) Create(ctx context.Context, id, name string) (string, installation.Key, error) {
	if id == "" {
		id = a.directory.NewAccountID()
	}
	key := a.directory.NewKey(op.Millis(clock.Millis(a.clock.Now())))
	err := a.directory.CreateAccount(ctx, directory.Account{ID: id, Name: name}, key)
	if errors.Is(err, db.ErrExists) {
		err = installation.ErrExists
	}
	return id, installation.Key{ID: key.ID, Secret: key.Secret}, err
}

// List implements installation.Accounts.
func (a accounts) List(ctx context.Context) ([]installation.Account, error) {
	list, err := a.directory.Accounts(ctx)
	out := make([]installation.Account, 0, len(list))
	for _, acc := range list {
		out = append(out, installation.Account(acc))
	}
	return out, err
}

// Management implements installation.Accounts.
func (a accounts) Management() string { return a.management }

// records shows the installation's API the audit trail.
type records struct{ log *audit.Log }

// Find implements installation.Records.
func (r records) Find(ctx context.Context, requestID string) ([]json.RawMessage, error) {
	if err := r.log.Flush(); err != nil {
		return nil, err
	}
	found, err := r.log.Find(ctx, requestID)
	out := make([]json.RawMessage, 0, len(found))
	for _, record := range found {
		out = append(out, json.RawMessage(record))
	}
	return out, err
}
