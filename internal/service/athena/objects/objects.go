// Package objects is the object store as Athena needs it: to list and read the files of
// tables, and to write and read results. Everything happens with the rights of the caller
// in the context, as if the caller had asked the store through Athena.
package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Store is implemented by the object store's service; app connects the two.
//
// Each method authorizes the call in ctx, with Athena among the services it came through.
// A refusal is an *op.Denied.
type Store interface {
	// Locate checks that the bucket exists (s3:GetBucketLocation) and tells its owner's
	// account id. The error is ErrNoBucket when it does not.
	Locate(ctx context.Context, bucket string) (owner string, err error)
	// List hands the objects whose keys begin with prefix to each, in the order of their
	// keys (s3:ListBucket with that prefix), until each returns an error, which List returns.
	List(ctx context.Context, bucket, prefix string, each func(Object) error) error
	// MayRead checks that an object may be read (s3:GetObject), without reading it.
	MayRead(ctx context.Context, bucket, key string) error
	// Open reads an object (s3:GetObject). The error is ErrNoObject when there is none.
	Open(ctx context.Context, bucket, key string) (File, error)
	// Write stores an object (s3:PutObject), durably, once body has ended; when body
	// fails, nothing is stored and its error is returned.
	Write(ctx context.Context, bucket, key, contentType string, body io.Reader) error
}

// Object is an object of a list.
type Object struct {
	Key      string
	Size     int64
	ETag     string
	Modified time.Time
	Path     string // where its bytes are on this machine
}

// File is an object that is open for reading.
type File interface {
	io.ReadSeekCloser
	Size() int64
}

// Errors of a Store.
var (
	ErrNoBucket = errors.New("objects: no such bucket")
	ErrNoObject = errors.New("objects: no such object")
)

// Location is a place in the object store. Key is a prefix where a folder is meant.
type Location struct{ Bucket, Key string }

// Parse reads "s3://bucket/key". The schemes s3a and s3n mean the same.
func Parse(url string) (Location, error) {
	scheme, rest, found := strings.Cut(url, "://")
	switch {
	case !found:
		return Location{}, fmt.Errorf("%q is not an S3 location", url)
	case scheme != "s3" && scheme != "s3a" && scheme != "s3n":
		return Location{}, fmt.Errorf("%q: scheme %s is not supported", url, scheme)
	}
	bucket, key, _ := strings.Cut(rest, "/")
	if bucket == "" {
		return Location{}, fmt.Errorf("%q names no bucket", url)
	}
	return Location{bucket, key}, nil
}

// String is the location as a URL.
func (l Location) String() string { return "s3://" + l.Bucket + "/" + l.Key }

// Folder is the location with a slash at its end, so that it is a prefix of what lies
// in it and of nothing beside it.
func (l Location) Folder() Location {
	if l.Key != "" && !strings.HasSuffix(l.Key, "/") {
		l.Key += "/"
	}
	return l
}

// Hidden reports whether a key below the folder is one that queries ignore: any part of
// its path begins with an underscore or a dot.
func (l Location) Hidden(key string) bool {
	for part := range strings.SplitSeq(strings.TrimPrefix(key, l.Key), "/") {
		if strings.HasPrefix(part, "_") || strings.HasPrefix(part, ".") {
			return true
		}
	}
	return false
}
