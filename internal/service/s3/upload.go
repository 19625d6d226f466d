package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/blob"
)

const maxParts = 10_000

type initiateMultipartUploadResult struct {
	XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
	Bucket   string
	Key      string
	UploadID string `xml:"UploadId"`
}

func (s *Service) createUpload(ctx context.Context, w http.ResponseWriter, q *request) error {
	info, err := q.newInfo()
	if err != nil {
		return err
	}
	sum, err := q.uploadChecksum()
	if err != nil {
		return err
	}
	id, err := s.Objects.CreateUpload(q.bucket, blob.Upload{Key: q.key, By: caller(ctx), Info: info, Checksum: sum})
	if err != nil {
		return err
	}
	if asked := q.header("X-Amz-Checksum-Algorithm"); asked != "" {
		w.Header().Set("X-Amz-Checksum-Algorithm", string(sum.Algorithm))
		w.Header().Set("X-Amz-Checksum-Type", sum.Type)
	}
	return writeXML(w, &initiateMultipartUploadResult{Bucket: q.bucket, Key: q.key, UploadID: id})
}

// uploadChecksum is the checksum that the object is going to have. Only the
// CRCs can be of the whole object; CRC64NVME is nothing else.
func (q *request) uploadChecksum() (blob.Checksum, error) {
	a, kind := blob.Algorithm(strings.ToUpper(q.header("X-Amz-Checksum-Algorithm"))), q.header("X-Amz-Checksum-Type")
	if a == "" {
		if kind != "" {
			return blob.Checksum{}, invalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
		}
		return blob.Checksum{Algorithm: blob.CRC64NVME, Type: blob.FullObject}, nil
	}
	if a.New() == nil {
		return blob.Checksum{}, invalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
	}
	whole, parts := a != blob.SHA1 && a != blob.SHA256, a != blob.CRC64NVME
	switch {
	case kind == "" && parts:
		kind = blob.Composite
	case kind == "":
		kind = blob.FullObject
	case kind != blob.FullObject && kind != blob.Composite:
		return blob.Checksum{}, invalidRequest("Value for x-amz-checksum-type header is invalid.")
	case (kind == blob.FullObject && !whole) || (kind == blob.Composite && !parts):
		return blob.Checksum{}, invalidRequest("The " + kind + " checksum type cannot be used with the " + strings.ToLower(string(a)) + " checksum algorithm.")
	}
	return blob.Checksum{Algorithm: a, Type: kind}, nil
}

// upload finds the upload that the request names.
func (s *Service) upload(q *request) (*blob.Upload, error) {
	return s.Objects.Upload(q.bucket, q.key, q.query.Get("uploadId"))
}

func (q *request) partNumber() (int, error) {
	text := q.query.Get("partNumber")
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxParts {
		return 0, invalidArgument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", text)
	}
	return n, nil
}

func (s *Service) uploadPart(ctx context.Context, w http.ResponseWriter, q *request) error {
	number, err := q.partNumber()
	if err != nil {
		return err
	}
	u, err := s.upload(q)
	if err != nil {
		return err
	}
	g, d, err := s.stageAs(ctx, q, u.Checksum.Algorithm)
	if err != nil {
		return err
	}
	p, err := s.Objects.PutPart(u, q.bucket, number, g)
	if err != nil {
		return err
	}
	w.Header().Set("Etag", `"`+p.ETag+`"`)
	if d.algorithm != "" {
		w.Header().Set(checksumHeader(d.algorithm), g.Sums[d.algorithm])
	}
	noContentLength(w.Header())
	w.WriteHeader(http.StatusOK)
	return nil
}

type copyPartResult struct {
	XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CopyPartResult"`
	ETag         string
	LastModified string
	checksums
}

func (s *Service) uploadPartCopy(ctx context.Context, w http.ResponseWriter, q *request) error {
	number, err := q.partNumber()
	if err != nil {
		return err
	}
	u, err := s.upload(q)
	if err != nil {
		return err
	}
	from, err := s.openSource(ctx, q)
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // read only
	sp := span{length: from.Info.Size}
	if text := q.header("X-Amz-Copy-Source-Range"); text != "" {
		if sp, err = copyRange(text, from.Info.Size); err != nil {
			return err
		}
	}
	g, err := s.Objects.Stage(ctx, io.NewSectionReader(from, sp.start, sp.length), u.Checksum.Algorithm)
	if err != nil {
		return err
	}
	p, err := s.Objects.PutPart(u, q.bucket, number, g)
	if err != nil {
		return err
	}
	if q.source.record.Versioning != blob.Unversioned {
		w.Header().Set("X-Amz-Copy-Source-Version-Id", from.Info.VersionID())
	}
	return writeXML(w, &copyPartResult{ETag: `"` + p.ETag + `"`, LastModified: stamp(p.Millis), checksums: checksumElements(u.Checksum.Algorithm, p.Sum)})
}

