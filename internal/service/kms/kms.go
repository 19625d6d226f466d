// Package kms is the Key Management Service: keys that never leave it, and what can be done with
// them. Each resource has a folder; what they share is in terms, what every request needs of keys
// in directory, and the cryptography in material. What is not built (imported material, custom key
// stores, multi-Region keys, key agreement) is refused by name.
//
// A key's policy is the root of all authority over it: without a statement that names the account,
// identity policies of the account say nothing (resolve.go and package directory). Other services
// of this program use keys as their callers do, through package datakey.
package kms

import (
	"context"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms/alias"
	"github.com/bindery-project/bindery/internal/service/kms/crypt"
	"github.com/bindery-project/bindery/internal/service/kms/directory"
	"github.com/bindery-project/bindery/internal/service/kms/grant"
	"github.com/bindery-project/bindery/internal/service/kms/key"
	"github.com/bindery-project/bindery/internal/service/kms/rotation"
	"github.com/bindery-project/bindery/internal/service/kms/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// rest refuses what is not built, by name.
type rest struct{ kmsapi.Refused }

// Service answers the KMS API.
type Service struct {
	rest
	*key.Keys
	*alias.Aliases
	*grant.Grants
	*rotation.Rotations
	*crypt.Crypt
	keys *directory.Directory
}

// Config is what the service needs of others.
type Config struct {
	Store      *db.DB
	Sealer     directory.Sealer
	Queue      *queue.Queue
	Authorizer op.Authorizer
	Principals key.Principals
	Region     string
}

// New returns the service. The caller has the queue perform Work.
func New(c Config) *Service {
	keys := directory.New(c.Store, c.Sealer, c.Region)
	pages := terms.Pages{Sealer: c.Sealer}
	rotations := &rotation.Rotations{Directory: keys, Queue: c.Queue, Pages: pages}
	keys.Schedule = rotations.Schedule
	return &Service{
		Keys:      &key.Keys{Directory: keys, Authorizer: c.Authorizer, Principals: c.Principals, Queue: c.Queue, Pages: pages},
		Aliases:   &alias.Aliases{Directory: keys, Pages: pages},
		Grants:    &grant.Grants{Directory: keys, Principals: c.Principals, Pages: pages},
		Rotations: rotations,
		Crypt:     &crypt.Crypt{Directory: keys, Authorizer: c.Authorizer},
		keys:      keys,
	}
}

// Work is what the queue performs for the service.
func (s *Service) Work() []queue.Kind {
	return []queue.Kind{s.Keys.Kind(), s.Rotations.Kind()}
}

// Stored tells fsck where the service keeps documents.
func Stored() []db.StoredTable { return directory.Stored() }

// PrincipalMoved is told by IAM when a principal has another ARN, or was deleted.
func PrincipalMoved(ctx context.Context, tx *db.Tx, from, to string) error {
	if err := key.PrincipalMoved(ctx, tx, from, to); err != nil {
		return err
	}
	return grant.PrincipalMoved(ctx, tx, from, to)
}

// Bind lists the operations for the gateway.
func (s *Service) Bind() *op.Service {
	return &op.Service{Model: &kmsapi.Model, Operations: kmsapi.Bind(s), Resolvers: s.resolvers(), Facts: facts{s.keys}}
}
