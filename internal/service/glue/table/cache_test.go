package table

import "testing"

// Two readers are under way while a table changes: one has read the old
// document, one the new. Once the new one is answered, nobody gets the old one.
func TestCacheNeverGoesBack(t *testing.T) {
	c := NewCache()
	_, early := c.get("a", "db", "t")
	release := c.hold("a", "db", "t") // the change begins
	_, during := c.get("a", "db", "t")
	_, after := c.get("a", "db", "t") // and is committed here
	c.put("a", "db", "t", []byte("new"), after)
	c.put("a", "db", "t", []byte("old"), during)
	c.put("a", "db", "t", []byte("old"), early)
	if doc, _ := c.get("a", "db", "t"); string(doc) == "old" {
		t.Error("the old document is back")
	}
	release()
	c.put("a", "db", "t", []byte("old"), during)
	doc, ticket := c.get("a", "db", "t")
	if doc != nil {
		t.Errorf("%s was put in with a ticket from before the end of the change", doc)
	}
	c.put("a", "db", "t", []byte("new"), ticket)
	if doc, _ := c.get("a", "db", "t"); string(doc) != "new" {
		t.Errorf("%q is kept", doc)
	}
}

func TestCacheHoldsDatabases(t *testing.T) {
	c := NewCache()
	_, ticket := c.get("a", "db", "t")
	c.put("a", "db", "t", []byte("1"), ticket)
	first, second := c.HoldDatabase("a", "db"), c.hold("a", "db", "u")
	if doc, ticket := c.get("a", "db", "t"); doc != nil {
		t.Error("it is still there")
	} else {
		c.put("a", "db", "t", []byte("2"), ticket)
	}
	first()
	if doc, ticket := c.get("a", "db", "t"); doc != nil {
		t.Error("it was put in while it was held")
	} else {
		c.put("a", "db", "t", []byte("3"), ticket)
		c.put("a", "db", "u", []byte("3"), ticket)
	}
	if doc, _ := c.get("a", "db", "u"); doc != nil {
		t.Error("another change of u is under way")
	}
	second()
	if doc, _ := c.get("a", "db", "t"); string(doc) != "3" {
		t.Errorf("%q is kept", doc)
	}
	c.DropDatabase("a", "db")
	if doc, _ := c.get("a", "db", "t"); doc != nil || c.bytes.Load() != 0 || len(c.shard("a", "db").held) != 0 {
		t.Errorf("%q and %d bytes are left", doc, c.bytes.Load())
	}
}