// copyRange reads x-amz-copy-source-range, which must lie in the source.
func copyRange(text string, size int64) (span, error) {
	first, last, ok := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	start, err1 := strconv.ParseInt(first, 10, 64)
	end, err2 := strconv.ParseInt(last, 10, 64)
	if !ok || !strings.HasPrefix(text, "bytes=") || err1 != nil || err2 != nil || start < 0 || end < start {
		return span{}, invalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy", "x-amz-copy-source-range", text)
	}
	if end >= size {
		return span{}, invalidArgument("Range specified is not valid for source object of size: "+strconv.FormatInt(size, 10), "x-amz-copy-source-range", text)
	}
	return span{start: start, length: end - start + 1}, nil
}

type completeMultipartUpload struct {
	XMLName xml.Name `xml:"CompleteMultipartUpload"`
	Parts   []struct {
		PartNumber int
		ETag       string
		checksums
	} `xml:"Part"`
}

type completeMultipartUploadResult struct {
	XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
	Location string
	Bucket   string
	Key      string
	ETag     string
	checksums
	ChecksumType string `xml:",omitempty"`
}

func (s *Service) completeUpload(ctx context.Context, w http.ResponseWriter, q *request) error {
	check, err := q.writeCondition()
	if err != nil {
		return err
	}
	u, err := s.upload(q)
	if err != nil && !errors.Is(err, blob.ErrNoUpload) {
		return err
	}
	c, err := q.completion(u)
	if err != nil {
		return err
	}
	c.Versioning, c.Check = q.record.Versioning, s.inSameBucket(ctx, q.record, check)
	done, err := s.Objects.CompleteUpload(ctx, q.bucket, q.key, q.query.Get("uploadId"), c)
	if err != nil {
		return completionError(q, err)
	}
	q.writtenHeader(w, done)
	return writeXML(w, &completeMultipartUploadResult{
		Location: "/" + q.bucket + "/" + urlEncoded(q.key), Bucket: q.bucket, Key: q.key, ETag: `"` + done.ETag + `"`,
		checksums: checksumElements(done.Checksum.Algorithm, done.Checksum.Value), ChecksumType: done.Checksum.Type,
	})
}

// completion reads what the request claims. u is nil when the upload may have
// been completed before.
func (q *request) completion(u *blob.Upload) (c blob.Completion, err error) {
	var in completeMultipartUpload
	body, err := io.ReadAll(io.LimitReader(q.r.Body, maxDocument+1))
	if err != nil {
		return c, bodyError(err)
	}
	if len(body) > maxDocument || decodeXML(body, &in) != nil || len(in.Parts) == 0 || len(in.Parts) > maxParts {
		return c, errMalformedXML()
	}
	if u == nil {
		return c, nil
	}
	for i := range in.Parts {
		p := &in.Parts[i]
		if p.PartNumber < 1 || p.PartNumber > maxParts {
			return c, invalidArgument("PartNumber must be >= 1", "partNumber", strconv.Itoa(p.PartNumber))
		}
		c.Parts = append(c.Parts, blob.PartClaim{Number: p.PartNumber, ETag: p.ETag, Sum: p.of(u.Checksum.Algorithm)})
	}
	if kind := q.header("X-Amz-Checksum-Type"); kind != "" && kind != u.Checksum.Type {
		return c, invalidRequest("The upload was created using the " + u.Checksum.Type + " checksum mode. The complete request must use the same checksum mode.")
	}
	if c.Sum = q.header(checksumHeader(u.Checksum.Algorithm)); c.Sum != "" && u.Checksum.Type == blob.Composite && !strings.Contains(c.Sum, "-") {
		c.Sum += "-" + strconv.Itoa(len(in.Parts))
	}
	if text := q.header("X-Amz-Mp-Object-Size"); text != "" {
		if c.Size, err = strconv.ParseInt(text, 10, 64); err != nil {
			return c, invalidRequest("Value for x-amz-mp-object-size header is invalid.")
		}
		c.HasSize = true
	}
	return c, nil
}

func completionError(q *request, err error) error {
	switch {
	case errors.Is(err, blob.ErrInvalidPart):
		return invalid("InvalidPart", "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
	case errors.Is(err, blob.ErrPartOrder):
		return invalid("InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.")
	case errors.Is(err, blob.ErrPartTooSmall):
		return invalid("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
	case errors.Is(err, blob.ErrBadSize):
		return invalidRequest("The provided 'x-amz-mp-object-size' header value " + q.header("X-Amz-Mp-Object-Size") + " does not match what was computed")
	case errors.Is(err, blob.ErrBadChecksum):
		return invalid("BadDigest", "The checksum you specified did not match the calculated checksum.")
	}
	return err
}

func (s *Service) abortUpload(_ context.Context, w http.ResponseWriter, q *request) error {
	if err := s.Objects.AbortUpload(q.bucket, q.key, q.query.Get("uploadId")); err != nil {
		return err
	}
	return noContent(w)
}
