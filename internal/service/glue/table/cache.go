package table

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/bindery-project/bindery/internal/op"
)

// Cache keeps the documents of tables that were asked for, ready to be sent.
// An entry is dropped when its change is durable, before the change is
// acknowledged. A nil Cache keeps nothing: that is how a node runs whose store
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

// shard holds some databases. changes counts what was dropped, so that a
// document that was read before a change is not put in after it.
type shard struct {
	mu        sync.RWMutex
	databases map[databaseKey]map[string]op.Raw
	bytes     int
	changes   uint64
}

type databaseKey struct{ catalog, name string }

// NewCache returns an empty cache.
func NewCache() *Cache {
	c := &Cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].databases = map[databaseKey]map[string]op.Raw{}
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
	if s.changes != ticket {
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

// drop forgets a table.
func (c *Cache) drop(catalog, database, name string) {
	if c == nil {
		return
	}
	s := c.shard(catalog, database)
	s.mu.Lock()
	defer s.mu.Unlock()
	tables := s.databases[databaseKey{catalog, database}]
	c.count(s, -len(tables[name]))
	delete(tables, name)
	s.changes++
}

// DropDatabase forgets all tables of a database.
func (c *Cache) DropDatabase(catalog, database string) {
	if c == nil {
		return
	}
	s, key := c.shard(catalog, database), databaseKey{catalog, database}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, doc := range s.databases[key] {
		c.count(s, -len(doc))
	}
	delete(s.databases, key)
	s.changes++
}
