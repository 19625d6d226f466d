package app

import (
	"context"

	"github.com/bindery-project/bindery/internal/blob"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/s3"
)

// openObjects opens the object store in the data folder.
func (a *App) openObjects(authorizer op.Authorizer) (*s3.Service, error) {
	objects, err := blob.Open(blob.Config{Objects: a.folder.File("s3"), Meta: a.folder.File("s3-meta"), Clock: a.clock})
	if err != nil {
		return nil, err
	}
	service := s3.New(s3.Config{
		Region: a.cfg.Region, Store: a.db, Objects: objects, Authorizer: authorizer,
		Principals: principals{a.people}, Clock: a.clock,
	})
	a.people.OnMoved(service.PrincipalMoved)
	return service, nil
}

// principals shows the object store which principals exist.
type principals struct{ directory *directory.Directory }

// HasPrincipal implements s3.Principals.
func (p principals) HasPrincipal(ctx context.Context, name string) (found bool, err error) {
	err = p.directory.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err = directory.HasPrincipal(ctx, tx, name)
		return err
	})
	return found, err
}
