package app

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http"

	"github.com/bindery-project/bindery/internal/api/cloudformationapi"
	"github.com/bindery-project/bindery/internal/api/cloudwatchapi"
	"github.com/bindery-project/bindery/internal/api/lakeformationapi"
	"github.com/bindery-project/bindery/internal/api/logsapi"
	"github.com/bindery-project/bindery/internal/gateway"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/accessanalyzer"
	"github.com/bindery-project/bindery/internal/service/glue"
	"github.com/bindery-project/bindery/internal/service/glue/connection"
	"github.com/bindery-project/bindery/internal/service/glue/crawler"
	"github.com/bindery-project/bindery/internal/service/glue/openformat"
	"github.com/bindery-project/bindery/internal/service/glue/partindex"
	"github.com/bindery-project/bindery/internal/service/glue/resourcepolicy"
	"github.com/bindery-project/bindery/internal/service/glue/statisticstask"
	"github.com/bindery-project/bindery/internal/service/iam"
	"github.com/bindery-project/bindery/internal/service/installation"
	"github.com/bindery-project/bindery/internal/service/s3"
	"github.com/bindery-project/bindery/internal/service/sts"
	"github.com/bindery-project/bindery/internal/service/sts/webidentity"
	"github.com/bindery-project/bindery/internal/traffic"
)

// openServices connects the services with each other and with the gateway.
func (a *App) openServices(ctx context.Context) error {
	tokens := &sts.Tokens{Sealer: a.keys}
	authorizer, invoker := &lateAuthorizer{}, &lateInvoker{}
	sessions := &sts.Sessions{Roles: roles{a.people}, Tokens: tokens, Authorizer: authorizer, Clock: a.clock}
	behalf, asker, seen := &lateActor{}, &lateAsker{}, traffic.New(a.db)
	objects, err := a.openObjects(authorizer)
	if err != nil {
		return err
	}

	catalog := a.openCatalog(authorizer, invoker, sessions, objects, behalf) //nolint:contextcheck // its work in the background lasts until Close
	identity := iam.New(a.people, authorizer)
	sessions.Proofs, sessions.Providers, sessions.Denials = proofs{identity.Devices}, providers{a.people}, records{a.audit}
	sessions.Web = &webidentity.Verifier{Clock: a.clock, Client: func(thumbprints []string) *http.Client {
		return webidentity.NewClient(a.guard(), nil, thumbprints)
	}}
	services := []*op.Service{
		sts.New(sessions).Bind(),
		identity.Bind(),
		(&installation.Service{
			Accounts: accounts{a.people, a.clock, a.account}, Records: records{a.audit}, Filters: filters{catalog}, Authorizer: authorizer,
			Access: access{a.people, objects, roles{a.people}, asker}, Traffic: deeds{seen},
		}).Bind(),
		(&accessanalyzer.Service{Sealer: a.keys}).Bind(),
		catalog.Bind(),
		a.openQueries(objects, behalf, invoker).Bind(),
		a.openKMS(authorizer).Bind(),
		a.openSecrets(authorizer, invoker).Bind(),
	}
	services = append(services, unbuilt()...)
	rec := &recorder{log: a.audit, slog: a.log, newID: newID, sources: eventSources(services), uses: &a.people.Uses}
	watch := &watcher{rec, seen}
	g, err := gateway.New(gateway.Config{
		Region: a.cfg.Region, Services: services, Objects: objects,
		Identities: &identities{directory: a.people, tokens: tokens, clock: a.clock},
		Grants:     a.people, Recorder: watch, Clock: a.clock, NewID: newID, Ready: a.readiness, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.gateway, authorizer.Authorizer, invoker.Invoker, behalf.onBehalf, asker.asker = g, watchedAuthorizer{g, watch}, g, g, g
	a.startTraffic(context.WithoutCancel(ctx), seen)
	return nil
}

// openCatalog starts the Data Catalog. Its caches need a store that is this
// node's alone.
func (a *App) openCatalog(authorizer op.Authorizer, invoker op.Invoker, sessions *sts.Sessions, objects *s3.Service, behalf onBehalf) *glue.Service {
	catalog := glue.New(glue.Config{
		Store: a.db, Queue: a.queue, Sealer: a.keys, Keys: a.keys, Authorizer: authorizer, Log: a.log, Alone: a.cfg.Postgres == "",
		Trials:      connection.NewTrials(a.guard(), certificates{objects, behalf}, a.clock, a.log),
		NewID:       func() int64 { return rand.Int64N(math.MaxInt64) + 1 }, //nolint:gosec // surrogate keys are no secrets
		Principals:  principals{a.people},
		Reauthorize: func(ctx context.Context, in any) error { return a.gateway.Reauthorize(ctx, "glue", in) },
		Format:      openformat.Format{Objects: formatObjects{objects, behalf}, NewID: newID},
		Crawlers: crawler.Config{
			Queue: a.queue, Invoker: invoker, Roles: sessions, Objects: crawlObjects{objects}, Workers: a.workers, Parallel: a.cfg.Workers,
			Region: a.cfg.Region, Clock: a.clock, NewID: newID,
		},
		Statistics: a.statisticsTasks(invoker, sessions, objects, behalf),
	})
	a.people.OnMoved(resourcepolicy.PrincipalMoved)
	a.kinds = append(a.kinds, crawler.Kind(catalog.Crawlers), partindex.Kind(catalog.Indexes))
	a.kinds = append(a.kinds, statisticstask.Kinds(catalog.Tasks)...)
	catalog.Start()
	a.closers = append(a.closers, catalog.Close)
	return catalog
}

// unbuilt are the services of which nothing is built yet: their operations
// are decoded, checked, authorized, and refused by name.
func unbuilt() []*op.Service {
	return []*op.Service{
		{Model: &lakeformationapi.Model, Operations: lakeformationapi.Bind(lakeformationapi.Refused{})},
		{Model: &cloudwatchapi.Model, Operations: cloudwatchapi.Bind(cloudwatchapi.Refused{})},
		{Model: &logsapi.Model, Operations: logsapi.Bind(logsapi.Refused{})},
		{Model: &cloudformationapi.Model, Operations: cloudformationapi.Bind(cloudformationapi.Refused{})},
	}
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

// lateInvoker does the same for what services ask of each other.
type lateInvoker struct{ op.Invoker }

// lateActor does the same for what services ask of the object store.
type lateActor struct{ onBehalf }
