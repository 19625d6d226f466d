package app

import (
	"crypto/rand"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/secretsmanager"
)

// openSecrets starts Secrets Manager, which uses keys of KMS as its callers.
func (a *App) openSecrets(authorizer op.Authorizer, invoker op.Invoker) *secretsmanager.Service {
	service := secretsmanager.New(secretsmanager.Config{
		Store: a.db, Sealer: a.keys, Queue: a.queue, Authorizer: authorizer, Invoker: invoker, Principals: principals{a.people},
		Random: rand.Reader, NewID: newID, Region: a.cfg.Region,
	})
	a.people.OnMoved(secretsmanager.PrincipalMoved)
	a.kinds = append(a.kinds, service.Work()...)
	return service
}
