package app

import (
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/kms"
)

// openKMS starts the Key Management Service.
func (a *App) openKMS(authorizer op.Authorizer) *kms.Service {
	service := kms.New(kms.Config{
		Store: a.db, Sealer: a.keys, Queue: a.queue, Authorizer: authorizer, Principals: principals{a.people}, Region: a.cfg.Region,
	})
	a.people.OnMoved(kms.PrincipalMoved)
	a.kinds = append(a.kinds, service.Work()...)
	return service
}
