package s3

import (
	"context"
	"encoding/xml"
	"net/http"

	"github.com/bindery-project/bindery/internal/blob"
)

type listVersionsResult struct {
	XMLName             xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListVersionsResult"`
	Name                string
	Prefix              string
	KeyMarker           string
	VersionIDMarker     string `xml:"VersionIdMarker"`
	NextKeyMarker       string `xml:",omitempty"`
	NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
	MaxKeys             int
	Delimiter           string `xml:",omitempty"`
	EncodingType        string `xml:",omitempty"`
	IsTruncated         bool
	Entries             []any
	CommonPrefixes      []commonPrefix
}

type versionEntry struct {
	XMLName           xml.Name `xml:"Version"`
	Key               string
	VersionID         string `xml:"VersionId"`
	IsLatest          bool
	LastModified      string
	ETag              string
	ChecksumAlgorithm blob.Algorithm `xml:",omitempty"`
	ChecksumType      string         `xml:",omitempty"`
	Size              int64
	StorageClass      string
	Owner             *owner
}

type markerEntry struct {
	XMLName      xml.Name `xml:"DeleteMarker"`
	Key          string
	VersionID    string `xml:"VersionId"`
	IsLatest     bool
	LastModified string
	Owner        *owner
}

func (s *Service) listVersions(ctx context.Context, w http.ResponseWriter, q *request) error {
	encode, err := q.encoder()
	if err != nil {
		return err
	}
	limit, err := q.number("max-keys", maxKeys, 0, maxKeys)
	if err != nil {
		return err
	}
	o := blob.WalkOptions{Prefix: q.query.Get("prefix"), After: q.query.Get("key-marker"), Delimiter: q.query.Get("delimiter")}
	marker := q.query.Get("version-id-marker")
	if marker != "" && o.After == "" {
		return invalidArgument("A version-id marker cannot be specified without a key marker.", "version-id-marker", marker)
	}
	out := &listVersionsResult{
		Name: q.bucket, Prefix: encode(o.Prefix), KeyMarker: encode(o.After), VersionIDMarker: marker,
		MaxKeys: limit, Delimiter: encode(o.Delimiter), EncodingType: q.query.Get("encoding-type"),
	}
	if limit > 0 {
		if err := s.fillVersions(ctx, q, out, o, encode, limit); err != nil {
			return err
		}
	}
	return writeXML(w, out)
}

func (s *Service) fillVersions(ctx context.Context, q *request, out *listVersionsResult, o blob.WalkOptions, encode encoder, limit int) error {
	walk, err := s.Objects.WalkVersions(q.bucket, o, out.VersionIDMarker)
	if err != nil {
		return err
	}
	who := ownerOf(q.record.Account)
	var last blob.VersionEntry
	for n := 0; ; n++ {
		v, ok, err := walk.Next()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || !ok {
			return err
		}
		if n == limit {
			out.IsTruncated, out.NextKeyMarker = true, encode(last.Key)
			if !last.Common {
				out.NextVersionIDMarker = last.VersionID()
			}
			return nil
		}
		out.add(v, encode, who)
		last = v
	}
}

func (r *listVersionsResult) add(v blob.VersionEntry, encode encoder, who *owner) {
	switch key := encode(v.Key); {
	case v.Common:
		r.CommonPrefixes = append(r.CommonPrefixes, commonPrefix{key})
	case v.Marker:
		r.Entries = append(r.Entries, markerEntry{Key: key, VersionID: v.VersionID(), IsLatest: v.Latest, LastModified: stamp(v.Millis), Owner: who})
	default:
		r.Entries = append(r.Entries, versionEntry{
			Key: key, VersionID: v.VersionID(), IsLatest: v.Latest, LastModified: stamp(v.Millis), ETag: `"` + v.ETag + `"`,
			ChecksumAlgorithm: v.Checksum.Algorithm, ChecksumType: v.Checksum.Type, Size: v.Size, StorageClass: "STANDARD", Owner: who,
		})
	}
}
