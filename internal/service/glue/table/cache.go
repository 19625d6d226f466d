package table

import (
	"hash/maphash"
	"sync"

	"github.com/bindery-project/bindery/internal/op"
)

// Cache keeps the documents of tables that were asked for, ready to be sent.
// An entry is dropped when its change is durable, before the change is
// acknowledged. A nil Cache keeps nothing: that is how a node runs whose store
// others change, too.
type Cache struct {
	seed   maphash.Seed
	shards [shards]shard
}

const (
	shards     = 64
	shardBytes = 1 << 20 // of documents; beyond it the shard starts anew
)

// shard holds some databases. changes counts what was dropped, so that a
// document that was read before a change is not put in after it.
type shard struct {
	mu        sync.RWMutex
	databases map[databaseKey]map[string]op.Raw
	bytes     int
	changes   uint64
}

type databaseKey struct{ account, name string }

// NewCache returns an empty cache.
func NewCache() *Cache {
	c := &Cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].databases = map[databaseKey]map[string]op.Raw{}
	}
	return c
}

func (c *Cache) shard(account, database string) *shard {
	return &c.shards[maphash.String(c.seed, account+"\x00"+database)%shards]
}

// get returns a document, or nil and a ticket for put.
func (c *Cache) get(account, database, name string) (doc op.Raw, ticket uint64) {
	if c == nil {
		return nil, 0
	}
	s := c.shard(account, database)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.databases[databaseKey{account, database}][name], s.changes
}

// put keeps a document that was read after the ticket was given, unless
// something has changed since.
func (c *Cache) put(account, database, name string, doc op.Raw, ticket uint64) {
	if c == nil || len(doc) > shardBytes/4 {
		return
	}
	s, key := c.shard(account, database), databaseKey{account, database}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes != ticket {
		return
	}
	if s.bytes += len(doc); s.bytes > shardBytes {
		clear(s.databases)
		s.bytes = len(doc)
	}
	if s.databases[key] == nil {
		s.databases[key] = map[string]op.Raw{}
	}
	s.databases[key][name] = doc
}

// drop forgets a table.
func (c *Cache) drop(account, database, name string) {
	if c == nil {
		return
	}
	s := c.shard(account, database)
	s.mu.Lock()
	defer s.mu.Unlock()
	tables := s.databases[databaseKey{account, database}]
	s.bytes -= len(tables[name])
	delete(tables, name)
	s.changes++
}

// DropDatabase forgets all tables of a database.
func (c *Cache) DropDatabase(account, database string) {
	if c == nil {
		return
	}
	s, key := c.shard(account, database), databaseKey{account, database}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, doc := range s.databases[key] {
		s.bytes -= len(doc)
	}
	delete(s.databases, key)
	s.changes++
}
