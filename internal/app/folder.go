package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// formatVersion is the version of the data folder's layout that this program
// writes. A folder with a higher one was written by a newer program.
const formatVersion = 1

// Folder is an open and locked data folder.
//
//	.gitignore   keeps the folder out of a repository
//	LOCK         held while a server or an offline command works on the folder
//	FORMAT       layout version
//	server.json  the running server's address, account and region
//	credentials  the first account's root access key, mode 0600
//	keys/        the root keyset
//	bindery.db   the store
//	audit/       the audit trail
//	s3/ s3-meta/ objects and what belongs to them
//	tmp/         scratch, emptied at start
type Folder struct {
	Path string
	lock *os.File
}

// ErrLocked says that another process has the folder open.
var ErrLocked = errors.New("the data folder is in use by another bindery process")

// OpenFolder creates the folder when absent, locks it and checks its format.
func OpenFolder(path string) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{"", "keys", "audit", "s3", "s3-meta", "tmp"} {
		if err := os.MkdirAll(filepath.Join(path, dir), 0o700); err != nil {
			return nil, fmt.Errorf("data folder: %w", err)
		}
	}
	if err := os.Chmod(path, 0o700); err != nil { //nolint:gosec // a folder needs x; it may have been there, open to others
		return nil, fmt.Errorf("data folder: %w", err)
	}
	f := &Folder{Path: path}
	if err := f.acquire(); err != nil {
		return nil, err
	}
	if err := errors.Join(f.checkFormat(), f.emptyScratch()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// acquire takes the folder's lock, which the kernel drops with the process.
func (f *Folder) acquire() error {
	lock, err := os.OpenFile(f.File("LOCK"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return fmt.Errorf("%s: %w", f.Path, ErrLocked)
	}
	f.lock = lock
	return nil
}

func (f *Folder) checkFormat() error {
	text, err := os.ReadFile(f.File("FORMAT"))
	if errors.Is(err, fs.ErrNotExist) {
		return errors.Join(
			WriteFile(f.File(".gitignore"), []byte("*\n"), 0o600), // keys and credentials must not be committed by accident
			WriteFile(f.File("FORMAT"), fmt.Appendf(nil, "%d\n", formatVersion), 0o600),
		)
	}
	if err != nil {
		return err
	}
	var version int
	if _, err := fmt.Sscan(string(text), &version); err != nil {
		return fmt.Errorf("%s: not a format version: %q", f.File("FORMAT"), strings.TrimSpace(string(text)))
	}
	if version > formatVersion {
		return fmt.Errorf("%s was written by a newer bindery (format %d, this program knows %d)", f.Path, version, formatVersion)
	}
	return nil
}

func (f *Folder) emptyScratch() error {
	if err := os.RemoveAll(f.File("tmp")); err != nil {
		return err
	}
	return os.MkdirAll(f.File("tmp"), 0o700)
}

// File is the path of something in the folder.
func (f *Folder) File(name ...string) string {
	return filepath.Join(append([]string{f.Path}, name...)...)
}

// Close gives the folder free.
func (f *Folder) Close() error { return f.lock.Close() }

// Running is what server.json says about the server on a folder.
type Running struct {
	URL     string `json:"url"`
	Account string `json:"account"`
	Region  string `json:"region"`
	PID     int    `json:"pid"`
}

// Announce writes the running server's address.
func (f *Folder) Announce(r Running) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(f.File("server.json"), append(text, '\n'), 0o600)
}

// ReadRunning reads which server a folder belongs to, without locking it.
func ReadRunning(path string) (Running, error) {
	var r Running
	if path == "" {
		return r, errors.New("--data is required: the data folder of the server (or set BINDERY_DATA)")
	}
	text, err := os.ReadFile(filepath.Join(path, "server.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return r, fmt.Errorf("no server has run on %s yet: start one with `bindery serve --data %s`", path, path)
	}
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

// WriteFile writes a file so that it is whole or absent after a crash: a
// temporary file, fsync, rename, and fsync of the folder.
func WriteFile(path string, data []byte, mode os.FileMode) error {
	tmp, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
