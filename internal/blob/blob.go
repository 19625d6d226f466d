// Package blob keeps the bytes of objects: plain files in plain folders, with
// what belongs to them in an extended attribute of the same file.
//
// Start with [Open], then [Store.Stage] and [Store.Publish] (write),
// [Store.Read] (read) and [Store.Walk] (list in key order). The package knows
// keys, versions, parts and checksums; it knows no HTTP, no principals and no
// policies: who may do what was decided before.
//
// What it promises:
//
//   - An object that Publish acknowledged is on disk: its bytes, its attributes
//     and every folder entry on the way to it. It replaces the one before in one
//     step; a reader sees the old object or the new one, and keeps what it opened.
//   - What was staged and not published leaves nothing behind.
//   - Every key of valid UTF-8 whose parts between slashes have at most 255 bytes
//     can be stored, and no key names a file outside its bucket: the parts that a
//     file system treats as special are spelled differently (see component).
//     The one thing that folders cannot hold is a key beside the same key with a
//     slash behind it and more: that is refused with [ErrBesideFolder].
//   - After an fsync error the store takes no more writes ([ErrReadOnly]).
//
// Layout, below the two folders that Open is given:
//
//	objects/<bucket>/<key>                          the current version of each object
//	meta/<bucket>/versions/<key>/.bindery-v/<id>    older versions and delete markers
//	meta/<bucket>/uploads/<upload id>/              parts of multipart uploads
//	meta/<bucket>/side/<id>                         attributes too big for the file system
//	meta/.tmp/                                      staged bytes, emptied at start
//
// Files that somebody puts into a bucket's folder by hand are objects too; their
// ETag is made from size and time.
package blob

import (
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/bindery-project/bindery/internal/clock"
)

// The errors that callers compare with errors.Is.
var (
	ErrNoBucket     = errors.New("blob: no such bucket")
	ErrNotEmpty     = errors.New("blob: bucket is not empty")
	ErrNoObject     = errors.New("blob: no such object")
	ErrNoVersion    = errors.New("blob: no such version")
	ErrNoUpload     = errors.New("blob: no such upload")
	ErrInvalidKey   = errors.New("blob: key cannot be stored")
	ErrKeyTooLong   = errors.New("blob: a part of the key between slashes is longer than 255 bytes")
	ErrBesideFolder = errors.New("blob: an object cannot lie beside a folder of the same name")
	ErrFull         = errors.New("blob: disk full")
	ErrReadOnly     = errors.New("blob: writes are stopped after an I/O error")
)

// Config says where a store is.
type Config struct {
	Objects string // folder of the buckets
	Meta    string // folder of what belongs to them, on the same file system
	Clock   clock.Clock
	Random  io.Reader // nil: crypto/rand
	Sidecar bool      // keep attributes in files of their own even where the file system has extended ones
}

// Store is an open object store. It is safe for concurrent use; only one
// process may have it open.
type Store struct {
	objects, meta, tmp string
	clock              clock.Clock
	random             io.Reader
	attrs              attributes
	dirs               *dirCache
	lastID             atomic.Int64
	broken             atomic.Bool

	seed    maphash.Seed
	buckets [64]sync.RWMutex // held shared by writers, alone by DeleteBucket
	keys    [1024]sync.Mutex // held while one key changes
	uploads [64]sync.Mutex   // held while one upload is completed or aborted
}

// Open prepares the folders, removes what earlier processes left half done, and
// finds out whether the file system has extended attributes.
func Open(c Config) (*Store, error) {
	s := &Store{
		objects: c.Objects, meta: c.Meta, tmp: filepath.Join(c.Meta, ".tmp"),
		clock: c.Clock, random: c.Random, seed: maphash.MakeSeed(), dirs: newDirCache(),
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	if err := os.RemoveAll(s.tmp); err != nil {
		return nil, fmt.Errorf("blob: empty scratch: %w", err)
	}
	for _, dir := range []string{s.objects, s.tmp} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("blob: %w", err)
		}
	}
	return s, s.probe(c.Sidecar)
}

