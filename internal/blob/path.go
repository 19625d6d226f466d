package blob

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// escape begins the file names that stand for something else than themselves.
const escape = ".bindery-"

// versionsName is the folder that holds the versions of the key around it.
const versionsName = escape + "v"

// maxName is the longest file name, in bytes, on every file system of interest.
const maxName = 255

// component spells one part of a key (what lies between slashes) as a file
// name. All but these stand for themselves: the empty part ("a//b", "a/"), the
// two dots of the file system, and what would look like one of our own names.
func component(part string) (string, error) {
	switch {
	case part == "":
		return escape + "e", nil
	case part == ".":
		return escape + "d", nil
	case part == "..":
		return escape + "dd", nil
	case strings.HasPrefix(part, escape):
		part = escape + "q" + part[len(escape):]
	}
	if len(part) > maxName {
		return "", ErrKeyTooLong
	}
	return part, nil
}

// part is the inverse of component. ok is false for names that stand for no
// part of a key.
func part(name string) (part string, ok bool) {
	rest, special := strings.CutPrefix(name, escape)
	if !special {
		return name, true
	}
	switch {
	case rest == "e":
		return "", true
	case rest == "d":
		return ".", true
	case rest == "dd":
		return "..", true
	case strings.HasPrefix(rest, "q"):
		return escape + rest[1:], true
	}
	return "", false
}

// CheckKey tells whether a key can be stored: valid UTF-8 without NUL, and no
// part between slashes longer than a file name can be.
func CheckKey(key string) error {
	_, err := relative(key)
	return err
}

// relative is the path of a key below its bucket.
func relative(key string) (string, error) {
	if key == "" || !utf8.ValidString(key) || strings.IndexByte(key, 0) >= 0 {
		return "", fmt.Errorf("%w: %q", ErrInvalidKey, key)
	}
	return relativeDir(key)
}

// relativeDir spells every part of a key or of a prefix that ends at a slash.
func relativeDir(key string) (string, error) {
	parts := strings.Split(key, "/")
	for i, p := range parts {
		name, err := component(p)
		if err != nil {
			return "", fmt.Errorf("%w: %q", err, p)
		}
		parts[i] = name
	}
	return strings.Join(parts, string(filepath.Separator)), nil
}

// path is the file of a key's current version.
func (s *Store) path(bucket, key string) (string, error) {
	rel, err := relative(key)
	if err != nil {
		return "", err
	}
	return filepath.Join(s.bucketDir(bucket), rel), nil
}

// versionDir is the folder of a key's older versions.
func (s *Store) versionDir(bucket, key string) (string, error) {
	rel, err := relative(key)
	if err != nil {
		return "", err
	}
	return filepath.Join(s.versionsDir(bucket), rel, versionsName), nil
}
