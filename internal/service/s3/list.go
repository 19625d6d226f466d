package s3

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"

	"github.com/bindery-project/bindery/internal/blob"
)

// maxKeys is the greatest page of a list.
const maxKeys = 1000

type listBucketResult struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name                  string
	Prefix                string
	Marker                *string `xml:",omitempty"`
	NextMarker            string  `xml:",omitempty"`
	StartAfter            string  `xml:",omitempty"`
	ContinuationToken     string  `xml:",omitempty"`
	NextContinuationToken string  `xml:",omitempty"`
	KeyCount              *int    `xml:",omitempty"`
	MaxKeys               int
	Delimiter             string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	IsTruncated           bool
	Contents              []objectEntry
	CommonPrefixes        []commonPrefix
}

type objectEntry struct {
	Key               string
	LastModified      string
	ETag              string
	ChecksumAlgorithm blob.Algorithm `xml:",omitempty"`
	ChecksumType      string         `xml:",omitempty"`
	Size              int64
	Owner             *owner `xml:",omitempty"`
	StorageClass      string
}

type commonPrefix struct{ Prefix string }

// encoder spells keys as the request wants them.
type encoder func(string) string

func (q *request) encoder() (encoder, error) {
	switch t := q.query.Get("encoding-type"); t {
	case "":
		return func(s string) string { return s }, nil
	case "url":
		return urlEncoded, nil
	default:
		return nil, invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", t)
	}
}

// urlEncoded escapes all but letters, digits, "-_.~" and the slash.
func urlEncoded(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(s), "+", "%20"), "%2F", "/")
}

// page is one page of a list, filled from a walk.
type page struct {
	result   *listBucketResult
	encode   encoder
	owner    *owner
	last     string // the last key or common prefix of the page
	more     bool
	maxItems int
}

func (s *Service) fillPage(ctx context.Context, q *request, p *page, after string) error {
	if p.maxItems == 0 {
		return nil
	}
	walk := s.Objects.Walk(q.bucket, blob.WalkOptions{Prefix: q.query.Get("prefix"), After: after, Delimiter: q.query.Get("delimiter")})
	for n := 0; ; n++ {
		e, ok, err := walk.Next()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if !ok || n == p.maxItems {
			p.more = ok
			return nil
		}
		p.add(e)
	}
}

func (p *page) add(e blob.Entry) {
	p.last = e.Key
	if e.Common {
		p.result.CommonPrefixes = append(p.result.CommonPrefixes, commonPrefix{p.encode(e.Key)})
		return
	}
	p.result.Contents = append(p.result.Contents, objectEntry{
		Key: p.encode(e.Key), LastModified: stamp(e.Info.Millis), ETag: `"` + e.Info.ETag + `"`, Size: e.Info.Size,
		ChecksumAlgorithm: e.Info.Checksum.Algorithm, ChecksumType: e.Info.Checksum.Type, Owner: p.owner, StorageClass: "STANDARD",
	})
}

// newPage reads the parameters that both lists share.
func (q *request) newPage() (*page, error) {
	encode, err := q.encoder()
	if err != nil {
		return nil, err
	}
	limit, err := q.number("max-keys", maxKeys, 0, maxKeys)
	if err != nil {
		return nil, err
	}
	return &page{encode: encode, maxItems: limit, result: &listBucketResult{
		Name: q.bucket, Prefix: encode(q.query.Get("prefix")), Delimiter: encode(q.query.Get("delimiter")),
		MaxKeys: limit, EncodingType: q.query.Get("encoding-type"),
	}}, nil
}

func (s *Service) listObjects(ctx context.Context, w http.ResponseWriter, q *request) error {
	p, err := q.newPage()
	if err != nil {
		return err
	}
	marker := q.query.Get("marker")
	encoded := p.encode(marker)
	p.result.Marker, p.owner = &encoded, ownerOf(q.record.Account)
	if err := s.fillPage(ctx, q, p, marker); err != nil {
		return err
	}
	if p.result.IsTruncated = p.more; p.more && q.query.Get("delimiter") != "" {
		p.result.NextMarker = p.encode(p.last)
	}
	return writeXML(w, p.result)
}

func (s *Service) listObjectsV2(ctx context.Context, w http.ResponseWriter, q *request) error {
	if t := q.query.Get("list-type"); t != "2" {
		return invalidArgument("Invalid List Type specified in Request", "list-type", t)
	}
	p, err := q.newPage()
	if err != nil {
		return err
	}
	token := q.query.Get("continuation-token")
	if q.query.Has("continuation-token") && token == "" {
		return invalidArgument("The continuation token provided is incorrect", "continuation-token", "")
	}
	after, err := openToken(token)
	if err != nil {
		return err
	}
	if token == "" {
		after = q.query.Get("start-after")
	}
	if q.query.Get("fetch-owner") == "true" {
		p.owner = ownerOf(q.record.Account)
	}
	if err := s.fillPage(ctx, q, p, after); err != nil {
		return err
	}
	count := len(p.result.Contents) + len(p.result.CommonPrefixes)
	p.result.KeyCount, p.result.IsTruncated, p.result.ContinuationToken = &count, p.more, token
	p.result.StartAfter = p.encode(q.query.Get("start-after"))
	if p.more {
		p.result.NextContinuationToken = makeToken(p.last)
	}
	return writeXML(w, p.result)
}
