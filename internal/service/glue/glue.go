// Package glue is the Glue Data Catalog: databases, tables with their versions,
// and partitions. Each resource has a folder; this file connects them.
//
// Documents are stored as the JSON of the answer, and outputs carry them as
// ready bytes (the Raw members of glueapi). A call that another service of
// this program makes (op.Call.ViaAWS) gets structs in their place.
package glue

import (
	"context"
	"log/slog"
	"maps"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/page"
	"github.com/bindery-project/bindery/internal/service/glue/connection"
	"github.com/bindery-project/bindery/internal/service/glue/crawler"
	"github.com/bindery-project/bindery/internal/service/glue/database"
	"github.com/bindery-project/bindery/internal/service/glue/function"
	"github.com/bindery-project/bindery/internal/service/glue/optimizer"
	"github.com/bindery-project/bindery/internal/service/glue/partition"
	"github.com/bindery-project/bindery/internal/service/glue/purge"
	"github.com/bindery-project/bindery/internal/service/glue/statistics"
	"github.com/bindery-project/bindery/internal/service/glue/statisticstask"
	"github.com/bindery-project/bindery/internal/service/glue/table"
	"github.com/bindery-project/bindery/internal/service/glue/tag"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// rest refuses what is not built, by name.
type rest struct{ glueapi.Refused }

// Service answers the Glue API.
type Service struct {
	rest
	*database.Databases
	*table.Tables
	*partition.Partitions
	*function.Functions
	*connection.Connections
	*crawler.Crawlers
	*statistics.Statistics
	*statisticstask.Tasks
	*tag.Tags
	*optimizer.Optimizers
	*imports

	purger *purge.Purger
}

// Config is what the service needs from outside.
type Config struct {
	Store      *db.DB
	Sealer     page.Sealer
	Keys       db.Sealer // seals documents that hold secrets
	Authorizer op.Authorizer
	NewID      func() int64 // random and positive
	Log        *slog.Logger
	// Alone says that no other node changes the store, so that documents may
	// be kept in memory.
	Alone bool
	// Crawlers is what crawlers need beyond that; New sets the members that the others have too.
	Crawlers crawler.Config
	// Statistics is what the runs that compute column statistics need beyond that.
	Statistics statisticstask.Config
}

// New connects the resources. Call Start before the first request, and Close.
func New(cfg Config) *Service {
	pages := terms.Pages{Sealer: cfg.Sealer}
	s := &Service{
		Databases:  &database.Databases{Store: cfg.Store, Pages: pages, Authorizer: cfg.Authorizer, NewID: cfg.NewID},
		Tables:     &table.Tables{Store: cfg.Store, Pages: pages, Authorizer: cfg.Authorizer, NewID: cfg.NewID},
		Partitions: &partition.Partitions{Store: cfg.Store, Pages: pages},
		Tags:       &tag.Tags{Store: cfg.Store, Kinds: map[string]tag.Exists{"connection": connection.Exists, "crawler": crawler.Exists}},
		purger:     purge.New(cfg.Store, cfg.Log),
	}
	crawlers := cfg.Crawlers
	crawlers.DB, crawlers.Authorizer, crawlers.Log, crawlers.Pages, crawlers.Tags = cfg.Store, cfg.Authorizer, cfg.Log, pages, tag.Rows{}
	s.Crawlers = &crawler.Crawlers{Config: crawlers}
	if cfg.Alone {
		s.Cache = table.NewCache()
	}
	s.Functions = &function.Functions{Store: cfg.Store, Pages: pages, Authorizer: cfg.Authorizer, Databases: database.Rows{}}
	s.Connections = &connection.Connections{Store: cfg.Store, Keys: cfg.Keys, Pages: pages, Authorizer: cfg.Authorizer, Tags: tag.Rows{}}
	tables := table.Rows{Databases: database.Rows{}, Bury: s.bury(purge.Table)}
	s.Children = []database.Children{tables.Children, function.Rows{}.Children}
	s.Forget = s.Cache.DropDatabase
	s.Databases.Bury = s.bury(purge.Database)
	s.Tables.Databases, s.Tables.Partitions, s.Tables.Bury = database.Rows{}, partition.Rows{}, s.bury(purge.Table)
	s.Partitions.Tables, s.Partitions.Bury = tables, statistics.Rows{}.DropPartition
	s.Statistics = &statistics.Statistics{Store: cfg.Store, Tables: tables, Partitions: partition.Rows{}}
	tasks := cfg.Statistics
	tasks.DB, tasks.Authorizer, tasks.Log, tasks.Pages, tasks.Tables = cfg.Store, cfg.Authorizer, cfg.Log, pages, tables
	s.Tasks = &statisticstask.Tasks{Config: tasks}
	s.Optimizers = &optimizer.Optimizers{Store: cfg.Store, Pages: pages, Authorizer: cfg.Authorizer, Tables: tables}
	s.purger.Steps[purge.Database] = []purge.Step{tables.PurgeDatabase, function.Rows{}.PurgeDatabase}
	s.purger.Steps[purge.Table] = []purge.Step{tables.PurgeTable, partition.Rows{}.PurgeTable, statistics.Rows{}.PurgeTable, statisticstask.PurgeTable, optimizer.PurgeTable}
	return s
}

func (s *Service) bury(kind string) func(context.Context, *db.Tx, int64) error {
	return func(ctx context.Context, tx *db.Tx, id int64) error { return s.purger.Bury(ctx, tx, kind, id) }
}

// Start begins the work in the background.
func (s *Service) Start() { s.purger.Start() }

// Close ends the work in the background; what is left of it goes on after the
// next start.
func (s *Service) Close() error { return s.purger.Close() }

// Bind lists the operations for the gateway.
func (s *Service) Bind() *op.Service {
	resolvers := crawler.Resolvers(s.Crawlers)
	maps.Copy(resolvers, tag.Resolvers(s.Tags))
	return &op.Service{Model: &glueapi.Model, Operations: glueapi.Bind(s), Resolvers: resolvers}
}

// Stored lists the tables that hold documents, for fsck.
func Stored() []db.StoredTable {
	return slices.Concat(database.Stored(), table.Stored(), partition.Stored(), statistics.Stored(), statisticstask.Stored(), function.Stored(), connection.Stored(), crawler.Stored(), tag.Stored(), optimizer.Stored())
}
