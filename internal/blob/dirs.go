package blob

import (
	"errors"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// child is an entry of a folder: the part of the key that it stands for, with a
// slash behind it when more follows. Sorted as text, children are in the order
// of the keys below them.
type child string

func (c child) folder() bool { return strings.HasSuffix(string(c), "/") }

// dirCache remembers the sorted entries of big folders, so that the pages of a
// listing do not read and sort them again.
type dirCache struct {
	mu       sync.Mutex
	lists    map[string]*dirList
	children int

	seed maphash.Seed
	gens [1024]atomic.Uint64 // counts our own changes, per hash of the folder
}

type dirList struct {
	children []child
	modified time.Time
	gen      uint64
}

const (
	worthCaching = 1000                   // entries; smaller folders are read each time
	maxCached    = 500_000                // entries of all folders together
	settled      = 100 * time.Millisecond // a folder changed later than this may change again under the same time
)

func newDirCache() *dirCache {
	return &dirCache{lists: map[string]*dirList{}, seed: maphash.MakeSeed()}
}

func (c *dirCache) gen(dir string) *atomic.Uint64 {
	return &c.gens[maphash.String(c.seed, dir)%uint64(len(c.gens))]
}

// forget notes that a folder changed, and those above it up to root, which may
// have got or lost it.
func (c *dirCache) forget(dir, root string) {
	for {
		c.gen(dir).Add(1)
		if dir == root || len(dir) <= len(root) {
			return
		}
		dir = filepath.Dir(dir)
	}
}

// list returns the sorted children of a folder, nil when there is none. versions
// says that it is a folder of the version tree, where each folder is a key too.
func (c *dirCache) list(dir string, versions bool, now time.Time) ([]child, error) {
	gen := c.gen(dir).Load()
	st, err := os.Lstat(dir)
	if missing(err) || (err == nil && !st.IsDir()) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if l := c.cached(dir); l != nil && l.gen == gen && l.modified.Equal(st.ModTime()) {
		return l.children, nil
	}
	children, err := readChildren(dir, versions)
	if err != nil {
		return nil, err
	}
	if len(children) >= worthCaching && now.Sub(st.ModTime()) > settled {
		c.keep(dir, &dirList{children, st.ModTime(), gen})
	}
	return children, nil
}

func (c *dirCache) cached(dir string) *dirList {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lists[dir]
}

// keep remembers a list. When there are too many, all go: the pages of the
// listings under way bring theirs back.
func (c *dirCache) keep(dir string, l *dirList) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.lists[dir]; old != nil {
		c.children -= len(old.children)
	}
	if c.children+len(l.children) > maxCached {
		c.lists, c.children = map[string]*dirList{}, 0
	}
	if len(l.children) <= maxCached {
		c.lists[dir] = l
		c.children += len(l.children)
	}
}

func readChildren(dir string, versions bool) ([]child, error) {
	f, err := os.Open(dir)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	entries, err := f.ReadDir(-1)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	children := make([]child, 0, len(entries))
	for _, e := range entries {
		p, ok := part(e.Name())
		switch {
		case !ok:
		case e.IsDir() && versions:
			children = append(children, child(p), child(p+"/"))
		case e.IsDir():
			children = append(children, child(p+"/"))
		case e.Type().IsRegular():
			children = append(children, child(p))
		}
	}
	slices.Sort(children)
	return children, nil
}

// holdsObject reports whether there is any file below a folder. Folders without
// one are left behind by a crash between two steps, or made by hand.
func holdsObject(dir string) (bool, error) {
	f, err := os.Open(dir)
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // read only
	for {
		entries, err := f.ReadDir(64)
		for _, e := range entries {
			if e.Type().IsRegular() {
				return true, nil
			}
		}
		for _, e := range entries {
			if !e.IsDir() {
				continue
			}
			if found, err := holdsObject(filepath.Join(dir, e.Name())); found || err != nil {
				return found, err
			}
		}
		if err != nil { // io.EOF, or the folder went away
			return false, nil
		}
	}
}
