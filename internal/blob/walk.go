package blob

import (
	"iter"
	"path/filepath"
	"slices"
	"strings"
)

// WalkOptions choose what a walk yields.
type WalkOptions struct {
	Prefix    string // keys that begin with it
	After     string // keys, and common prefixes, that come after it
	Delimiter string // keys that have it behind Prefix are yielded once, as their common prefix
}

// Entry is one object of a walk, or a common prefix.
type Entry struct {
	Key    string
	Path   string // the file; it may be replaced at any time
	Info   *Info
	Common bool // Key is a common prefix; Path and Info are not set
}

// Walker yields the objects of a bucket in the bytewise order of their keys. It
// reads each folder once, when it gets there, and holds the names of the folders
// it is in, no more. A Walker belongs to one goroutine.
type Walker struct {
	store    *Store
	bucket   string
	versions bool
	options  WalkOptions
	stack    []frame
	last     string // the last common prefix
}

// frame is a folder that the walk is in.
type frame struct {
	dir      string
	prefix   string // the beginning of all keys in it, "" or with a slash at its end
	children []child
	at       int
}

// Walk starts a walk over the current objects of a bucket. Errors come from Next.
func (s *Store) Walk(bucket string, o WalkOptions) *Walker {
	return s.newWalker(bucket, s.bucketDir(bucket), o, false)
}

// Objects iterates over a walk, to its end or to the first error.
func (s *Store) Objects(bucket string, o WalkOptions) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		w := s.Walk(bucket, o)
		for {
			e, ok, err := w.Next()
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if !ok || !yield(e, nil) {
				return
			}
		}
	}
}

func (s *Store) newWalker(bucket, root string, o WalkOptions, versions bool) *Walker {
	w := &Walker{store: s, bucket: bucket, versions: versions, options: o}
	prefix := o.Prefix[:strings.LastIndexByte(o.Prefix, '/')+1]
	dir := root
	if prefix != "" {
		rel, err := relativeDir(strings.TrimSuffix(prefix, "/"))
		if err != nil {
			return w // no key begins with it
		}
		dir = filepath.Join(root, rel)
	}
	w.stack = []frame{{dir: dir, prefix: prefix}}
	return w
}

// Next returns the next entry; ok is false at the end.
func (w *Walker) Next() (Entry, bool, error) {
	for {
		e, ok, err := w.next()
		if err != nil || !ok || e.Common {
			return e, ok, err
		}
		info, _, err := w.store.current(w.bucket, e.Path)
		if err != nil {
			return Entry{}, false, err
		}
		if info != nil { // else it was deleted meanwhile
			e.Info = info
			return e, true, nil
		}
	}
}

// next is Next without looking at the files.
func (w *Walker) next() (Entry, bool, error) {
	for len(w.stack) > 0 {
		f := &w.stack[len(w.stack)-1]
		if f.children == nil {
			if err := w.enter(f); err != nil {
				return Entry{}, false, err
			}
		}
		if f.at >= len(f.children) || !w.inRange(f) {
			w.stack = w.stack[:len(w.stack)-1]
			continue
		}
		c := f.children[f.at]
		f.at++
		e, ok, err := w.visit(f, c)
		if err != nil || ok {
			return e, ok, err
		}
	}
	return Entry{}, false, nil
}

// enter reads a folder and skips what comes before the range of the walk.
func (w *Walker) enter(f *frame) error {
	children, err := w.store.dirs.list(f.dir, w.versions, w.store.clock.Now())
	if err != nil {
		return w.store.ioError("list", err)
	}
	f.children = children
	if children == nil {
		f.children = []child{}
	}
	low := max(w.options.Prefix, w.options.After)
	f.at, _ = slices.BinarySearchFunc(children, low, func(c child, low string) int {
		return strings.Compare(f.prefix+string(c), low)
	})
	for f.at > 0 && strings.HasPrefix(low, f.prefix+string(children[f.at-1])) {
		f.at-- // the range begins inside this folder
	}
	return nil
}

// inRange tells whether the next child can still begin with the prefix.
func (w *Walker) inRange(f *frame) bool {
	full := f.prefix + string(f.children[f.at])
	return strings.HasPrefix(full, w.options.Prefix) || full < w.options.Prefix
}

// visit yields a child, or goes into it.
func (w *Walker) visit(f *frame, c child) (Entry, bool, error) {
	full := f.prefix + string(c)
	if !strings.HasPrefix(full, w.options.Prefix) {
		return Entry{}, false, nil
	}
	name, err := component(strings.TrimSuffix(string(c), "/"))
	if err != nil {
		return Entry{}, false, nil //nolint:nilerr // a name that no key has: nobody's object
	}
	path := filepath.Join(f.dir, name)
	if !c.folder() {
		return w.leaf(full, path)
	}
	if w.options.Delimiter == "/" {
		return w.common(full, path)
	}
	w.stack = append(w.stack, frame{dir: path, prefix: full})
	return Entry{}, false, nil
}

// leaf yields a key, unless it is represented by its common prefix.
func (w *Walker) leaf(key, path string) (Entry, bool, error) {
	o := &w.options
	if o.Delimiter != "" {
		if i := strings.Index(key[len(o.Prefix):], o.Delimiter); i >= 0 {
			return w.commonOnce(key[:len(o.Prefix)+i+len(o.Delimiter)])
		}
	}
	if key <= o.After {
		return Entry{}, false, nil
	}
	return Entry{Key: key, Path: path}, true, nil
}

// common yields a folder as a common prefix when it holds an object.
func (w *Walker) common(prefix, dir string) (Entry, bool, error) {
	if prefix <= w.options.After {
		return Entry{}, false, nil
	}
	found, err := holdsObject(dir)
	if err != nil {
		return Entry{}, false, w.store.ioError("list", err)
	}
	return Entry{Key: prefix, Common: true}, found, nil
}

func (w *Walker) commonOnce(prefix string) (Entry, bool, error) {
	if prefix == w.last || prefix <= w.options.After {
		return Entry{}, false, nil
	}
	w.last = prefix
	return Entry{Key: prefix, Common: true}, true, nil
}
