package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/bindery-project/bindery/internal/blob"
	"github.com/bindery-project/bindery/internal/op"
)

type copyObjectResult struct {
	XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CopyObjectResult"`
	ETag         string
	LastModified string
	checksums
	ChecksumType string `xml:",omitempty"`
}

// checksums are the elements of the five algorithms; at most one is set.
type checksums struct {
	ChecksumCRC32     string `xml:",omitempty"`
	ChecksumCRC32C    string `xml:",omitempty"`
	ChecksumCRC64NVME string `xml:",omitempty"`
	ChecksumSHA1      string `xml:",omitempty"`
	ChecksumSHA256    string `xml:",omitempty"`
}

func checksumElements(a blob.Algorithm, value string) (c checksums) {
	switch a {
	case blob.CRC32:
		c.ChecksumCRC32 = value
	case blob.CRC32C:
		c.ChecksumCRC32C = value
	case blob.CRC64NVME:
		c.ChecksumCRC64NVME = value
	case blob.SHA1:
		c.ChecksumSHA1 = value
	case blob.SHA256:
		c.ChecksumSHA256 = value
	}
	return c
}

// of returns the value of an algorithm.
func (c *checksums) of(a blob.Algorithm) string {
	switch a {
	case blob.CRC32:
		return c.ChecksumCRC32
	case blob.CRC32C:
		return c.ChecksumCRC32C
	case blob.CRC64NVME:
		return c.ChecksumCRC64NVME
	case blob.SHA1:
		return c.ChecksumSHA1
	case blob.SHA256:
		return c.ChecksumSHA256
	}
	return ""
}

// openSource opens the source of a copy and checks the conditions on it.
func (s *Service) openSource(ctx context.Context, q *request) (*blob.Object, error) {
	src := q.source
	if src.record == nil {
		return nil, errNoSuchBucket(src.bucket)
	}
	o, err := s.Objects.Read(src.bucket, src.key, src.version)
	if err != nil {
		return nil, s.missingSource(ctx, src, err)
	}
	err = conditions{
		match: q.header("X-Amz-Copy-Source-If-Match"), noneMatch: q.header("X-Amz-Copy-Source-If-None-Match"),
		since: q.header("X-Amz-Copy-Source-If-Modified-Since"), unmodified: q.header("X-Amz-Copy-Source-If-Unmodified-Since"),
	}.check(o.Info)
	if err == nil && o.Info.Size > maxPut {
		err = invalidRequest("The specified copy source is larger than the maximum allowable size for a copy source: 5368709120")
	}
	if err != nil {
		_ = o.Close()
		return nil, err
	}
	return o, nil
}

func (s *Service) missingSource(ctx context.Context, src *source, err error) error {
	if !errors.Is(err, blob.ErrNoObject) && !errors.Is(err, blob.ErrNoVersion) {
		return err
	}
	if err := s.mayList(ctx, src.record, src.key); err != nil {
		return err
	}
	if errors.Is(err, blob.ErrNoVersion) {
		return errNoSuchVersion(src.key, src.version)
	}
	return errNoSuchKey(src.key)
}

// copyObject copies within the store. The copy is a new object: new time, MD5
// as ETag, checksum of the whole.
func (s *Service) copyObject(ctx context.Context, w http.ResponseWriter, q *request) error {
	check, err := q.writeCondition()
	if err != nil {
		return err
	}
	from, err := s.openSource(ctx, q)
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // read only
	info, err := s.copiedInfo(ctx, q, from.Info)
	if err != nil {
		return err
	}
	a, err := q.copyAlgorithm(from.Info)
	if err != nil {
		return err
	}
	g, err := s.Objects.Stage(ctx, io.NewSectionReader(from, 0, from.Info.Size), a)
	if err != nil {
		return err
	}
	info.ETag, info.Checksum = g.ETag(), blob.Checksum{Algorithm: a, Type: blob.FullObject, Value: g.Sums[a]}
	done, err := s.Objects.Publish(q.bucket, q.key, g, info, q.record.Versioning, s.inSameBucket(ctx, q.record, check))
	if err != nil {
		return err
	}
	q.writtenHeader(w, done)
	if q.source.record.Versioning != blob.Unversioned {
		w.Header().Set("X-Amz-Copy-Source-Version-Id", from.Info.VersionID())
	}
	return writeXML(w, &copyObjectResult{
		ETag: `"` + done.ETag + `"`, LastModified: stamp(done.Millis),
		checksums: checksumElements(a, done.Checksum.Value), ChecksumType: blob.FullObject,
	})
}

// copyAlgorithm is the checksum algorithm that the request asks for, else the
// source's.
func (q *request) copyAlgorithm(from *blob.Info) (blob.Algorithm, error) {
	asked := blob.Algorithm(strings.ToUpper(q.header("X-Amz-Checksum-Algorithm")))
	if asked == "" {
		return orDefault(from.Checksum.Algorithm), nil
	}
	if asked.New() == nil {
		return "", invalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
	}
	return asked, nil
}

// copiedInfo is what the copy is described by: the source's description or the
// request's, as its directives say.
func (s *Service) copiedInfo(ctx context.Context, q *request, from *blob.Info) (blob.Info, error) {
	info, err := q.newInfo()
	if err != nil {
		return info, err
	}
	meta, tags := q.header("X-Amz-Metadata-Directive"), q.header("X-Amz-Tagging-Directive")
	for name, d := range map[string]string{"x-amz-metadata-directive": meta, "x-amz-tagging-directive": tags} {
		if d != "" && d != "COPY" && d != "REPLACE" {
			return info, invalidArgument("Unknown directive.", name, d)
		}
	}
	if meta != "REPLACE" {
		if q.source.bucket == q.bucket && q.source.key == q.key && q.source.version == "" && tags != "REPLACE" {
			return info, invalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
		}
		info.Headers, info.Metadata = from.Headers, from.Metadata
	}
	if tags == "REPLACE" || len(from.Tags) == 0 {
		if tags != "REPLACE" {
			info.Tags = nil
		}
		return info, nil
	}
	info.Tags = from.Tags
	return info, s.mayCopyTags(ctx, q, from.Tags)
}

// mayCopyTags asks for what only now is known to be needed: the source has tags,
// and the copy is going to have them.
func (s *Service) mayCopyTags(ctx context.Context, q *request, tags map[string]string) error {
	call := op.CallFrom(ctx)
	q.tags = tags
	own, src := s.contexts(call, q)
	return s.Authorizer.Check(ctx,
		q.access(call, need{Action: "s3:GetObjectTagging", Version: "s3:GetObjectVersionTagging", On: onSource}, own, src),
		q.access(call, need{Action: "s3:PutObjectTagging", On: onObject}, own, src))
}
