// Package secretsmanager is Secrets Manager: values that only those see who may read the secret and
// use its key. Each group of operations has a folder; what every request needs of secrets is in
// directory, how values are protected in vault. Rotation and replication are not built and refused
// by name.
package secretsmanager

import (
	"context"
	"io"
	"reflect"

	"github.com/bindery-project/bindery/internal/api/secretsmanagerapi"
	"github.com/bindery-project/bindery/internal/datakey"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/page"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/directory"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/password"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/respolicy"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/secret"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/terms"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/value"
	"github.com/bindery-project/bindery/internal/service/secretsmanager/vault"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// rest refuses what is not built, by name.
type rest struct{ secretsmanagerapi.Refused }

// Service answers the Secrets Manager API.
type Service struct {
	rest
	*secret.Secrets
	*value.Values
	*respolicy.Policies
	*password.Passwords
	secrets *directory.Directory
}

// Config is what the service needs of others.
type Config struct {
	Store      *db.DB
	Sealer     page.Sealer
	Queue      *queue.Queue
	Authorizer op.Authorizer
	Invoker    op.Invoker // of KMS
	Principals respolicy.Principals
	Random     io.Reader // for passwords and the ends of ARNs
	NewID      func() string
	Region     string
}

// New returns the service. The caller has the queue perform Work.
func New(c Config) *Service {
	secrets, pages := &directory.Directory{DB: c.Store, Region: c.Region}, terms.Pages{Sealer: c.Sealer}
	values := &vault.Vault{Directory: secrets, Keys: datakey.Keys{Invoker: c.Invoker, Via: "secretsmanager.amazonaws.com"}}
	s := &Service{
		Secrets: &secret.Secrets{
			Directory: secrets, Vault: values, Authorizer: c.Authorizer, Queue: c.Queue, Pages: pages, Random: c.Random, NewID: c.NewID,
		},
		Values:    &value.Values{Directory: secrets, Vault: values, Authorizer: c.Authorizer, Pages: pages, NewID: c.NewID},
		Policies:  &respolicy.Policies{Directory: secrets, Principals: c.Principals},
		Passwords: &password.Passwords{Random: c.Random},
		secrets:   secrets,
	}
	s.Values.Matching = s.Secrets.Matching
	return s
}

// Work is what the queue performs for the service.
func (s *Service) Work() []queue.Kind { return []queue.Kind{s.Kind()} }

// Stored tells fsck where the service keeps documents.
func Stored() []db.StoredTable { return directory.Stored() }

// PrincipalMoved is told by IAM when a principal has another ARN, or was deleted.
func PrincipalMoved(ctx context.Context, tx *db.Tx, from, to string) error {
	return directory.PrincipalMoved(ctx, tx, from, to)
}

// Bind lists the operations for the gateway.
func (s *Service) Bind() *op.Service {
	return &op.Service{
		Model: &secretsmanagerapi.Model, Operations: secretsmanagerapi.Bind(s),
		Resolvers: map[string]op.Resolver{"secret": s.resolve}, Facts: facts{s.secrets},
	}
}

// resolve finds the secret that SecretId names. ValidateResourcePolicy alone need not name one.
func (s *Service) resolve(ctx context.Context, in any) ([]op.Resource, error) {
	id := reflect.Indirect(reflect.Indirect(reflect.ValueOf(in)).FieldByName("SecretId"))
	if !id.IsValid() {
		return []op.Resource{{ARN: "*"}}, nil
	}
	r, err := s.secrets.Resource(ctx, id.String())
	return []op.Resource{r}, err
}

// facts tells the gateway about secrets where a decision about one comes from another service.
type facts struct{ secrets *directory.Directory }

// Policy implements op.Facts.
func (f facts) Policy(ctx context.Context, resource string) (any, error) {
	s, err := f.find(ctx, resource)
	if s == nil || err != nil {
		return nil, err
	}
	return s.Governing(), nil
}

// Tags implements op.Facts.
func (f facts) Tags(ctx context.Context, resource string) (map[string]string, error) {
	s, err := f.find(ctx, resource)
	if s == nil || err != nil {
		return nil, err
	}
	return s.TagMap(), nil
}

// find is nil for what does not exist: there is nothing to protect.
func (f facts) find(ctx context.Context, resource string) (found *directory.Secret, err error) {
	err = f.secrets.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err = directory.FindSecret(ctx, tx, resource)
		return err
	})
	if directory.IsNoSecret(err) {
		return nil, nil //nolint:nilnil // see above
	}
	return found, err
}
