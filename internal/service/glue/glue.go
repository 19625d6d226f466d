// Package glue is the Glue Data Catalog: databases, tables with their versions,
// and partitions. Each resource has a folder; this file connects them.
//
// Documents are stored as the JSON of the answer, and outputs carry them as
// ready bytes (the Raw members of glueapi). A call that another service of
// this program makes (op.Call.ViaAWS) gets structs in their place.
package glue

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/page"
	"github.com/bindery-project/bindery/internal/service/glue/catalog"
	"github.com/bindery-project/bindery/internal/service/glue/connection"
	"github.com/bindery-project/bindery/internal/service/glue/crawler"
	"github.com/bindery-project/bindery/internal/service/glue/database"
	"github.com/bindery-project/bindery/internal/service/glue/function"
	"github.com/bindery-project/bindery/internal/service/glue/openformat"
	"github.com/bindery-project/bindery/internal/service/glue/optimizer"
	"github.com/bindery-project/bindery/internal/service/glue/partindex"
	"github.com/bindery-project/bindery/internal/service/glue/partition"
	"github.com/bindery-project/bindery/internal/service/glue/purge"
	"github.com/bindery-project/bindery/internal/service/glue/resourcepolicy"
	"github.com/bindery-project/bindery/internal/service/glue/search"
	"github.com/bindery-project/bindery/internal/service/glue/statistics"
	"github.com/bindery-project/bindery/internal/service/glue/statisticstask"
	"github.com/bindery-project/bindery/internal/service/glue/table"
	"github.com/bindery-project/bindery/internal/service/glue/tag"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// rest refuses what is not built, by name.
type rest struct{ glueapi.Refused }

// Service answers the Glue API.
type Service struct {
	rest
	*catalog.Catalogs
	*database.Databases
	*table.Tables
	*partition.Partitions
	*partindex.Indexes
	*function.Functions
	*connection.Connections
	*crawler.Crawlers
	*statistics.Statistics
	*statisticstask.Tasks
	*tag.Tags
	*resourcepolicy.Policies
	*search.Search
	*optimizer.Optimizers

	purger      *purge.Purger
	facts       *facts
	reauthorize func(ctx context.Context, in any) error
}

// Config is what the service needs from outside.
type Config struct {
	Store      *db.DB
	Queue      *queue.Queue
	Sealer     page.Sealer
	Keys       db.Sealer // seals documents that hold secrets
	Authorizer op.Authorizer
	Trials     *connection.Trials // tests connections; nil: that is refused
	// Reauthorize decides the call in the context anew, for another input of its operation: what a resource link points at.
	Reauthorize func(ctx context.Context, in any) error
	NewID       func() int64 // random and positive
	Quotas      terms.Quotas // AWS's defaults where nothing is set
	Log         *slog.Logger
	// Alone says that no other node changes the store, so that documents may
	// be kept in memory.
	Alone bool
	// Principals tells whether those that a resource policy names exist.
	Principals resourcepolicy.Principals
	// Format writes the metadata of Iceberg tables; without objects it is refused.
	Format openformat.Format
	// Crawlers is what crawlers need beyond that; New sets the members that the others have too.
	Crawlers crawler.Config
	// Statistics is what the runs that compute column statistics need beyond that.
	Statistics statisticstask.Config
}

