package blob

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
)

// NullVersion is the version id of objects written without versioning.
const NullVersion = "null"

// Info is what is known about an object beside its bytes. It is stored as JSON
// in the object's attribute.
type Info struct {
	ETag     string            `json:"etag"` // without quotes
	Version  string            `json:"version,omitempty"`
	Millis   int64             `json:"time"` // when it was written
	Marker   bool              `json:"marker,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`  // Content-Type and its like, by canonical name
	Metadata map[string]string `json:"metadata,omitempty"` // x-amz-meta-, by lower-case name
	Tags     map[string]string `json:"tags,omitempty"`
	Checksum Checksum          `json:"checksum,omitzero"`
	Parts    []Part            `json:"parts,omitempty"`
	Upload   string            `json:"upload,omitempty"` // the multipart upload that made it

	// Size and MTime (ns) are those of the file that the attribute was written
	// for: a file that was changed by other means is not described by it any more.
	Size  int64 `json:"size"`
	MTime int64 `json:"mtime"`
}

// Part is one part of an object that was uploaded in parts.
type Part struct {
	Number   int    `json:"n"`
	Size     int64  `json:"size"`
	Checksum string `json:"sum,omitempty"`
}

// Modified is when the object was written.
func (i *Info) Modified() time.Time { return clock.FromMillis(i.Millis) }

// VersionID is the version id that clients see.
func (i *Info) VersionID() string {
	if i.Version == "" {
		return NullVersion
	}
	return i.Version
}

// sameFile tells whether a file can be the one that i was written for. Whole
// seconds are enough here: backups may have cut off the rest.
func (i *Info) sameFile(file fs.FileInfo) bool {
	return i.Size == file.Size() && time.Unix(0, i.MTime).Unix() == file.ModTime().Unix()
}

// describe reads the attribute of a file, or makes one up for a file that has
// none, or one that belongs to earlier bytes.
func describe(doc []byte, file fs.FileInfo) (*Info, error) {
	var i Info
	if len(doc) > 0 {
		if err := json.Unmarshal(doc, &i); err != nil {
			return nil, fmt.Errorf("blob: attribute of %s is damaged: %w", file.Name(), err)
		}
		if i.Marker || i.sameFile(file) {
			return &i, nil
		}
	}
	return &Info{ETag: madeUpTag(file), Millis: clock.Millis(file.ModTime()), Size: file.Size()}, nil
}

// madeUpTag is the ETag of a file that nobody hashed. The suffix says that it
// is no MD5, as for objects uploaded in parts.
func madeUpTag(file fs.FileInfo) string {
	var b [16]byte
	for i := range 8 {
		b[i] = byte(file.Size() >> (8 * i))
		b[8+i] = byte(file.ModTime().UnixNano() >> (8 * i))
	}
	return hex.EncodeToString(b[:]) + "-0"
}
