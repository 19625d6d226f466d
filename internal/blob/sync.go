package blob

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// syncFile makes an open file durable. After an error nobody knows what the
// kernel kept: the store takes no more writes.
func (s *Store) syncFile(f *os.File) error {
	if err := f.Sync(); err != nil {
		if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
			s.broken.Store(true)
		}
		return s.ioError("sync", err)
	}
	return nil
}

// syncDir makes the entries of a folder durable.
func (s *Store) syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return s.ioError("sync folder", err)
	}
	return errors.Join(s.syncFile(f), f.Close())
}

// syncUp makes the entries of a folder and of those above it, up to and with
// root, durable. A clean folder costs the kernel nothing.
func (s *Store) syncUp(dir, root string) error {
	for {
		if err := s.syncDir(dir); err != nil {
			return err
		}
		if dir == root {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

// makeDirs makes the folders from root (which must exist) to dir.
func makeDirs(dir, root string) error {
	err := os.Mkdir(dir, 0o700)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		if st, err := os.Lstat(dir); err == nil && !st.IsDir() {
			return fmt.Errorf("%w: %s is an object", ErrBesideFolder, filepath.Base(dir))
		}
		return nil
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w: a part of the path is an object", ErrBesideFolder)
	case errors.Is(err, fs.ErrNotExist) && dir != root && strings.HasPrefix(dir, root):
		if err := makeDirs(filepath.Dir(dir), root); err != nil {
			return err
		}
		return makeDirs(dir, root)
	}
	return err
}

// tries bounds how often a step is repeated that a concurrent removal of empty
// folders made fail.
const tries = 100

// rename gives a staged file its name, making the folders on the way, and makes
// that durable. Folders that others remove at the same moment are made again.
func (s *Store) rename(from, to, root string) error {
	return s.name(to, root, func() error { return os.Rename(from, to) })
}

// link gives a file a second name. One that exists already stays.
func (s *Store) link(from, to, root string) error {
	return s.name(to, root, func() error {
		if err := os.Link(from, to); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	})
}

func (s *Store) name(to, root string, step func() error) error {
	dir := filepath.Dir(to)
	var err error
	for range tries {
		if err = step(); errors.Is(err, fs.ErrNotExist) {
			if err = makeDirs(dir, root); err == nil {
				err = step()
			}
		}
		switch {
		case err == nil:
			s.dirs.forget(dir, root)
			return s.syncUp(dir, root)
		case errors.Is(err, fs.ErrNotExist):
		case isFolder(err, to):
			if removeEmptyTree(to) != nil {
				return fmt.Errorf("%w: %s is a folder", ErrBesideFolder, filepath.Base(to))
			}
		case errors.Is(err, syscall.ENOTDIR):
			return fmt.Errorf("%w: a part of the path is an object", ErrBesideFolder)
		case errors.Is(err, ErrBesideFolder):
			return err
		default:
			return s.ioError("publish", err)
		}
	}
	return s.ioError("publish", err)
}

// isFolder tells whether a rename failed because a folder has the name.
func isFolder(err error, path string) bool {
	if !errors.Is(err, syscall.EISDIR) && !errors.Is(err, fs.ErrExist) && !errors.Is(err, syscall.ENOTEMPTY) {
		return false
	}
	st, statErr := os.Lstat(path)
	return statErr == nil && st.IsDir()
}

// unlink removes a file and the folders that become empty, below root, and
// makes that durable.
func (s *Store) unlink(path, root string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	s.dirs.forget(dir, root)
	for dir != root && os.Remove(dir) == nil {
		dir = filepath.Dir(dir)
		s.dirs.forget(dir, root)
	}
	err := s.syncDir(dir)
	if errors.Is(err, fs.ErrNotExist) { // another removal went further up
		return s.syncDir(root)
	}
	return err
}

// writeSmall writes a file so that it is whole or absent after a crash.
func (s *Store) writeSmall(path string, data []byte) error {
	f, err := os.CreateTemp(s.tmp, "small")
	if err != nil {
		return s.ioError("write", err)
	}
	if _, err = f.Write(data); err == nil {
		err = s.syncFile(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return s.ioError("write", err)
	}
	if err := s.rename(f.Name(), path, s.meta); err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	return nil
}
