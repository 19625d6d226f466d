package crawler

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// IncludePath is where a target begins: `s3://bucket/prefix`. The prefix is a folder or a single object, never part of a name.
type IncludePath struct {
	Bucket string
	Prefix string // without `/` at the end; empty for the whole bucket
}

// ParseIncludePath reads the Path of an S3 target; the scheme may be s3, s3a or s3n.
func ParseIncludePath(path string) (IncludePath, error) {
	_, rest, ok := strings.Cut(path, "://")
	if !ok || !slices.Contains([]string{"s3", "s3a", "s3n"}, strings.ToLower(path[:len(path)-len(rest)-3])) {
		return IncludePath{}, fmt.Errorf("include path %q does not begin with s3://", path)
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	if bucket == "" {
		return IncludePath{}, errors.New("include path without a bucket")
	}
	return IncludePath{Bucket: bucket, Prefix: strings.TrimRight(prefix, "/")}, nil
}

// Covers reports whether the object lies at or below the include path: `data` covers `data` and `data/x`, not `database`.
func (p IncludePath) Covers(key string) bool {
	return p.Prefix == "" || key == p.Prefix || strings.HasPrefix(key, p.Prefix+"/")
}

// Relative is the key without the include path, which exclusions match.
func (p IncludePath) Relative(key string) string {
	if key == p.Prefix {
		return key[strings.LastIndexByte(key, '/')+1:]
	}
	return strings.TrimPrefix(key, p.folder())
}

// folder is the prefix with `/` at the end, or empty.
func (p IncludePath) folder() string {
	if p.Prefix == "" {
		return ""
	}
	return p.Prefix + "/"
}

// depth is the level of the include path as TableLevelConfiguration counts: the bucket is 1.
func (p IncludePath) depth() int {
	return 1 + strings.Count(p.folder(), "/")
}

// folder is a node of the tree of keys.
type folder struct {
	path     string // key prefix with `/` at the end; empty for the bucket
	name     string // last segment
	parent   *folder
	children []*folder // ordered by name
	files    []Object  // ordered by key
}

// add puts an object at a path below the folder. Objects come in the order of their keys, which keeps a folder's
// together: the child wanted is the last one or a new one.
func (f *folder) add(path string, o Object) {
	name, rest, nested := strings.Cut(path, "/")
	if !nested {
		f.files = append(f.files, o)
		return
	}
	if n := len(f.children); n == 0 || f.children[n-1].name != name {
		f.children = append(f.children, &folder{path: f.path + name + "/", name: name, parent: f})
	}
	f.children[len(f.children)-1].add(rest, o)
}

func (f *folder) child(name string) *folder {
	at := slices.IndexFunc(f.children, func(c *folder) bool { return c.name == name })
	if at < 0 {
		return nil
	}
	return f.children[at]
}

// defaultPartition is how Hive writes a partition value that is NULL or empty; the catalog holds no empty value.
const defaultPartition = "__HIVE_DEFAULT_PARTITION__"

// splitLevel reads a folder's name as a partition. In `key=value` the value is percent-decoded, as Hive writes it; a value that does not decode
// is taken as it stands, as is the name of any other folder.
func splitLevel(name string) (l level, value string) {
	key, value, ok := strings.Cut(name, "=")
	switch {
	case name == "":
		return level{}, defaultPartition
	case !ok || key == "":
		return level{}, name
	case value == "":
		value = defaultPartition
	}
	if decoded, err := url.PathUnescape(value); err == nil {
		value = decoded
	}
	if decoded, err := url.PathUnescape(key); err == nil {
		key = decoded
	}
	return level{key: key, named: true}, value
}