// New connects the resources. Call Start before the first request, and Close.
func New(cfg Config) *Service {
	pages, quotas := terms.Pages{Sealer: cfg.Sealer}, cfg.Quotas.OrDefault()
	databases, usage := database.Rows{Catalogs: catalog.Rows{}, Quotas: quotas}, catalog.Usage{Quotas: quotas}
	s := &Service{
		Catalogs: &catalog.Catalogs{Store: cfg.Store, Pages: pages, Authorizer: cfg.Authorizer, Quotas: quotas, Tags: tag.Rows{}},
		Databases: &database.Databases{
			Store: cfg.Store, Pages: pages, Authorizer: cfg.Authorizer, NewID: cfg.NewID, Rows: databases, Usage: usage, Tags: tag.Rows{},
		},
		Tables: &table.Tables{
			Store: cfg.Store, Pages: pages, Authorizer: cfg.Authorizer, NewID: cfg.NewID, Databases: databases, Quotas: quotas, Usage: usage,
		},
		Partitions:  &partition.Partitions{Store: cfg.Store, Pages: pages, Limits: partition.DefaultLimits()},
		Tags:        &tag.Tags{Store: cfg.Store, Kinds: map[string]tag.Exists{"connection": connection.Exists, "crawler": crawler.Exists, "database": databases.Exists, "catalog": catalog.HasName}},
		Policies:    &resourcepolicy.Policies{Store: cfg.Store, Authorizer: cfg.Authorizer, Principals: cfg.Principals},
		purger:      purge.New(cfg.Store, cfg.Log),
		reauthorize: cfg.Reauthorize,
	}
	s.facts = &facts{policies: resourcepolicy.NewGoverning(cfg.Store), tags: tag.Reader(s.Tags)}
	crawlers := cfg.Crawlers
	crawlers.DB, crawlers.Authorizer, crawlers.Log, crawlers.Pages, crawlers.Tags = cfg.Store, cfg.Authorizer, cfg.Log, pages, tag.Rows{}
	s.Crawlers = &crawler.Crawlers{Config: crawlers}
	if cfg.Alone {
		s.Cache = table.NewCache()
	}
	s.Functions = &function.Functions{Store: cfg.Store, Pages: pages, Authorizer: cfg.Authorizer, Databases: databases}
	s.Connections = &connection.Connections{Store: cfg.Store, Keys: cfg.Keys, Pages: pages, Authorizer: cfg.Authorizer, Tags: tag.Rows{}, Trials: cfg.Trials}
	tables := table.Rows{Databases: databases, Bury: s.bury(purge.Table)}
	s.Search = &search.Search{Index: &search.Index{Store: cfg.Store, Tables: tables, Log: cfg.Log}, Catalogs: catalog.Rows{}, Pages: pages, Authorizer: cfg.Authorizer}
	s.Children = []database.Children{tables.Children, function.Rows{}.Children}
	s.Hold, s.Forget = s.Cache.HoldDatabase, s.Cache.DropDatabase
	s.Archived, s.Databases.Bury = tables.Archived, s.bury(purge.Database)
	s.Catalogs.Databases = catalogDatabases{databases, s.Databases}
	s.Tables.Partitions, s.Tables.Bury = partition.Rows{}, s.bury(purge.Table)
	indexes := partindex.Rows{NewID: cfg.NewID}
	s.Tables.Indexes, s.Partitions.Indexes = indexes, indexes
	s.Indexes = &partindex.Indexes{Store: cfg.Store, Queue: cfg.Queue, NewID: cfg.NewID, Tables: tables, Partitions: partition.Rows{}}
	tasks := cfg.Statistics
	tasks.DB, tasks.Authorizer, tasks.Log, tasks.Pages, tasks.Tables = cfg.Store, cfg.Authorizer, cfg.Log, pages, tables
	s.Tasks = &statisticstask.Tasks{Config: tasks}
	s.Partitions.Tables, s.Partitions.Bury = tables, statistics.Rows{}.DropPartition
	s.Statistics = &statistics.Statistics{Store: cfg.Store, Tables: tables, Partitions: partition.Rows{}}
	if cfg.Format.Objects != nil {
		s.Format = &cfg.Format
	}
	s.Optimizers = &optimizer.Optimizers{Store: cfg.Store, Pages: pages, Authorizer: cfg.Authorizer, Tables: tables}
	s.purger.Steps[purge.Database] = []purge.Step{tables.PurgeDatabase, function.Rows{}.PurgeDatabase}
	s.purger.Steps[purge.Table] = []purge.Step{tables.PurgeTable, indexes.PurgeTable, partition.Rows{}.PurgeTable, statistics.Rows{}.PurgeTable, statisticstask.PurgeTable, optimizer.PurgeTable}
	return s
}

func (s *Service) bury(kind string) func(context.Context, *db.Tx, int64) error {
	return func(ctx context.Context, tx *db.Tx, id int64) error { return s.purger.Bury(ctx, tx, kind, id) }
}

// catalogDatabases is what catalogs see of the databases inside.
type catalogDatabases struct {
	database.Rows
	*database.Databases
}

// Start begins the work in the background.
func (s *Service) Start() {
	s.purger.Start()
	s.Index.Start()
}

// Close ends the work in the background; what is left of it goes on after the
// next start.
func (s *Service) Close() error { return errors.Join(s.Index.Close(), s.purger.Close()) }

// Bind lists the operations for the gateway.
func (s *Service) Bind() *op.Service {
	resolvers := crawler.Resolvers(s.Crawlers)
	maps.Copy(resolvers, tag.Resolvers(s.Tags))
	maps.Copy(resolvers, catalog.Resolvers(s.Catalogs))
	operations := glueapi.Bind(s)
	for i := range operations {
		operations[i] = s.follows(operations[i])
	}
	return &op.Service{Model: &glueapi.Model, Operations: operations, Resolvers: resolvers, Facts: s.facts}
}

// Stored lists the tables that hold documents, for fsck.
func Stored() []db.StoredTable {
	return slices.Concat(catalog.Stored(), database.Stored(), table.Stored(), partition.Stored(), statistics.Stored(), statisticstask.Stored(), partindex.Stored(), function.Stored(), connection.Stored(), crawler.Stored(), tag.Stored(), resourcepolicy.Stored(), optimizer.Stored())
}
