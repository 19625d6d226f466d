package blob

import (
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/bindery-project/bindery/internal/clock"
)

var idEncoding = base32.HexEncoding.WithPadding(base32.NoPadding)

// NewID returns an id that cannot be guessed and that is greater, as text, than
// those made before it.
func (s *Store) NewID() string {
	var b [20]byte
	binary.BigEndian.PutUint64(b[:], uint64(s.tick()))
	if _, err := io.ReadFull(s.random, b[8:]); err != nil {
		panic("blob: no randomness: " + err.Error())
	}
	return strings.ToLower(idEncoding.EncodeToString(b[:]))
}

// tick is the time in ns, or later: no two calls answer the same.
func (s *Store) tick() int64 {
	for {
		last := s.lastID.Load()
		now := max(s.clock.Now().UnixNano(), last+1)
		if s.lastID.CompareAndSwap(last, now) {
			return now
		}
	}
}

func (s *Store) newVersion() string { return s.NewID() }

// ValidID tells whether a text can be an id that NewID made.
func ValidID(id string) bool {
	if len(id) != 32 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'v') {
			return false
		}
	}
	return true
}

// archived tells whether an object is kept as an older version when another one
// takes its place.
func archived(current *Info, v Versioning) bool {
	return v == Enabled || (v == Suspended && current.Version != "")
}

// archive keeps the current object as an older version: it gets a second name,
// and loses the first one when the change goes on. A crash in between leaves
// both, which listings count once.
func (s *Store) archive(bucket, key, path string, current *Info, v Versioning) error {
	if current == nil || !archived(current, v) {
		return nil
	}
	dir, err := s.versionDir(bucket, key)
	if err != nil {
		return err
	}
	to := filepath.Join(dir, current.VersionID())
	if err := s.attrs.carry(bucket, path, to); err != nil {
		return s.ioError("archive", err)
	}
	return s.link(path, to, s.meta)
}

// dropNull removes an older null version after a write without a version id
// took its place.
func (s *Store) dropNull(bucket, key string, v Versioning) error {
	if v != Suspended {
		return nil
	}
	dir, err := s.versionDir(bucket, key)
	if err != nil {
		return err
	}
	return s.removeVersion(bucket, filepath.Join(dir, NullVersion))
}

func (s *Store) removeVersion(bucket, path string) error {
	_, raw, err := s.current(bucket, path)
	if err != nil {
		return err
	}
	err = s.unlink(path, s.meta)
	if missing(err) {
		return nil
	}
	if err != nil {
		return s.ioError("delete", err)
	}
	s.attrs.drop(bucket, path, raw)
	return nil
}

// older lists a key's older versions, newest first, without the one that is
// current.
func (s *Store) older(bucket, key, current string) ([]Version, error) {
	dir, err := s.versionDir(bucket, key)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, s.ioError("list versions", err)
	}
	var out []Version
	for _, e := range entries {
		if e.Name() == current {
			continue
		}
		path := filepath.Join(dir, e.Name())
		info, _, err := s.current(bucket, path)
		if err != nil {
			return nil, err
		}
		if info != nil {
			out = append(out, Version{Info: *info, Key: key, Path: path})
		}
	}
	slices.SortFunc(out, newestFirst)
	return out, nil
}

// newestFirst orders versions by their ids, which grow with time; the null
// version has none and is placed by its time.
func newestFirst(a, b Version) int {
	if a.Millis != b.Millis {
		if a.Millis > b.Millis {
			return -1
		}
		return 1
	}
	return strings.Compare(b.Version, a.Version)
}

// Version is one version of an object.
type Version struct {
	Info
	Key    string
	Path   string // the file
	Latest bool
}

// versionsOf lists all versions of a key, newest first, the current one in front.
func (s *Store) versionsOf(bucket, key string) ([]Version, error) {
	path, err := s.path(bucket, key)
	if err != nil {
		return nil, err
	}
	current, _, err := s.current(bucket, path)
	if err != nil {
		return nil, err
	}
	id := ""
	var out []Version
	if current != nil {
		id = current.VersionID()
		out = append(out, Version{Info: *current, Key: key, Path: path, Latest: true})
	}
	older, err := s.older(bucket, key, id)
	if err != nil {
		return nil, err
	}
	if current == nil && len(older) > 0 {
		older[0].Latest = true
	}
	return append(out, older...), nil
}

// addMarker writes a delete marker as the newest version of a key.
func (s *Store) addMarker(bucket, key string, v Versioning) (*Info, error) {
	dir, err := s.versionDir(bucket, key)
	if err != nil {
		return nil, err
	}
	info := &Info{Marker: true, Millis: clock.Millis(s.clock.Now())}
	if v == Enabled {
		info.Version = s.newVersion()
	}
	f, err := os.CreateTemp(s.tmp, "marker")
	if err != nil {
		return nil, s.ioError("mark", err)
	}
	defer f.Close() //nolint:errcheck // synced below
	if err := s.date(f, info); err != nil {
		return nil, s.ioError("mark", err)
	}
	doc, err := json.Marshal(info)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, info.VersionID())
	if err := errors.Join(s.attrs.attach(f, bucket, doc), s.attrs.place(bucket, path, doc), s.syncFile(f)); err != nil {
		return nil, s.ioError("mark", err)
	}
	return info, s.rename(f.Name(), path, s.meta)
}

// missing tells whether a path leads nowhere.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
}
