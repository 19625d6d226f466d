package s3

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"

	"github.com/bindery-project/bindery/internal/blob"
	"github.com/bindery-project/bindery/internal/op"
)

// createBucket makes the caller's account the owner of a name. The folder comes
// first: a row without a folder would look like a bucket and hold nothing.
func (s *Service) createBucket(ctx context.Context, w http.ResponseWriter, q *request) error {
	if err := s.checkLocation(q); err != nil {
		return err
	}
	if o := q.header("X-Amz-Object-Ownership"); o != "" && o != bucketOwnerEnforced {
		return notImplemented("object ownership other than " + bucketOwnerEnforced)
	}
	call := op.CallFrom(ctx)
	if q.record != nil && q.record.Account != call.Account {
		return errTaken(q.bucket)
	}
	err := s.Objects.CreateBucket(q.bucket)
	if err != nil && (!errors.Is(err, blob.ErrNotEmpty) || q.record == nil) {
		if errors.Is(err, blob.ErrNotEmpty) {
			return errTaken(q.bucket) // somebody's data without a row: nobody gets it by its name
		}
		return err
	}
	b := &record{Name: q.bucket, Account: call.Account, settings: settings{Block: allBlocked()}}
	err = s.records.insert(ctx, b)
	switch {
	case errors.Is(err, errBucketExists) && b.Account == call.Account && s.Region == "us-east-1": // which alone forgives it
	case errors.Is(err, errBucketExists) && b.Account == call.Account:
		return failure(http.StatusConflict, "BucketAlreadyOwnedByYou",
			"Your previous request to create the named bucket succeeded and you already own it.", [2]string{"BucketName", q.bucket})
	case errors.Is(err, errBucketExists):
		return errTaken(q.bucket)
	case err != nil:
		return err
	}
	w.Header().Set("Location", "/"+q.bucket)
	w.WriteHeader(http.StatusOK)
	return nil
}

func errTaken(name string) *Error {
	return failure(http.StatusConflict, "BucketAlreadyExists",
		"The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
		[2]string{"BucketName", name})
}

// allBlocked is the setting of new buckets.
func allBlocked() *accessBlock {
	return &accessBlock{BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true}
}

// bucketConfiguration is the document of CreateBucket. It is read before the
// decision: the location constraint is a condition key.
type bucketConfiguration struct {
	XMLName            xml.Name `xml:"CreateBucketConfiguration"`
	LocationConstraint string
	Location           *struct{}
	Bucket             *struct{}
	Tags               *struct{}
}

const maxBucketConfiguration = 64 << 10

func (q *request) readLocation() error {
	body, err := q.readBody(maxBucketConfiguration)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) > 0 && decodeXML(body, &q.location) != nil {
		return errMalformedXML()
	}
	return nil
}

// checkLocation holds the location constraint against the server's region, as
// AWS does: us-east-1 is named by leaving it out.
func (s *Service) checkLocation(q *request) error {
	in := &q.location
	if in.Location != nil || in.Bucket != nil || in.Tags != nil {
		return notImplemented("directory buckets and tags in CreateBucket")
	}
	want := in.LocationConstraint
	switch {
	case want == s.Region && want != "us-east-1", want == "" && s.Region == "us-east-1":
		return nil
	case want == "":
		return invalid("IllegalLocationConstraintException", "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.")
	case want == "us-east-1":
		return failure(http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid", [2]string{"LocationConstraint", want})
	}
	return invalid("IllegalLocationConstraintException", "The "+want+" location constraint is incompatible for the region specific endpoint this request was sent to.")
}

func (s *Service) headBucket(_ context.Context, w http.ResponseWriter, _ *request) error {
	w.Header().Set("X-Amz-Bucket-Region", s.Region)
	w.Header().Set("X-Amz-Access-Point-Alias", "false")
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusOK)
	return nil
}

// deleteBucket removes the folder and then the row: a row without a folder can
// be deleted again, a folder without a row would be in the way of the name.
func (s *Service) deleteBucket(ctx context.Context, w http.ResponseWriter, q *request) error {
	err := s.Objects.DeleteBucket(q.bucket)
	if errors.Is(err, blob.ErrNotEmpty) {
		return failure(http.StatusConflict, "BucketNotEmpty", "The bucket you tried to delete is not empty", [2]string{"BucketName", q.bucket})
	}
	if err != nil {
		return err
	}
	if err := s.records.remove(ctx, q.bucket); err != nil {
		return err
	}
	return noContent(w)
}

type locationConstraint struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
	Region  string   `xml:",chardata"`
}

func (s *Service) getLocation(_ context.Context, w http.ResponseWriter, _ *request) error {
	out := locationConstraint{Region: s.Region}
	if s.Region == "us-east-1" {
		out.Region = ""
	}
	return writeXML(w, &out)
}

type listAllMyBucketsResult struct {
	XMLName           xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
	Owner             *owner
	Buckets           []bucketEntry `xml:"Buckets>Bucket"`
	Prefix            string        `xml:",omitempty"`
	ContinuationToken string        `xml:",omitempty"`
}

type bucketEntry struct {
	Name         string
	CreationDate string
	BucketRegion string `xml:",omitempty"`
}

const maxBuckets = 10_000

// listBuckets lists the buckets of the caller's account.
func (s *Service) listBuckets(ctx context.Context, w http.ResponseWriter, q *request) error {
	limit, err := q.number("max-buckets", maxBuckets, 1, maxBuckets)
	if err != nil {
		return err
	}
	after, err := openToken(q.query.Get("continuation-token"))
	if err != nil {
		return err
	}
	account := op.CallFrom(ctx).Account
	out := listAllMyBucketsResult{Owner: ownerOf(account), Prefix: q.query.Get("prefix")}
	if region := q.query.Get("bucket-region"); region != "" && region != s.Region {
		return writeXML(w, &out)
	}
	found, err := s.records.ofAccount(ctx, account, out.Prefix, after, limit+1)
	if err != nil {
		return err
	}
	if len(found) > limit {
		found = found[:limit]
		out.ContinuationToken = makeToken(found[limit-1].Name)
	}
	paged := q.query.Has("max-buckets") || q.query.Has("continuation-token") || q.query.Has("prefix")
	for _, b := range found {
		e := bucketEntry{Name: b.Name, CreationDate: stamp(b.Created)}
		if paged {
			e.BucketRegion = s.Region
		}
		out.Buckets = append(out.Buckets, e)
	}
	return writeXML(w, &out)
}

// number reads a parameter between low and high; high cuts off what is greater.
func (q *request) number(name string, absent, low, high int) (int, error) {
	text := q.query.Get(name)
	if text == "" {
		return min(absent, high), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, invalidArgument("Provided "+name+" not an integer or within integer range", name, text)
	}
	if n < low {
		return 0, invalidArgument("Argument "+name+" must be an integer between 0 and 2147483647", name, text)
	}
	return min(n, high), nil
}

// Tokens of lists say where to go on. They give nothing that start-after does
// not: what a page shows is decided anew for each.

func makeToken(after string) string { return base64.RawURLEncoding.EncodeToString([]byte("1" + after)) }

func openToken(token string) (after string, err error) {
	if token == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) == 0 || raw[0] != '1' {
		return "", invalidArgument("The continuation token provided is incorrect", "continuation-token", token)
	}
	return string(raw[1:]), nil
}
