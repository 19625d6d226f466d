package s3

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
)

// request is one request as far as it was understood.
type request struct {
	r      *http.Request
	query  url.Values
	level  level
	bucket string
	key    string
	row    *row

	record *record           // the bucket; nil when there is none
	source *source           // of a copy
	tags   map[string]string // that x-amz-tagging asks for
	found  map[string]string // the object's tags that the decision knew

	location bucketConfiguration // of CreateBucket
}

// source is what x-amz-copy-source names.
type source struct {
	bucket, key, version string
	record               *record
}

// parseRequest splits the path and reads what a decision depends on.
func parseRequest(r *http.Request) (*request, error) {
	q := &request{r: r}
	var err error
	if q.query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return nil, invalidArgument("The query string cannot be parsed.", "", "")
	}
	if err := q.parsePath(); err != nil {
		return nil, err
	}
	if text := r.Header["X-Amz-Copy-Source"]; len(text) > 0 {
		if q.source, err = parseSource(text[0]); err != nil {
			return nil, err
		}
	}
	if text := r.Header.Get("X-Amz-Tagging"); text != "" {
		q.tags, err = parseTagHeader(text)
	}
	return q, err
}

// parsePath reads /, /bucket and /bucket/key. The path is split as it came over
// the wire, so that an escaped slash is never taken for the one that ends the
// bucket's name.
func (q *request) parsePath() error {
	rest, ok := strings.CutPrefix(q.r.URL.EscapedPath(), "/")
	if !ok {
		return errInvalidURI()
	}
	if rest == "" {
		return nil
	}
	bucket, key, _ := strings.Cut(rest, "/")
	var err1, err2 error
	q.bucket, err1 = url.PathUnescape(bucket)
	q.key, err2 = url.PathUnescape(key)
	if err1 != nil || err2 != nil {
		return errInvalidURI()
	}
	if !validBucketName(q.bucket) {
		return errInvalidBucketName(q.bucket)
	}
	if q.level = onBucket; q.key != "" {
		q.level = onObject
		return checkKey(q.key)
	}
	return nil
}

// validBucketName holds Amazon's rules for names of general purpose buckets.
func validBucketName(name string) bool {
	if len(name) < 3 || len(name) > 63 || strings.Contains(name, "..") || isIPv4(name) {
		return false
	}
	for i := range len(name) {
		c := name[i]
		alnum := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !alnum && ((c != '-' && c != '.') || i == 0 || i == len(name)-1) {
			return false
		}
	}
	for _, prefix := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	for _, suffix := range []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		if strings.HasSuffix(name, suffix) {
			return false
		}
	}
	return true
}

func isIPv4(name string) bool {
	return strings.Count(name, ".") == 3 && strings.Trim(name, "0123456789.") == ""
}

// parseSource reads "bucket/key?versionId=id", URL-encoded, with or without a
// slash in front.
func parseSource(text string) (*source, error) {
	path, query, _ := strings.Cut(text, "?")
	bad := invalidArgument("Invalid copy source encoding", "x-amz-copy-source", text)
	path, err := url.PathUnescape(path)
	if err != nil {
		return nil, bad
	}
	src := &source{}
	if query != "" {
		version, ok := strings.CutPrefix(query, "versionId=")
		if src.version, err = url.QueryUnescape(version); !ok || err != nil || src.version == "" {
			return nil, bad
		}
	}
	var ok bool
	if src.bucket, src.key, ok = strings.Cut(strings.TrimPrefix(path, "/"), "/"); !ok || src.key == "" {
		return nil, invalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey", "x-amz-copy-source", text)
	}
	if !validBucketName(src.bucket) {
		return nil, errInvalidBucketName(src.bucket)
	}
	return src, checkKey(src.key)
}

// version is the version that the request names, "" when none.
func (q *request) version() string { return q.query.Get("versionId") }

func (q *request) readOnly() bool {
	return q.r.Method == http.MethodGet || q.r.Method == http.MethodHead
}

func (q *request) header(name string) string { return q.r.Header.Get(name) }

// understood are the x-amz- headers that have a meaning here, or none that
// matters. Any other would be silently not done: it is refused.
var understood = []string{
	"x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "x-amz-decoded-content-length", "x-amz-trailer",
	"x-amz-user-agent", "x-amz-te", "x-amz-request-payer", "x-amz-api-version", "x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner",
	"x-amz-sdk-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-algorithm", "x-amz-checksum-type",
	"x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha1", "x-amz-checksum-sha256",
	"x-amz-tagging", "x-amz-tagging-directive", "x-amz-metadata-directive", "x-amz-copy-source", "x-amz-copy-source-range",
	"x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match", "x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since",
	"x-amz-storage-class", "x-amz-acl", "x-amz-object-ownership", "x-amz-mp-object-size",
	"x-amz-object-attributes", "x-amz-max-parts", "x-amz-part-number-marker", "x-amz-optional-object-attributes",
	"x-amz-transition-default-minimum-object-size",
	"x-amz-bypass-governance-retention", // of locks, which no object has
}

// checkHeaders refuses headers that ask for what is not done.
func (q *request) checkHeaders() error {
	for name := range q.r.Header {
		name = strings.ToLower(name)
		if !strings.HasPrefix(name, "x-amz-") || strings.HasPrefix(name, "x-amz-meta-") || slices.Contains(understood, name) {
			continue
		}
		if strings.HasPrefix(name, "x-amz-grant-") {
			return q.errACL()
		}
		if name == "x-amz-bucket-object-lock-enabled" && strings.EqualFold(q.header(name), "false") {
			continue
		}
		return notImplemented("the header " + name)
	}
	if class := q.header("X-Amz-Storage-Class"); class != "" && class != "STANDARD" {
		return invalid("InvalidStorageClass", "The storage class you specified is not valid")
	}
	switch q.header("X-Amz-Acl") {
	case "", "private", "bucket-owner-full-control":
	default:
		return q.errACL()
	}
	return nil
}

// errACL refuses an access control list that would change something. S3 words
// it differently for a bucket that is still to be made.
func (q *request) errACL() error {
	if q.row.Name == "CreateBucket" {
		return invalid("InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
	}
	return errACLNotSupported()
}

// checkBucket says whether the bucket is there and is whose it is expected to be.
func (q *request) checkBucket() error {
	if q.record == nil {
		return errNoSuchBucket(q.bucket)
	}
	return q.checkOwners()
}

// checkOwners holds the request against the owners that it expects.
func (q *request) checkOwners() error {
	if want := q.header("X-Amz-Expected-Bucket-Owner"); want != "" && want != q.record.Account {
		return &op.Denied{Message: "Access Denied"}
	}
	want := q.header("X-Amz-Source-Expected-Bucket-Owner")
	if want != "" && q.source != nil && (q.source.record == nil || q.source.record.Account != want) {
		return &op.Denied{Message: "Access Denied"}
	}
	return nil
}
