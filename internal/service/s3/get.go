package s3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/blob"
	"github.com/bindery-project/bindery/internal/op"
)

// open opens the object that the request names, and says what AWS says when
// there is none.
func (s *Service) open(ctx context.Context, q *request) (*blob.Object, error) {
	o, err := s.Objects.Read(q.bucket, q.key, q.version())
	if err != nil {
		return nil, s.missing(ctx, q, err)
	}
	if q.row.Keys&existingTags != 0 {
		if err := s.recheck(ctx, q, o.Info); err != nil {
			_ = o.Close()
			return nil, err
		}
	}
	return o, nil
}

// missing words the absence of an object. Who may not list the bucket does not
// learn of it: the answer is that s3:ListBucket is denied.
func (s *Service) missing(ctx context.Context, q *request, err error) error {
	var deleted *blob.DeletedError
	switch {
	case !errors.Is(err, blob.ErrNoObject) && !errors.Is(err, blob.ErrNoVersion):
		return err
	case errors.Is(err, blob.ErrNoVersion) && q.version() != blob.NullVersion && !blob.ValidID(q.version()):
		return invalidArgument("Invalid version id specified", "versionId", q.version())
	}
	if err := s.mayList(ctx, q.record, q.key); err != nil {
		return err
	}
	if errors.As(err, &deleted) {
		e := errNoSuchKey(q.key)
		if q.version() != "" {
			e = errMethodNotAllowed()
		}
		e.Header = map[string]string{"X-Amz-Delete-Marker": "true", "X-Amz-Version-Id": deleted.Marker.VersionID()}
		return e
	}
	if errors.Is(err, blob.ErrNoVersion) {
		return errNoSuchVersion(q.key, q.version())
	}
	return errNoSuchKey(q.key)
}

func (s *Service) mayList(ctx context.Context, b *record, key string) error {
	access := op.Access{
		Action: "s3:ListBucket", Resource: resource(op.CallFrom(ctx), "s3:ListBucket", b, b.Name, ""),
		Context: map[string][]string{"s3:prefix": {key}},
	}
	if s.Authorizer.Allowed(ctx, access) {
		return nil
	}
	return s.Authorizer.Check(ctx, access)
}

// versionHeader names the version in the answer when the bucket has versions.
func (q *request) versionHeader(w http.ResponseWriter, i *blob.Info) {
	if q.record.Versioning != blob.Unversioned {
		w.Header().Set("X-Amz-Version-Id", i.VersionID())
	}
}

// writtenHeader is versionHeader for a write: S3 does not name the null version
// that it made.
func (q *request) writtenHeader(w http.ResponseWriter, i *blob.Info) {
	if i.Version != "" {
		q.versionHeader(w, i)
	}
}

func (s *Service) getObject(ctx context.Context, w http.ResponseWriter, q *request) error {
	return s.sendObject(ctx, w, q, true)
}

func (s *Service) headObject(ctx context.Context, w http.ResponseWriter, q *request) error {
	return s.sendObject(ctx, w, q, false)
}

func (s *Service) sendObject(ctx context.Context, w http.ResponseWriter, q *request, withBody bool) error {
	o, err := s.open(ctx, q)
	if err != nil {
		return err
	}
	defer o.Close() //nolint:errcheck // read only
	if err := q.checkReadConditions(o.Info); err != nil {
		return err
	}
	sp, err := q.span(o.Info)
	if err != nil {
		return err
	}
	q.describe(w.Header(), o.Info, sp)
	if err := q.override(ctx, w.Header()); err != nil {
		return err
	}
	w.WriteHeader(sp.status())
	if !withBody || sp.length == 0 {
		return nil
	}
	return send(w, o, sp)
}

// send copies bytes of a file to the connection, by the kernel where it can.
func send(w http.ResponseWriter, o *blob.Object, sp span) error {
	if _, err := o.Seek(sp.start, io.SeekStart); err != nil {
		return err
	}
	var to io.Writer = w
	if u, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		to = u.Unwrap() // the header was written through w, which knows that the answer has begun
	}
	_, err := io.CopyN(to, o.File, sp.length)
	return err
}

// describe writes the headers of an object, or of a span of it.
func (q *request) describe(h http.Header, i *blob.Info, sp span) {
	for name, value := range i.Headers {
		h.Set(name, value)
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "binary/octet-stream")
	}
	for name, value := range i.Metadata {
		h["x-amz-meta-"+name] = []string{value}
	}
	h.Set("Etag", `"`+i.ETag+`"`)
	h.Set("Last-Modified", httpDate(i.Millis))
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Length", strconv.FormatInt(sp.length, 10))
	if sp.part {
		h.Set("Content-Range", sp.header(i.Size))
	}
	if q.record.Versioning != blob.Unversioned {
		h.Set("X-Amz-Version-Id", i.VersionID())
	}
	if len(i.Tags) > 0 {
		h.Set("X-Amz-Tagging-Count", strconv.Itoa(len(i.Tags)))
	}
	if sp.parts > 0 {
		h.Set("X-Amz-Mp-Parts-Count", strconv.Itoa(sp.parts))
	}
	if q.header("X-Amz-Checksum-Mode") == "ENABLED" {
		checksumHeaders(h, sp.checksum(i))
	}
}

// override replaces headers by those that the query asks for.
func (q *request) override(ctx context.Context, h http.Header) error {
	for name := range q.query {
		header, ok := strings.CutPrefix(name, "response-")
		if !ok {
			continue
		}
		if op.CallFrom(ctx).Principal.Type == op.Anonymous {
			return invalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
		}
		value := q.query.Get(name)
		if strings.ContainsAny(value, "\r\n\x00") {
			return invalidArgument("Header value contains invalid characters", name, value)
		}
		h.Set(header, value)
	}
	return nil
}

// checkReadConditions holds the conditional headers against the object, in the
// order of RFC 9110.
func (q *request) checkReadConditions(i *blob.Info) error {
	return conditions{
		match: q.header("If-Match"), noneMatch: q.header("If-None-Match"),
		since: q.header("If-Modified-Since"), unmodified: q.header("If-Unmodified-Since"), read: true,
	}.check(i)
}

// conditions are the conditional headers of a read or of a copy's source.
type conditions struct {
	match, noneMatch, since, unmodified string
	read                                bool // answer 304 where HTTP does
}

func (c conditions) check(i *blob.Info) error {
	modified := i.Modified().Truncate(time.Second)
	if c.match != "" {
		if !tagMatches(c.match, i.ETag) {
			return errPrecondition("If-Match")
		}
	} else if t, err := http.ParseTime(c.unmodified); err == nil && modified.After(t) {
		return errPrecondition("If-Unmodified-Since")
	}
	if c.noneMatch != "" {
		if tagMatches(c.noneMatch, i.ETag) {
			return c.unchanged(i, "If-None-Match")
		}
	} else if t, err := http.ParseTime(c.since); err == nil && !modified.After(t) {
		return c.unchanged(i, "If-Modified-Since")
	}
	return nil
}

func (c conditions) unchanged(i *blob.Info, name string) error {
	if !c.read {
		return errPrecondition(name)
	}
	e := errNotModified()
	e.Header = map[string]string{"Etag": `"` + i.ETag + `"`, "Last-Modified": httpDate(i.Millis)}
	return e
}

// tagMatches compares an ETag with a list of them, or with "*".
func tagMatches(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.Trim(strings.TrimPrefix(one, "W/"), `"`) == tag {
			return true
		}
	}
	return false
}
