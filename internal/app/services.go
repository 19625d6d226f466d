package app

import (
	"context"

	"github.com/bindery-project/bindery/internal/gateway"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam"
	"github.com/bindery-project/bindery/internal/service/sts"
)

// openServices connects the services with each other and with the gateway.
func (a *App) openServices(context.Context) error {
	tokens := &sts.Tokens{Sealer: a.keys}
	authorizer := &lateAuthorizer{}
	sessions := &sts.Sessions{Roles: roles{a.people}, Tokens: tokens, Authorizer: authorizer, Clock: a.clock}

	services := []*op.Service{
		sts.New(sessions).Bind(),
		iam.New(a.people).Bind(),
	}
	rec := &recorder{log: a.audit, slog: a.log, newID: newID, sources: eventSources(services)}
	g, err := gateway.New(gateway.Config{
		Region: a.cfg.Region, Services: services, Objects: refusedObjects{},
		Identities: &identities{directory: a.people, tokens: tokens, clock: a.clock},
		Grants:     a.people, Recorder: rec, Clock: a.clock, NewID: newID, Ready: a.readiness, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.gateway, authorizer.Authorizer = g, g
	return nil
}

func eventSources(services []*op.Service) map[string]string {
	out := map[string]string{"s3": "s3.amazonaws.com"}
	for _, s := range services {
		out[s.Model.ID] = s.Model.EventSource
	}
	return out
}

// lateAuthorizer closes the circle: services ask the gateway, which is made
// from the services.
type lateAuthorizer struct{ op.Authorizer }
