package table

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/bindery-project/bindery/internal/op"
)

// Cache keeps the documents of tables that were asked for, ready to be sent.
// A table is held out of it for as long as it is being changed: otherwise one
// reader could be answered what another had just been told is over. A nil Cache keeps nothing: that is how a node runs whose store
// others change, too.
type Cache struct {
	seed   maphash.Seed
	shards [shards]shard
	bytes  atomic.Int64 // of documents in all shards
}

const (
	shards     = 64
	cacheBytes = 48 << 20 // of documents in all shards; beyond it the shard that is written to starts anew
	docBytes   = 1 << 20  // a larger document is not kept
)

// shard holds some databases. changes counts what was held and dropped, so that
// a document that was read before a change is not put in after it.
type shard struct {
	mu        sync.RWMutex
	databases map[databaseKey]map[string]op.Raw
	held      map[tableKey]int // how many changes of it are under way
	bytes     int
	changes   uint64
}

// tableKey is a table, or a whole database when name is empty.
type tableKey struct {
	databaseKey
	table string
}

type databaseKey struct{ catalog, name string }

// NewCache returns an empty cache.
func NewCache() *Cache {
	c := &Cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].databases, c.shards[i].held = map[databaseKey]map[string]op.Raw{}, map[tableKey]int{}
	}
	return c
}

func (c *Cache) shard(catalog, database string) *shard {
	return &c.shards[maphash.String(c.seed, catalog+"\x00"+database)%shards]
}

// get returns a document, or nil and a ticket for put.
func (c *Cache) get(catalog, database, name string) (doc op.Raw, ticket uint64) {
	if c == nil {
		return nil, 0
	}
	s := c.shard(catalog, database)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.databases[databaseKey{catalog, database}][name], s.changes
}

// put keeps a document that was read after the ticket was given, unless
// something has changed since.
func (c *Cache) put(catalog, database, name string, doc op.Raw, ticket uint64) {
	if c == nil || len(doc) > docBytes {
		return
	}
	s, key := c.shard(catalog, database), databaseKey{catalog, database}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes != ticket || s.held[tableKey{key, name}] > 0 || s.held[tableKey{key, ""}] > 0 {
		return
	}
	if c.bytes.Load()+int64(len(doc)) > cacheBytes {
		c.count(s, -s.bytes)
		clear(s.databases)
	}
	if s.databases[key] == nil {
		s.databases[key] = map[string]op.Raw{}
	}
	c.count(s, len(doc)-len(s.databases[key][name]))
	s.databases[key][name] = doc
}

// count keeps the sizes of a shard, whose lock is held, and of the cache.
func (c *Cache) count(s *shard, change int) {
	s.bytes += change
	c.bytes.Add(int64(change))
}

// hold keeps a table out of the cache, or all of a database when name is empty,
// from before its change begins until release is called after its end.
func (c *Cache) hold(catalog, database, name string) (release func()) {
	if c == nil {
		return func() {}
	}
	s, key := c.shard(catalog, database), tableKey{databaseKey{catalog, database}, name}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[key]++
	c.forget(s, key)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.held[key]--; s.held[key] == 0 {
			delete(s.held, key)
		}
		s.changes++
	}
}

// HoldDatabase keeps all tables of a database out of the cache until release is called.
func (c *Cache) HoldDatabase(catalog, database string) (release func()) {
	return c.hold(catalog, database, "")
}

// DropDatabase forgets all tables of a database.
func (c *Cache) DropDatabase(catalog, database string) { c.hold(catalog, database, "")() }

// forget drops what is kept; the shard's lock is held.
func (c *Cache) forget(s *shard, key tableKey) {
	s.changes++
	tables := s.databases[key.databaseKey]
	if key.table != "" {
		c.count(s, -len(tables[key.table]))
		delete(tables, key.table)
		return
	}
	for _, doc := range tables {
		c.count(s, -len(doc))
	}
	delete(s.databases, key.databaseKey)
}
