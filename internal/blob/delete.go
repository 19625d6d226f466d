package blob

import (
	"os"
	"path/filepath"
)

// Deleted tells what a deletion did.
type Deleted struct {
	Marker  bool   // a delete marker was written, or the version removed was one
	Version string // its id, or that of the version removed; "" in a bucket without versioning
}

// Delete removes the current object of a key, durably. In a versioned bucket it
// stays as an older version behind a delete marker. A key that has no object is
// no error unless the condition says so.
func (s *Store) Delete(bucket, key string, v Versioning, check Condition) (Deleted, error) {
	path, err := s.path(bucket, key)
	if err != nil {
		return Deleted{}, err
	}
	unlock, err := s.lockWritable(bucket, key)
	if err != nil {
		return Deleted{}, err
	}
	defer unlock()
	current, raw, err := s.current(bucket, path)
	if err != nil {
		return Deleted{}, err
	}
	if err := check(current); err != nil {
		return Deleted{}, err
	}
	var done Deleted
	if v != Unversioned {
		if done, err = s.bury(bucket, key, path, current, v); err != nil {
			return Deleted{}, err
		}
	}
	if current == nil {
		return done, nil
	}
	if err := s.unlink(path, s.bucketDir(bucket)); err != nil {
		return Deleted{}, s.ioError("delete", err)
	}
	if !archived(current, v) {
		s.attrs.drop(bucket, path, raw)
	}
	return done, nil
}

func (s *Store) lockWritable(bucket, key string) (func(), error) {
	if s.broken.Load() {
		return nil, ErrReadOnly
	}
	return s.lock(bucket, key)
}

// bury keeps the current object as an older version and puts a delete marker
// on top.
func (s *Store) bury(bucket, key, path string, current *Info, v Versioning) (Deleted, error) {
	if err := s.archive(bucket, key, path, current, v); err != nil {
		return Deleted{}, err
	}
	if err := s.dropNull(bucket, key, v); err != nil {
		return Deleted{}, err
	}
	marker, err := s.addMarker(bucket, key, v)
	if err != nil {
		return Deleted{}, err
	}
	return Deleted{Marker: true, Version: marker.VersionID()}, nil
}

// DeleteVersion removes one version for good. When it was the newest, the one
// before becomes current again. A version that does not exist is no error.
func (s *Store) DeleteVersion(bucket, key, version string, check Condition) (Deleted, error) {
	unlock, err := s.lockWritable(bucket, key)
	if err != nil {
		return Deleted{}, err
	}
	defer unlock()
	all, err := s.versionsOf(bucket, key)
	if err != nil {
		return Deleted{}, err
	}
	for i := range all {
		if all[i].VersionID() != version {
			continue
		}
		if err := check(&all[i].Info); err != nil {
			return Deleted{}, err
		}
		done := Deleted{Marker: all[i].Marker, Version: version}
		return done, s.removeOne(bucket, key, all, i)
	}
	if err := check(nil); err != nil {
		return Deleted{}, err
	}
	return Deleted{Version: version}, nil
}

// removeOne removes version i of all. The version that becomes current gets its
// new name first, so that a crash never hides it.
func (s *Store) removeOne(bucket, key string, all []Version, i int) error {
	path, err := s.path(bucket, key)
	if err != nil {
		return err
	}
	gone := all[i]
	var next *Version
	if gone.Latest && i+1 < len(all) && !all[i+1].Marker {
		next = &all[i+1]
	}
	if next != nil {
		return s.promote(bucket, path, gone, next)
	}
	if gone.Path == path {
		_, raw, _ := s.current(bucket, path)
		if err := s.unlink(path, s.bucketDir(bucket)); err != nil {
			return s.ioError("delete", err)
		}
		s.attrs.drop(bucket, path, raw)
		return s.forgetCopy(bucket, key, gone.VersionID())
	}
	return s.removeVersion(bucket, gone.Path)
}

// promote makes an older version current, in place of the removed one.
func (s *Store) promote(bucket, path string, gone Version, next *Version) error {
	if err := s.attrs.carry(bucket, next.Path, path); err != nil {
		return s.ioError("promote", err)
	}
	staged := filepath.Join(s.tmp, s.NewID())
	if err := os.Link(next.Path, staged); err != nil {
		return s.ioError("promote", err)
	}
	if err := s.rename(staged, path, s.bucketDir(bucket)); err != nil {
		_ = os.Remove(staged)
		return err
	}
	if gone.Path != path {
		if err := s.removeVersion(bucket, gone.Path); err != nil {
			return err
		}
	}
	if err := s.unlink(next.Path, s.meta); err != nil && !missing(err) {
		return s.ioError("promote", err)
	}
	return nil
}

// forgetCopy removes the second name that an interrupted change may have left.
func (s *Store) forgetCopy(bucket, key, version string) error {
	dir, err := s.versionDir(bucket, key)
	if err != nil {
		return err
	}
	if err := s.unlink(filepath.Join(dir, version), s.meta); err != nil && !missing(err) {
		return s.ioError("delete", err)
	}
	return nil
}