// probe tries what the store needs: a rename between its folders, and
// extended attributes.
func (s *Store) probe(sidecar bool) error {
	f, err := os.CreateTemp(s.tmp, "probe")
	if err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	defer f.Close() //nolint:errcheck // holds nothing
	name := filepath.Join(s.objects, ".probe")
	if err := os.Rename(f.Name(), name); err != nil {
		return fmt.Errorf("blob: %s and %s must be on one file system: %w", s.objects, s.meta, err)
	}
	s.attrs = &xattrs{store: s}
	if sidecar || setXattr(f, []byte("{}")) != nil {
		s.attrs = &sidecars{store: s}
	}
	return os.Remove(name)
}

// CreateBucket makes a bucket's folder. A folder that is there already is kept
// when it holds no object; else the error is ErrNotEmpty: nobody gets data by
// taking a name.
func (s *Store) CreateBucket(bucket string) error {
	if s.broken.Load() {
		return ErrReadOnly
	}
	err := os.Mkdir(s.bucketDir(bucket), 0o700)
	if errors.Is(err, fs.ErrExist) {
		return s.checkEmpty(bucket)
	}
	if err != nil {
		return s.ioError("create bucket", err)
	}
	return s.syncDir(s.objects)
}

// DeleteBucket removes an empty bucket. Uploads that were not completed go with
// it. A folder that is gone already is no error.
func (s *Store) DeleteBucket(bucket string) error {
	lock := s.bucketLock(bucket)
	lock.Lock()
	defer lock.Unlock()
	if err := s.checkEmpty(bucket); err != nil && !errors.Is(err, ErrNoBucket) {
		return err
	}
	if err := removeEmptyTree(s.bucketDir(bucket)); err != nil {
		return s.ioError("delete bucket", err)
	}
	if err := os.RemoveAll(filepath.Join(s.meta, bucket)); err != nil {
		return s.ioError("delete bucket", err)
	}
	return errors.Join(s.syncDir(s.objects), s.syncDir(s.meta))
}

func (s *Store) checkEmpty(bucket string) error {
	for _, list := range []func() (bool, error){
		func() (bool, error) { return s.hasAny(bucket, s.bucketDir(bucket), false) },
		func() (bool, error) { return s.hasAny(bucket, s.versionsDir(bucket), true) },
	} {
		found, err := list()
		if err != nil {
			return err
		}
		if found {
			return ErrNotEmpty
		}
	}
	return nil
}

// hasAny reports whether a tree holds any object or version.
func (s *Store) hasAny(bucket, root string, versions bool) (bool, error) {
	if _, err := os.Lstat(root); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	w := s.newWalker(bucket, root, WalkOptions{}, versions)
	_, ok, err := w.next()
	return ok, err
}

// removeEmptyTree removes a folder of folders. It fails when it meets a file.
func removeEmptyTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := removeEmptyTree(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return os.Remove(dir)
}

func (s *Store) bucketDir(bucket string) string { return filepath.Join(s.objects, bucket) }

func (s *Store) versionsDir(bucket string) string { return filepath.Join(s.meta, bucket, "versions") }

func (s *Store) bucketLock(bucket string) *sync.RWMutex {
	return &s.buckets[maphash.String(s.seed, bucket)%uint64(len(s.buckets))]
}

func (s *Store) keyLock(bucket, key string) *sync.Mutex {
	return &s.keys[maphash.String(s.seed, bucket+"/"+key)%uint64(len(s.keys))]
}

func (s *Store) uploadLock(id string) *sync.Mutex {
	return &s.uploads[maphash.String(s.seed, id)%uint64(len(s.uploads))]
}

// ioError names what failed and translates what callers can act on.
func (s *Store) ioError(what string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%s: %w", what, ErrFull)
	}
	return fmt.Errorf("blob: %s: %w", what, err)
}
