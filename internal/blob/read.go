package blob

import (
	"os"
	"path/filepath"
	"syscall"
)

// Object is an open object. The bytes stay readable when the object is replaced
// or deleted meanwhile.
type Object struct {
	*os.File
	Info *Info
	Path string
}

// DeletedError says that the newest version of a key is a delete marker, or
// that the version asked for is one.
type DeletedError struct {
	Marker Info
}

// Error implements error.
func (e *DeletedError) Error() string {
	return "blob: object was deleted by marker " + e.Marker.VersionID()
}

// Unwrap makes errors.Is(err, ErrNoObject) true.
func (e *DeletedError) Unwrap() error { return ErrNoObject }

// Read opens an object, or one version of it when version is not empty. The
// caller closes it. Errors: ErrNoObject (a *DeletedError when a marker says so),
// ErrNoVersion, ErrInvalidKey, ErrKeyTooLong.
func (s *Store) Read(bucket, key, version string) (*Object, error) {
	path, err := s.path(bucket, key)
	if err != nil {
		return nil, err
	}
	if version == "" {
		o, err := s.open(bucket, path)
		if missing(err) {
			return nil, s.gone(bucket, key)
		}
		return o, err
	}
	return s.readVersion(bucket, key, path, version)
}

func (s *Store) open(bucket, path string) (*Object, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	o, err := s.opened(f, bucket, path)
	if err != nil {
		_ = f.Close()
	}
	return o, err
}

func (s *Store) opened(f *os.File, bucket, path string) (*Object, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, os.ErrNotExist
	}
	doc, err := s.attrs.read(f, bucket, path)
	if err != nil {
		return nil, err
	}
	info, err := describe(doc, st)
	if err != nil {
		return nil, err
	}
	return &Object{File: f, Info: info, Path: path}, nil
}

// gone says why a key has no current object.
func (s *Store) gone(bucket, key string) error {
	older, err := s.older(bucket, key, "")
	if err != nil {
		return err
	}
	if len(older) > 0 && older[0].Marker {
		return &DeletedError{older[0].Info}
	}
	return ErrNoObject
}

func (s *Store) readVersion(bucket, key, path, version string) (*Object, error) {
	if version != NullVersion && !ValidID(version) {
		return nil, ErrNoVersion
	}
	if o, err := s.open(bucket, path); err == nil {
		if o.Info.VersionID() == version {
			return o, nil
		}
		_ = o.Close()
	} else if !missing(err) {
		return nil, err
	}
	dir, err := s.versionDir(bucket, key)
	if err != nil {
		return nil, err
	}
	o, err := s.open(bucket, filepath.Join(dir, version))
	if missing(err) {
		return nil, ErrNoVersion
	}
	if err == nil && o.Info.Marker {
		_ = o.Close()
		return nil, &DeletedError{*o.Info}
	}
	return o, err
}

// Stat describes an object without keeping it open. Errors are Read's.
func (s *Store) Stat(bucket, key, version string) (*Info, error) {
	o, err := s.Read(bucket, key, version)
	if err != nil {
		return nil, err
	}
	return o.Info, o.Close()
}

// Change rewrites what is known about an object (its tags) in place, durably.
func (s *Store) Change(bucket, key, version string, change func(*Info) error) (*Info, error) {
	unlock, err := s.lockWritable(bucket, key)
	if err != nil {
		return nil, err
	}
	defer unlock()
	o, err := s.Read(bucket, key, version)
	if err != nil {
		return nil, err
	}
	defer o.Close() //nolint:errcheck // read only
	if err := change(o.Info); err != nil {
		return nil, err
	}
	if o.Info.MTime == 0 { // a file put there by hand gets its description now
		st, err := o.Stat()
		if err != nil {
			return nil, s.ioError("read", err)
		}
		o.Info.MTime = st.ModTime().UnixNano()
	}
	return o.Info, s.writeInfo(bucket, o.Path, o.Info)
}
