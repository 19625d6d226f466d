package s3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/blob"
)

// Limits of objects.
const (
	maxPut      = 5 << 30 // bytes in one request
	maxMetadata = 2 << 10 // bytes of names and values of x-amz-meta-
)

// storedHeaders are kept with the object and sent with it.
var storedHeaders = []string{"Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"}

// putObject writes an object. Nothing of it is seen before all of it is on disk
// and was found to be what the request said.
func (s *Service) putObject(ctx context.Context, w http.ResponseWriter, q *request) error {
	info, err := q.newInfo()
	if err != nil {
		return err
	}
	check, err := q.writeCondition()
	if err != nil {
		return err
	}
	if err := s.early(q, check); err != nil {
		return err
	}
	g, d, err := s.stage(ctx, q)
	if err != nil {
		return err
	}
	info.ETag, info.Checksum = g.ETag(), fullChecksum(d, g)
	done, err := s.Objects.Publish(q.bucket, q.key, g, info, q.record.Versioning, s.inSameBucket(ctx, q.record, check))
	if err != nil {
		return err
	}
	w.Header().Set("Etag", `"`+done.ETag+`"`)
	checksumHeaders(w.Header(), done.Checksum)
	q.writtenHeader(w, done)
	w.WriteHeader(http.StatusOK)
	return nil
}

// stage writes the request's body to disk and checks it.
func (s *Service) stage(ctx context.Context, q *request) (*blob.Staged, digest, error) {
	return s.stageAs(ctx, q, "")
}

// stageAs is stage for a body whose checksum in algorithm a is wanted too; for
// "" it is the request's own, or the default.
func (s *Service) stageAs(ctx context.Context, q *request, a blob.Algorithm) (*blob.Staged, digest, error) {
	d, err := q.digest()
	if err != nil {
		return nil, d, err
	}
	if q.r.ContentLength < 0 {
		return nil, d, failure(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	if q.r.ContentLength > maxPut {
		return nil, d, invalid("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	if a == "" {
		a = orDefault(d.algorithm)
	}
	g, err := s.Objects.Stage(ctx, &body{from: q.r.Body}, a, d.algorithm)
	if err != nil {
		return nil, d, err
	}
	if g.Size != q.r.ContentLength {
		g.Discard()
		return nil, d, invalid("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	if err := d.check(q.r, g); err != nil {
		g.Discard()
		return nil, d, err
	}
	return g, d, nil
}

// body words the errors of a request's body, so that they are not taken for
// those of the disk.
type body struct{ from io.Reader }

func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = bodyError(err)
	}
	return n, err
}

// orDefault is the algorithm for an object whose writer named none.
func orDefault(a blob.Algorithm) blob.Algorithm {
	if a == "" {
		return blob.CRC64NVME
	}
	return a
}

func fullChecksum(d digest, g *blob.Staged) blob.Checksum {
	a := orDefault(d.algorithm)
	return blob.Checksum{Algorithm: a, Type: blob.FullObject, Value: g.Sums[a]}
}

// newInfo reads what the request says about the object.
func (q *request) newInfo() (blob.Info, error) {
	i := blob.Info{Headers: map[string]string{}, Metadata: map[string]string{}, Tags: q.tags}
	for _, name := range storedHeaders {
		value := q.header(name)
		if name == "Content-Encoding" {
			value = withoutChunked(value)
		}
		if value != "" {
			i.Headers[name] = value
		}
	}
	size := 0
	for name, values := range q.r.Header {
		meta, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-meta-")
		if !ok {
			continue
		}
		value := strings.Join(values, ",")
		if !utf8.ValidString(value) {
			return i, invalidArgument("Metadata values must be UTF-8", name, "")
		}
		i.Metadata[meta] = value
		size += len(meta) + len(value)
	}
	if size > maxMetadata {
		return i, invalid("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
	}
	for _, value := range i.Headers {
		if !utf8.ValidString(value) {
			return i, invalidArgument("Header values must be UTF-8", "", "")
		}
	}
	return i, nil
}

// withoutChunked removes aws-chunked, which described the request only.
func withoutChunked(encoding string) string {
	if !strings.Contains(strings.ToLower(encoding), "aws-chunked") {
		return encoding
	}
	var keep []string
	for one := range strings.SplitSeq(encoding, ",") {
		if one = strings.TrimSpace(one); one != "" && !strings.EqualFold(one, "aws-chunked") {
			keep = append(keep, one)
		}
	}
	return strings.Join(keep, ", ")
}

// writeCondition reads If-Match and If-None-Match of a write.
func (q *request) writeCondition() (blob.Condition, error) {
	match, none := q.header("If-Match"), q.header("If-None-Match")
	switch {
	case match != "" && none != "", none != "" && none != "*":
		return nil, notImplemented("If-None-Match other than \"*\", and both conditions at once")
	case none != "":
		return func(current *blob.Info) error {
			if current != nil {
				return errPrecondition("If-None-Match")
			}
			return nil
		}, nil
	case match != "":
		key := q.key
		return func(current *blob.Info) error {
			if current == nil {
				return errNoSuchKey(key)
			}
			if !tagMatches(match, current.ETag) {
				return errPrecondition("If-Match")
			}
			return nil
		}, nil
	}
	return blob.Always, nil
}

// inSameBucket is a condition that also fails when the bucket is not the one any
// more that the request was allowed to write to. A body may take hours: the
// bucket may have been deleted meanwhile, and its name may be another account's.
func (s *Service) inSameBucket(ctx context.Context, b *record, check blob.Condition) blob.Condition {
	return func(current *blob.Info) error {
		now, err := s.records.find(ctx, b.Name)
		if err != nil {
			return err
		}
		if now == nil || now.Account != b.Account || now.Created != b.Created {
			return errNoSuchBucket(b.Name)
		}
		return check(current)
	}
}

// early looks at the condition before a body is read for nothing. Publishing
// decides.
func (s *Service) early(q *request, check blob.Condition) error {
	if q.header("If-Match") == "" && q.header("If-None-Match") == "" {
		return nil
	}
	current, err := s.Objects.Stat(q.bucket, q.key, "")
	if err != nil && !errors.Is(err, blob.ErrNoObject) {
		return err
	}
	return check(current)
}
