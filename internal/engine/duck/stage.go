package duck

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bindery-project/bindery/internal/engine"
)

// stageRelations gives every file a name that DuckDB takes literally. DuckDB expands
// wildcards even in lists of exact names, and a key may hold any character; such a file gets
// a plain name in folder, which only the server can write, as a hard link, or as a copy
// where the file system cannot link. Symbolic links are not used: they would name the key.
func stageRelations(relations []engine.Relation, folder string) ([]engine.Relation, error) {
	staged := append([]engine.Relation{}, relations...)
	serial := 0
	for i, r := range relations {
		staged[i].Files = append([]engine.File{}, r.Files...)
		for j, f := range r.Files {
			path, err := realPath(f)
			if err != nil {
				return nil, err
			}
			if !isPlain(path) {
				serial++
				name := filepath.Join(folder, fmt.Sprintf("file-%d", serial))
				if err := linkOrCopy(path, name); err != nil {
					return nil, missing(f, err)
				}
				path = name
			}
			staged[i].Files[j].Path = path
			if !isPlain(path) {
				return nil, fmt.Errorf("scratch folder %q has a name that DuckDB would expand", folder)
			}
		}
	}
	return staged, nil
}

// realPath resolves symbolic links in the folders above the file (DuckDB and Landlock see
// real names) and refuses what is no regular file.
func realPath(f engine.File) (string, error) {
	if !filepath.IsAbs(f.Path) || strings.ContainsRune(f.Path, 0) {
		return "", fmt.Errorf("path of %s is not absolute", f.Key)
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(f.Path))
	if err != nil {
		return "", missing(f, err)
	}
	path := filepath.Join(folder, filepath.Base(f.Path))
	info, err := os.Lstat(path)
	if err != nil {
		return "", missing(f, err)
	}
	if !info.Mode().IsRegular() {
		return "", &engine.Error{Class: engine.ClassMissingFile, Message: f.Key + ": not a regular file", File: f.Key}
	}
	return path, nil
}

// missing hides the path of this machine behind the key.
func missing(f engine.File, err error) error {
	text := "cannot be read"
	if errors.Is(err, fs.ErrNotExist) {
		text = "does not exist"
	}
	return &engine.Error{Class: engine.ClassMissingFile, Message: f.Key + " " + text, File: f.Key, Err: err}
}

// isPlain accepts the characters that mean themselves to DuckDB's file system.
func isPlain(path string) bool {
	for i := range len(path) {
		c := path[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte("/._-=+,@%: ", c) >= 0:
		default:
			return false
		}
	}
	return true
}

func linkOrCopy(from, to string) error {
	if err := os.Link(from, to); err == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
