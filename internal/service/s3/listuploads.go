package s3

import (
	"context"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/blob"
)

type listPartsResult struct {
	XMLName              xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListPartsResult"`
	Bucket               string
	Key                  string
	UploadID             string `xml:"UploadId"`
	Initiator            *owner
	Owner                *owner
	StorageClass         string
	PartNumberMarker     int
	NextPartNumberMarker int
	MaxParts             int
	IsTruncated          bool
	ChecksumAlgorithm    blob.Algorithm `xml:",omitempty"`
	ChecksumType         string         `xml:",omitempty"`
	Parts                []partEntry    `xml:"Part"`
}

type partEntry struct {
	PartNumber   int
	LastModified string
	ETag         string
	Size         int64
	checksums
}

func (s *Service) listParts(_ context.Context, w http.ResponseWriter, q *request) error {
	u, err := s.upload(q)
	if err != nil {
		return err
	}
	limit, err := q.number("max-parts", maxKeys, 0, maxKeys)
	if err != nil {
		return err
	}
	marker, err := q.number("part-number-marker", 0, 0, maxParts)
	if err != nil {
		return err
	}
	parts, err := s.Objects.Parts(q.bucket, u.ID)
	if err != nil {
		return err
	}
	who := ownerOf(q.record.Account)
	out := &listPartsResult{
		Bucket: q.bucket, Key: q.key, UploadID: u.ID, Initiator: &owner{ID: u.By}, Owner: who, StorageClass: "STANDARD",
		PartNumberMarker: marker, MaxParts: limit, ChecksumAlgorithm: u.Checksum.Algorithm, ChecksumType: u.Checksum.Type,
	}
	for _, p := range parts {
		if p.Number <= marker {
			continue
		}
		if len(out.Parts) == limit {
			out.IsTruncated = true
			break
		}
		out.NextPartNumberMarker = p.Number
		out.Parts = append(out.Parts, partEntry{
			PartNumber: p.Number, LastModified: stamp(p.Millis), ETag: `"` + p.ETag + `"`, Size: p.Size, checksums: checksumElements(u.Checksum.Algorithm, p.Sum),
		})
	}
	return writeXML(w, out)
}

type listUploadsResult struct {
	XMLName            xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
	Bucket             string
	KeyMarker          string
	UploadIDMarker     string `xml:"UploadIdMarker"`
	NextKeyMarker      string
	NextUploadIDMarker string `xml:"NextUploadIdMarker"`
	Prefix             string `xml:",omitempty"`
	Delimiter          string `xml:",omitempty"`
	EncodingType       string `xml:",omitempty"`
	MaxUploads         int
	IsTruncated        bool
	Uploads            []uploadEntry `xml:"Upload"`
	CommonPrefixes     []commonPrefix
}

type uploadEntry struct {
	Key               string
	UploadID          string `xml:"UploadId"`
	Initiator         *owner
	Owner             *owner
	StorageClass      string
	Initiated         string
	ChecksumAlgorithm blob.Algorithm `xml:",omitempty"`
	ChecksumType      string         `xml:",omitempty"`
}

func (s *Service) listUploads(_ context.Context, w http.ResponseWriter, q *request) error {
	encode, err := q.encoder()
	if err != nil {
		return err
	}
	limit, err := q.number("max-uploads", maxKeys, 0, maxKeys)
	if err != nil {
		return err
	}
	all, err := s.Objects.Uploads(q.bucket)
	if err != nil {
		return err
	}
	out := &listUploadsResult{
		Bucket: q.bucket, KeyMarker: encode(q.query.Get("key-marker")), UploadIDMarker: q.query.Get("upload-id-marker"),
		Prefix: encode(q.query.Get("prefix")), Delimiter: encode(q.query.Get("delimiter")), EncodingType: q.query.Get("encoding-type"), MaxUploads: limit,
	}
	out.fill(q, all, encode, limit)
	return writeXML(w, out)
}

// fill adds the uploads behind the markers, until the page is full.
func (r *listUploadsResult) fill(q *request, all []*blob.Upload, encode encoder, limit int) {
	prefix, delimiter, key, id := q.query.Get("prefix"), q.query.Get("delimiter"), q.query.Get("key-marker"), r.UploadIDMarker
	who := ownerOf(q.record.Account)
	for _, u := range all {
		if !strings.HasPrefix(u.Key, prefix) || u.Key < key || (u.Key == key && key != "" && (id == "" || u.ID <= id)) {
			continue
		}
		common, grouped := "", false
		if i := strings.Index(u.Key[len(prefix):], delimiter); delimiter != "" && i >= 0 {
			common, grouped = u.Key[:len(prefix)+i+len(delimiter)], true
		}
		if grouped && (common <= key || slices.Contains(r.CommonPrefixes, commonPrefix{encode(common)})) {
			continue
		}
		if len(r.Uploads)+len(r.CommonPrefixes) >= limit {
			r.IsTruncated = limit > 0
			return
		}
		if grouped {
			r.CommonPrefixes = append(r.CommonPrefixes, commonPrefix{encode(common)})
			r.NextKeyMarker, r.NextUploadIDMarker = encode(common), ""
			continue
		}
		r.NextKeyMarker, r.NextUploadIDMarker = encode(u.Key), u.ID
		r.Uploads = append(r.Uploads, uploadEntry{
			Key: encode(u.Key), UploadID: u.ID, Initiator: &owner{ID: u.By}, Owner: who, StorageClass: "STANDARD",
			Initiated: stamp(u.Millis), ChecksumAlgorithm: u.Checksum.Algorithm, ChecksumType: u.Checksum.Type,
		})
	}
}
