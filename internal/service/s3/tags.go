package s3

import (
	"context"
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bindery-project/bindery/internal/blob"
)

type tagging struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Tagging"`
	TagSet  tagSet
}

type tagSet struct {
	Tags []tag `xml:"Tag"`
}

type tag struct {
	Key   string
	Value string
}

func taggingOf(tags map[string]string) *tagging {
	var out tagging
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out.TagSet.Tags = append(out.TagSet.Tags, tag{k, tags[k]})
	}
	return &out
}

// Limits of tags.
const (
	maxObjectTags = 10
	maxBucketTags = 50
)

func invalidTag(message string) *Error { return invalid("InvalidTag", message) }

// readTags reads a Tagging document.
func (q *request) readTags(limit int) (map[string]string, error) {
	var in struct {
		XMLName xml.Name `xml:"Tagging"`
		TagSet  *tagSet
	}
	if err := q.readXML(&in); err != nil {
		return nil, err
	}
	if in.TagSet == nil {
		return nil, errMalformedXML()
	}
	return collectTags(in.TagSet.Tags, limit)
}

func collectTags(list []tag, limit int) (map[string]string, error) {
	if len(list) > limit {
		if limit == maxBucketTags {
			return nil, invalid("BadRequest", "Bucket tag count cannot be greater than 50")
		}
		return nil, invalid("BadRequest", "Object tags cannot be greater than 10")
	}
	tags := make(map[string]string, len(list))
	for _, t := range list {
		if _, twice := tags[t.Key]; twice {
			return nil, invalidTag("Cannot provide multiple Tags with the same key")
		}
		if t.Key == "" || utf8.RuneCountInString(t.Key) > 128 || !validTag(t.Key) {
			return nil, invalidTag("The TagKey you have provided is invalid")
		}
		if utf8.RuneCountInString(t.Value) > 256 || !validTag(t.Value) {
			return nil, invalidTag("The TagValue you have provided is invalid")
		}
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, invalidTag("System tags cannot be added/updated by requester")
		}
		tags[t.Key] = t.Value
	}
	return tags, nil
}

// validTag holds the characters that tags may have: letters, digits and spaces
// of Unicode, and + - = . _ : / @.
func validTag(text string) bool {
	for _, c := range text {
		ascii := c < utf8.RuneSelf
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if c == utf8.RuneError || (ascii && !alnum && !strings.ContainsRune("+-=._:/@ ", c)) {
			return false
		}
	}
	return true
}

// parseTagHeader reads x-amz-tagging, which is a query string.
func parseTagHeader(text string) (map[string]string, error) {
	bad := invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.", "x-amz-tagging", text)
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, bad
	}
	var list []tag
	for k, v := range values {
		if len(v) != 1 {
			return nil, bad
		}
		list = append(list, tag{k, v[0]})
	}
	return collectTags(list, maxObjectTags)
}

func (s *Service) getBucketTags(_ context.Context, w http.ResponseWriter, q *request) error {
	if len(q.record.Tags) == 0 {
		return failure(http.StatusNotFound, "NoSuchTagSet", "The TagSet does not exist", [2]string{"BucketName", q.bucket})
	}
	return writeXML(w, taggingOf(q.record.Tags))
}

func (s *Service) putBucketTags(ctx context.Context, w http.ResponseWriter, q *request) error {
	tags, err := q.readTags(maxBucketTags)
	if err != nil {
		return err
	}
	if err := s.records.change(ctx, q.bucket, func(t *settings) error { t.Tags = tags; return nil }); err != nil {
		return err
	}
	return noContent(w)
}

func (s *Service) deleteBucketTags(ctx context.Context, w http.ResponseWriter, q *request) error {
	if err := s.records.change(ctx, q.bucket, func(t *settings) error { t.Tags = nil; return nil }); err != nil {
		return err
	}
	return noContent(w)
}

func (s *Service) getObjectTags(ctx context.Context, w http.ResponseWriter, q *request) error {
	o, err := s.open(ctx, q)
	if err != nil {
		return err
	}
	defer o.Close() //nolint:errcheck // read only
	q.versionHeader(w, o.Info)
	return writeXML(w, taggingOf(o.Info.Tags))
}

// putObjectTags asks again for the tags that the document holds: only now they
// are known.
func (s *Service) putObjectTags(ctx context.Context, w http.ResponseWriter, q *request) error {
	tags, err := q.readTags(maxObjectTags)
	if err != nil {
		return err
	}
	if q.tags = tags; len(tags) > 0 {
		accesses, err := s.accesses(ctx, q)
		if err != nil {
			return err
		}
		if err := s.Authorizer.Check(ctx, accesses...); err != nil {
			return err
		}
	}
	return s.changeTags(ctx, w, q, tags, http.StatusOK)
}

func (s *Service) deleteObjectTags(ctx context.Context, w http.ResponseWriter, q *request) error {
	return s.changeTags(ctx, w, q, nil, http.StatusNoContent)
}

func (s *Service) changeTags(ctx context.Context, w http.ResponseWriter, q *request, tags map[string]string, status int) error {
	info, err := s.Objects.Change(q.bucket, q.key, q.version(), func(i *blob.Info) error {
		if err := s.recheck(ctx, q, i); err != nil {
			return err
		}
		i.Tags = tags
		return nil
	})
	if err != nil {
		return s.missing(ctx, q, err)
	}
	q.versionHeader(w, info)
	w.WriteHeader(status)
	return nil
}
