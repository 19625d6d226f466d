package blob

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
)

// Versioning is how a bucket treats objects that are replaced or deleted.
type Versioning string

// The states of versioning, spelled as on the wire.
const (
	Unversioned Versioning = ""
	Enabled     Versioning = "Enabled"
	Suspended   Versioning = "Suspended"
)

// Condition decides under the key's lock whether a change may go on. It is given
// the current object, nil when there is none.
type Condition func(current *Info) error

// Always is the condition of unconditional changes.
func Always(*Info) error { return nil }

// Publish makes a staged object the current version of a key, durably. It
// completes info (time, version, size) and returns it. The staged bytes are
// used up, also when it fails.
//
// Errors: the condition's own, ErrNoBucket, ErrInvalidKey, ErrKeyTooLong,
// ErrBesideFolder, ErrFull, ErrReadOnly.
func (s *Store) Publish(bucket, key string, g *Staged, info Info, v Versioning, check Condition) (*Info, error) {
	defer g.Discard()
	path, err := s.path(bucket, key)
	if err != nil {
		return nil, err
	}
	doc, err := s.seal(bucket, g, &info, v)
	if err != nil {
		return nil, err
	}
	unlock, err := s.lock(bucket, key)
	if err != nil {
		return nil, err
	}
	defer unlock()
	current, old, err := s.current(bucket, path)
	if err != nil {
		return nil, err
	}
	if err := check(current); err != nil {
		return nil, err
	}
	if err := s.archive(bucket, key, path, current, v); err != nil {
		return nil, err
	}
	if err := s.attrs.place(bucket, path, doc); err != nil {
		return nil, s.ioError("describe", err)
	}
	if err := s.rename(g.name, path, s.bucketDir(bucket)); err != nil {
		return nil, err
	}
	_ = g.file.Close()
	g.file = nil
	if current != nil && !archived(current, v) {
		s.attrs.drop(bucket, path, old)
	}
	return &info, s.dropNull(bucket, key, v)
}

// seal writes the description onto the staged file and makes both durable.
func (s *Store) seal(bucket string, g *Staged, info *Info, v Versioning) ([]byte, error) {
	if s.broken.Load() {
		return nil, ErrReadOnly
	}
	if err := s.date(g.file, info); err != nil {
		return nil, s.ioError("stage", err)
	}
	info.Size, info.Millis = g.Size, clock.Millis(s.clock.Now())
	if info.Version = ""; v == Enabled {
		info.Version = s.newVersion()
	}
	doc, err := json.Marshal(info)
	if err != nil {
		return nil, err
	}
	if err := s.attrs.attach(g.file, bucket, doc); err != nil {
		return nil, s.ioError("describe", err)
	}
	return doc, s.syncFile(g.file)
}

// date gives a file a time that no other file of the store has, so that its
// description can be told from others.
func (s *Store) date(f *os.File, info *Info) error {
	t := time.Unix(0, s.tick())
	if err := os.Chtimes(f.Name(), t, t); err != nil {
		return err
	}
	st, err := f.Stat() // some file systems cut off digits
	if err != nil {
		return err
	}
	info.MTime = st.ModTime().UnixNano()
	return nil
}

// lock takes a bucket against its deletion and a key against other changes.
func (s *Store) lock(bucket, key string) (unlock func(), err error) {
	b, k := s.bucketLock(bucket), s.keyLock(bucket, key)
	b.RLock()
	if _, err := os.Lstat(s.bucketDir(bucket)); err != nil {
		b.RUnlock()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNoBucket
		}
		return nil, s.ioError("open bucket", err)
	}
	k.Lock()
	return func() { k.Unlock(); b.RUnlock() }, nil
}

// current describes the object at a path, nil when there is none. raw is its
// attribute as the file system has it.
func (s *Store) current(bucket, path string) (info *Info, raw []byte, err error) {
	st, err := os.Lstat(path)
	if missing(err) || (err == nil && !st.Mode().IsRegular()) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, s.ioError("read", err)
	}
	doc, err := s.attrs.read(nil, bucket, path)
	if err != nil {
		return nil, nil, s.ioError("read", err)
	}
	if _, ok := s.attrs.(*xattrs); ok {
		raw, _ = getXattr(nil, path) // only to find a side file to remove
	}
	info, err = describe(doc, st)
	return info, raw, err
}

// writeInfo replaces the description of the object at a path.
func (s *Store) writeInfo(bucket, path string, info *Info) error {
	doc, err := json.Marshal(info)
	if err != nil {
		return err
	}
	if err := s.attrs.change(bucket, path, doc); err != nil {
		return s.ioError("describe", err)
	}
	return nil
}
