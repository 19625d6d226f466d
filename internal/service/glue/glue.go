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
	s := &Service{purger: purge.New(cfg.Store, cfg.Log), reauthorize: cfg.Reauthorize}
	p := s.newParts(&cfg)
	s.openCatalog(&cfg, p)
	s.openTables(&cfg, p)
	s.openPartitions(&cfg, p)
	s.openBeside(&cfg, p)
	s.openWork(&cfg, p)
	s.purger.Steps[purge.Database] = []purge.Step{p.tables.PurgeDatabase, function.Rows{}.PurgeDatabase}
	s.purger.Steps[purge.Table] = []purge.Step{
		p.tables.PurgeTable, p.indexes.PurgeTable, partition.Rows{}.PurgeTable, statistics.Rows{}.PurgeTable, statisticstask.PurgeTable,
		optimizer.PurgeTable,
	}
	return s
}

// parts are what several resources are given: what they see of each other's rows.
type parts struct {
	pages     terms.Pages
	quotas    terms.Quotas
	usage     catalog.Usage
	databases database.Rows
	tables    table.Rows
	indexes   partindex.Rows
}

func (s *Service) newParts(cfg *Config) *parts {
	p := &parts{pages: terms.Pages{Sealer: cfg.Sealer}, quotas: cfg.Quotas.OrDefault(), indexes: partindex.Rows{NewID: cfg.NewID}}
	p.usage = catalog.Usage{Quotas: p.quotas}
	p.databases = database.Rows{Catalogs: catalog.Rows{}, Quotas: p.quotas}
	p.tables = table.Rows{Databases: p.databases, Bury: s.bury(purge.Table)}
	return p
}

// openCatalog makes what is above tables: catalogs, databases, functions.
func (s *Service) openCatalog(cfg *Config, p *parts) {
	s.Databases = &database.Databases{
		Store: cfg.Store, Pages: p.pages, Authorizer: cfg.Authorizer, NewID: cfg.NewID, Rows: p.databases, Usage: p.usage, Tags: tag.Rows{},
		Children: []database.Children{p.tables.Children, function.Rows{}.Children},
		Archived: p.tables.Archived, Bury: s.bury(purge.Database),
	}
	s.Catalogs = &catalog.Catalogs{
		Store: cfg.Store, Pages: p.pages, Authorizer: cfg.Authorizer, Quotas: p.quotas, Tags: tag.Rows{},
		Databases: catalogDatabases{p.databases, s.Databases},
	}
	s.Functions = &function.Functions{Store: cfg.Store, Pages: p.pages, Authorizer: cfg.Authorizer, Databases: p.databases}
}

// openTables makes the tables, and has their cache hear of deleted databases.
func (s *Service) openTables(cfg *Config, p *parts) {
	s.Tables = &table.Tables{
		Store: cfg.Store, Pages: p.pages, Authorizer: cfg.Authorizer, NewID: cfg.NewID, Databases: p.databases, Quotas: p.quotas, Usage: p.usage,
		Partitions: partition.Rows{}, Indexes: p.indexes, Bury: s.bury(purge.Table),
	}
	if cfg.Alone {
		s.Cache = table.NewCache()
	}
	s.Hold, s.Forget = s.Cache.HoldDatabase, s.Cache.DropDatabase
	if cfg.Format.Objects != nil {
		s.Format = &cfg.Format
	}
}

// openPartitions makes what is below tables.
func (s *Service) openPartitions(cfg *Config, p *parts) {
	s.Partitions = &partition.Partitions{
		Store: cfg.Store, Pages: p.pages, Limits: partition.DefaultLimits(), Tables: p.tables, Indexes: p.indexes, Bury: statistics.Rows{}.DropPartition,
	}
	s.Indexes = &partindex.Indexes{Store: cfg.Store, Queue: cfg.Queue, NewID: cfg.NewID, Tables: p.tables, Partitions: partition.Rows{}}
	s.Statistics = &statistics.Statistics{Store: cfg.Store, Tables: p.tables, Partitions: partition.Rows{}}
	s.Optimizers = &optimizer.Optimizers{Store: cfg.Store, Pages: p.pages, Authorizer: cfg.Authorizer, Tables: p.tables}
}

// openBeside makes what stands beside the tree of databases and tables.
func (s *Service) openBeside(cfg *Config, p *parts) {
	s.Tags = &tag.Tags{Store: cfg.Store, Kinds: map[string]tag.Exists{
		"connection": connection.Exists, "crawler": crawler.Exists, "database": p.databases.Exists, "catalog": catalog.HasName,
	}}
	s.Policies = &resourcepolicy.Policies{Store: cfg.Store, Authorizer: cfg.Authorizer, Principals: cfg.Principals}
	s.facts = &facts{policies: resourcepolicy.NewGoverning(cfg.Store), tags: tag.Reader(s.Tags)}
	s.Connections = &connection.Connections{
		Store: cfg.Store, Keys: cfg.Keys, Pages: p.pages, Authorizer: cfg.Authorizer, Tags: tag.Rows{}, Trials: cfg.Trials,
	}
	s.Search = &search.Search{
		Index:    &search.Index{Store: cfg.Store, Tables: p.tables, Log: cfg.Log},
		Catalogs: catalog.Rows{}, Pages: p.pages, Authorizer: cfg.Authorizer,
	}
}

// openWork makes what runs in the background: crawlers and statistics tasks.
func (s *Service) openWork(cfg *Config, p *parts) {
	crawlers := cfg.Crawlers
	crawlers.DB, crawlers.Authorizer, crawlers.Log, crawlers.Pages, crawlers.Tags = cfg.Store, cfg.Authorizer, cfg.Log, p.pages, tag.Rows{}
	s.Crawlers = &crawler.Crawlers{Config: crawlers}
	tasks := cfg.Statistics
	tasks.DB, tasks.Authorizer, tasks.Log, tasks.Pages, tasks.Tables = cfg.Store, cfg.Authorizer, cfg.Log, p.pages, p.tables
	s.Tasks = &statisticstask.Tasks{Config: tasks}
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
	return slices.Concat(
		catalog.Stored(), database.Stored(), function.Stored(), table.Stored(), partition.Stored(), partindex.Stored(), statistics.Stored(),
		optimizer.Stored(), tag.Stored(), resourcepolicy.Stored(), connection.Stored(), crawler.Stored(), statisticstask.Stored(),
	)
}
