package sigv4

import (
	"bytes"
	"container/list"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
)

// SigningKey signs for one secret on one day in one region and service. It is a secret: printing it shows nothing, and where
// fmt cannot reach its Format method (in an unexported field) it shows an address. The zero value signs nothing and verifies
// nothing.
type SigningKey struct {
	key **[sha256.Size]byte // two pointers: through one fmt still shows an array, for a verb that does not fit
}

// Format keeps the key out of logs, whatever the verb.
func (SigningKey) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "SigningKey(hidden)") // a formatter has nowhere to report a failed write
}

// Bytes returns a copy of the 32 key bytes, for a private back end that checks the same chunk signatures.
func (k SigningKey) Bytes() []byte {
	if k.key == nil {
		return nil
	}
	return bytes.Clone((*k.key)[:])
}

// DeriveKey runs the key chain AWS4+secret -> date (yyyymmdd) -> region -> service -> aws4_request.
func DeriveKey(secret, date, region, service string) SigningKey {
	key := []byte("AWS4" + secret)
	for _, step := range []string{date, region, service, terminator} {
		key = mac(key, []byte(step))
	}
	derived := (*[sha256.Size]byte)(key)
	return SigningKey{key: &derived}
}

func mac(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}

// sign returns the hex signature of a string to sign, or nothing for the zero key.
func (k SigningKey) sign(text []byte) string {
	if k.key == nil {
		return ""
	}
	return hex.EncodeToString(mac((*k.key)[:], text))
}

// KeyID names a signing key without its secret. Version changes whenever the secret behind the access key does, so that a key
// made from an old secret is never found again.
type KeyID struct {
	AccessKeyID string
	Version     string
	Date        string // yyyymmdd
	Region      string
	Service     string
}

// KeyCache keeps the most recently used signing keys. It is safe for use by several goroutines. Deriving a key costs four
// HMACs; a client signs all its requests of a day with the same one.
type KeyCache struct {
	mu     sync.Mutex
	max    int
	byID   map[KeyID]*list.Element
	recent *list.List // of *cachedKey, most recent first
}

type cachedKey struct {
	id  KeyID
	key SigningKey
}

// NewKeyCache returns a cache of at most max keys; max below 1 counts as 1.
func NewKeyCache(max int) *KeyCache {
	return &KeyCache{max: max, byID: map[KeyID]*list.Element{}, recent: list.New()}
}

// Get returns the key of id, deriving it from secret if the cache lacks it. Whether the access key is active is not asked here:
// look it up before each call, as its state can change at any moment.
func (c *KeyCache) Get(id KeyID, secret string) SigningKey {
	if key, ok := c.find(id); ok {
		return key
	}
	key := DeriveKey(secret, id.Date, id.Region, id.Service)
	c.keep(id, key)
	return key
}

// Len returns the number of keys held.
func (c *KeyCache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.recent.Len()
}

func (c *KeyCache) find(id KeyID) (SigningKey, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byID[id]
	if !ok {
		return SigningKey{}, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cachedKey).key, true
}

func (c *KeyCache) keep(id KeyID, key SigningKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byID[id]; ok {
		return // another goroutine derived the same key meanwhile
	}
	c.byID[id] = c.recent.PushFront(&cachedKey{id: id, key: key})
	for c.recent.Len() > max(c.max, 1) {
		oldest := c.recent.Back()
		delete(c.byID, oldest.Value.(*cachedKey).id)
		c.recent.Remove(oldest)
	}
}
