package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"

	"github.com/bindery-project/bindery/internal/blob"
	"github.com/bindery-project/bindery/internal/op"
)

func (s *Service) deleteObject(_ context.Context, w http.ResponseWriter, q *request) error {
	match := q.header("If-Match")
	done, err := s.remove(q, q.key, q.version(), match)
	if err != nil {
		return err
	}
	deletedHeaders(w.Header(), q.record, done)
	return noContent(w)
}

func deletedHeaders(h http.Header, b *record, done blob.Deleted) {
	if done.Marker {
		h.Set("X-Amz-Delete-Marker", "true")
	}
	if done.Version != "" && b.Versioning != blob.Unversioned {
		h.Set("X-Amz-Version-Id", done.Version)
	}
}

// remove deletes a key or one version of it, if its ETag is match ("" for any).
func (s *Service) remove(q *request, key, version, match string) (blob.Deleted, error) {
	check := func(current *blob.Info) error {
		if match != "" && current == nil {
			return errNoSuchKey(key)
		}
		if match != "" && !tagMatches(match, current.ETag) {
			return errPrecondition("If-Match")
		}
		return nil
	}
	if version == "" {
		return s.Objects.Delete(q.bucket, key, q.record.Versioning, check)
	}
	if version != blob.NullVersion && !blob.ValidID(version) {
		return blob.Deleted{}, invalidArgument("Invalid version id specified", "versionId", version)
	}
	return s.Objects.DeleteVersion(q.bucket, key, version, check)
}

type deleteRequest struct {
	XMLName xml.Name `xml:"Delete"`
	Quiet   bool
	Objects []deleteItem `xml:"Object"`
}

type deleteItem struct {
	Key              string
	VersionID        string `xml:"VersionId"`
	ETag             string
	Size             *int64
	LastModifiedTime string
}

type deleteResult struct {
	XMLName xml.Name      `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
	Deleted []deletedItem `xml:"Deleted"`
	Errors  []deleteError `xml:"Error"`
}

type deletedItem struct {
	Key                   string
	VersionID             string `xml:"VersionId,omitempty"`
	DeleteMarker          bool   `xml:",omitempty"`
	DeleteMarkerVersionID string `xml:"DeleteMarkerVersionId,omitempty"`
}

type deleteError struct {
	Key       string
	VersionID string `xml:"VersionId,omitempty"`
	Code      string
	Message   string
}

const maxDeletes = 1000

// deleteObjects deletes up to 1,000 keys, deciding each by itself.
func (s *Service) deleteObjects(ctx context.Context, w http.ResponseWriter, q *request) error {
	if !q.hasDigest() {
		return invalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
	}
	var in deleteRequest
	if err := q.readXML(&in); err != nil {
		return err
	}
	if len(in.Objects) == 0 || len(in.Objects) > maxDeletes {
		return errMalformedXML()
	}
	var out deleteResult
	for _, item := range in.Objects {
		done, err := s.deleteOne(ctx, q, item)
		if err != nil {
			e, ours := s.itemError(q, item, err)
			if !ours || e.Code == noSuchBucket { // of the whole request, and the caller may know it
				return err
			}
			out.Errors = append(out.Errors, e)
			continue
		}
		if !in.Quiet {
			out.Deleted = append(out.Deleted, done)
		}
	}
	return writeXML(w, &out)
}

// deleteOne decides and deletes one key of a batch.
func (s *Service) deleteOne(ctx context.Context, q *request, item deleteItem) (deletedItem, error) {
	out := deletedItem{Key: item.Key, VersionID: item.VersionID}
	if err := checkKey(item.Key); err != nil {
		return out, err
	}
	if item.Size != nil || item.LastModifiedTime != "" {
		return out, notImplemented("conditions on size or time in DeleteObjects")
	}
	call := op.CallFrom(ctx)
	ctxKeys := map[string][]string{}
	q.signatureKeys(call, ctxKeys)
	set(ctxKeys, "s3:versionid", item.VersionID)
	if q.record != nil {
		set(ctxKeys, "s3:resourceaccount", q.record.Account)
	}
	action := "s3:DeleteObject"
	if item.VersionID != "" {
		action = "s3:DeleteObjectVersion"
	}
	if err := s.mayDelete(ctx, q, item, action, ctxKeys); err != nil {
		return out, err
	}
	if err := q.checkBucket(); err != nil {
		return out, err
	}
	done, err := s.remove(q, item.Key, item.VersionID, item.ETag)
	if done.Marker {
		out.DeleteMarker, out.DeleteMarkerVersionID = true, done.Version
	}
	return out, err
}

// mayDelete decides one key of a batch. As with DeleteObject, a condition on
// the ETag needs the right to read it.
func (s *Service) mayDelete(ctx context.Context, q *request, item deleteItem, action string, keys map[string][]string) error {
	actions := []string{action}
	if namesETag(item.ETag) {
		actions = append(actions, "s3:GetObject")
	}
	var accesses []op.Access
	for _, a := range actions {
		accesses = append(accesses, op.Access{Action: a, Resource: resource(op.CallFrom(ctx), a, q.record, q.bucket, item.Key), Context: keys})
	}
	return s.Authorizer.Check(ctx, accesses...)
}

// itemError words the failure of one key. Errors that nobody named end the
// whole request.
func (s *Service) itemError(q *request, item deleteItem, err error) (deleteError, bool) {
	one := *q
	one.key = item.Key
	err = s.translate(&one, err)
	out := deleteError{Key: item.Key, VersionID: item.VersionID}
	var denied *op.Denied
	var own *Error
	switch {
	case errors.As(err, &denied):
		out.Code, out.Message = "AccessDenied", denied.Message
	case errors.As(err, &own):
		out.Code, out.Message = own.Code, own.Message
	default:
		return out, false
	}
	return out, true
}

// noContentLength says that an answer has no body.
func noContentLength(h http.Header) { h.Set("Content-Length", strconv.Itoa(0)) }
