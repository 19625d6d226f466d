package blob

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// attributes keeps the description of a file. A description is about certain
// bytes: it is attached before the file gets its name, so that name, bytes and
// description change in one step.
type attributes interface {
	// attach describes a file that has no name yet.
	attach(f *os.File, bucket string, doc []byte) error
	// place is told the path that the file is going to have. The key is locked.
	place(bucket, path string, doc []byte) error
	// read returns the description of the open file f, or when f is nil of the
	// file at path; nil when there is none.
	read(f *os.File, bucket, path string) ([]byte, error)
	// carry is told that the file at one path gets another path too.
	carry(bucket, from, to string) error
	// drop is told what description a removed or replaced file had.
	drop(bucket, path string, doc []byte)
	// change replaces the description of the file at path.
	change(bucket, path string, doc []byte) error
}

const xattrName = "user.bindery.object"

// xattrs keeps descriptions in an extended attribute. One that is too big for
// the file system goes to a side file, and the attribute names it.
type xattrs struct{ store *Store }

// sideRef is the attribute of a file whose description is in a side file.
type sideRef struct {
	Side string `json:"side"`
}

func setXattr(f *os.File, doc []byte) error {
	return unix.Fsetxattr(int(f.Fd()), xattrName, doc, 0)
}

func (x *xattrs) attach(f *os.File, bucket string, doc []byte) error {
	err := setXattr(f, doc)
	if !tooBig(err) {
		return err
	}
	ref, err := x.side(bucket, doc)
	if err != nil {
		return err
	}
	return setXattr(f, ref)
}

// tooBig tells whether a file system refused an attribute for its size; ext4
// answers ENOSPC.
func tooBig(err error) bool {
	return errors.Is(err, unix.E2BIG) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.ERANGE)
}

func (x *xattrs) side(bucket string, doc []byte) ([]byte, error) {
	id := x.store.NewID()
	if err := x.store.writeSmall(x.store.sidePath(bucket, id), doc); err != nil {
		return nil, err
	}
	return json.Marshal(sideRef{id})
}

func (x *xattrs) place(string, string, []byte) error { return nil }

func (x *xattrs) read(f *os.File, bucket, path string) ([]byte, error) {
	doc, err := getXattr(f, path)
	if err != nil || !bytes.HasPrefix(doc, []byte(`{"side":`)) {
		return doc, err
	}
	var ref sideRef
	if err := json.Unmarshal(doc, &ref); err != nil {
		return nil, fmt.Errorf("blob: attribute of %s: %w", path, err)
	}
	return os.ReadFile(x.store.sidePath(bucket, ref.Side))
}

func getXattr(f *os.File, path string) ([]byte, error) {
	buf := make([]byte, 1024)
	for {
		n, err := readXattr(f, path, buf)
		switch {
		case errors.Is(err, unix.ERANGE):
			buf = make([]byte, 4*len(buf))
		case errors.Is(err, unix.ENODATA):
			return nil, nil
		case err != nil:
			return nil, &fs.PathError{Op: "getxattr", Path: path, Err: err}
		default:
			return buf[:n], nil
		}
	}
}

func readXattr(f *os.File, path string, buf []byte) (int, error) {
	if f != nil {
		return unix.Fgetxattr(int(f.Fd()), xattrName, buf)
	}
	return unix.Lgetxattr(path, xattrName, buf)
}

func (x *xattrs) carry(string, string, string) error { return nil }

func (x *xattrs) drop(bucket, _ string, doc []byte) {
	var ref sideRef
	if bytes.HasPrefix(doc, []byte(`{"side":`)) && json.Unmarshal(doc, &ref) == nil {
		_ = os.Remove(x.store.sidePath(bucket, ref.Side)) // an orphan costs space only
	}
}

func (x *xattrs) change(bucket, path string, doc []byte) error {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // Sync has reported
	before, err := getXattr(f, path)
	if err != nil {
		return err
	}
	if err := x.attach(f, bucket, doc); err != nil {
		return err
	}
	if err := x.store.syncFile(f); err != nil {
		return err
	}
	x.drop(bucket, path, before)
	return nil
}

func (s *Store) sidePath(bucket, id string) string { return filepath.Join(s.meta, bucket, "side", id) }

// sidecars keeps descriptions in files of their own, where the file system has
// no extended attributes. A side file holds a list: the description of the
// bytes that are at the path and of those that are about to be; which one
// applies, size and time of the file tell.
type sidecars struct{ store *Store }

func (c *sidecars) file(bucket, path string) string {
	rel := strings.TrimPrefix(strings.TrimPrefix(path, c.store.objects), c.store.meta)
	if strings.HasPrefix(path, c.store.meta) {
		rel = "meta:" + rel
	}
	sum := sha256.Sum256([]byte(rel))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(c.store.meta, bucket, "side", name[:2], name)
}

func (c *sidecars) attach(*os.File, string, []byte) error { return nil }

func (c *sidecars) place(bucket, path string, doc []byte) error {
	list := []json.RawMessage{doc}
	if now, err := c.read(nil, bucket, path); err == nil && now != nil {
		list = append(list, now)
	}
	return c.write(bucket, path, list)
}

func (c *sidecars) write(bucket, path string, list []json.RawMessage) error {
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return c.store.writeSmall(c.file(bucket, path), text)
}

func (c *sidecars) read(f *os.File, bucket, path string) ([]byte, error) {
	stat := func() (fs.FileInfo, error) { return os.Lstat(path) }
	if f != nil {
		stat = f.Stat
	}
	file, err := stat()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(c.file(bucket, path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return c.pick(text, file)
}

func (c *sidecars) pick(text []byte, file fs.FileInfo) ([]byte, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("blob: side file of %s: %w", file.Name(), err)
	}
	for _, doc := range list {
		var i Info
		if json.Unmarshal(doc, &i) != nil || !i.sameFile(file) {
			continue
		}
		if len(list) == 1 || i.MTime == file.ModTime().UnixNano() {
			return doc, nil
		}
	}
	return nil, nil
}

func (c *sidecars) carry(bucket, from, to string) error {
	doc, err := c.read(nil, bucket, from)
	if err != nil || doc == nil {
		return err
	}
	return c.write(bucket, to, []json.RawMessage{doc})
}

func (c *sidecars) drop(bucket, path string, _ []byte) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		_ = os.Remove(c.file(bucket, path)) // an orphan costs space only
	}
}

func (c *sidecars) change(bucket, path string, doc []byte) error {
	return c.write(bucket, path, []json.RawMessage{doc})
}
