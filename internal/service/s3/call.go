package s3

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/bindery-project/bindery/internal/blob"
	"github.com/bindery-project/bindery/internal/op"
)

// The functions of this file are for the other services: results of queries,
// crawlers, inserts. Each acts with the rights of the call in the context,
// decided as a request of its own would be, bucket policy included. Their
// errors are [op.Denied] and the *[Error] of the operation.

// target finds a bucket for a call and asks for one action on it, or on a key.
func (s *Service) target(ctx context.Context, action, bucket, key string, keys map[string][]string) (*request, error) {
	q := &request{bucket: bucket, key: key, level: onObject}
	if !validBucketName(bucket) {
		return nil, errInvalidBucketName(bucket)
	}
	if key != "" {
		if err := checkKey(key); err != nil {
			return nil, err
		}
	}
	var err error
	if q.record, err = s.records.find(ctx, bucket); err != nil {
		return nil, err
	}
	if keys == nil {
		keys = map[string][]string{}
	}
	call := op.CallFrom(ctx)
	if err := s.Authorizer.Check(ctx, op.Access{Action: action, Resource: resource(call, action, q.record, bucket, key), Context: keys}); err != nil {
		return nil, err
	}
	if q.record == nil {
		return nil, errNoSuchBucket(bucket)
	}
	return q, nil
}

// BucketOwner is the account that owns a bucket (s3:GetBucketLocation).
func (s *Service) BucketOwner(ctx context.Context, bucket string) (account string, err error) {
	q, err := s.target(ctx, "s3:GetBucketLocation", bucket, "", nil)
	if err != nil {
		return "", err
	}
	return q.record.Account, nil
}

// tagContext are the condition keys for the tags of an object.
func (s *Service) tagContext(ctx context.Context, bucket, key string) (map[string][]string, error) {
	b, err := s.records.find(ctx, bucket)
	if err != nil {
		return nil, err
	}
	keys := map[string][]string{}
	if checkKey(key) == nil {
		s.existingTags(keys, b, key, "")
	}
	return keys, nil
}

// GetObject opens an object (s3:GetObject). The caller closes it. Path is its
// file, for readers that want one.
func (s *Service) GetObject(ctx context.Context, bucket, key string) (*blob.Object, error) {
	keys, err := s.tagContext(ctx, bucket, key)
	if err != nil {
		return nil, err
	}
	q, err := s.target(ctx, "s3:GetObject", bucket, key, keys)
	if err != nil {
		return nil, err
	}
	o, err := s.Objects.Read(bucket, key, "")
	if err != nil {
		return nil, s.absent(ctx, q, err)
	}
	return o, nil
}

func (s *Service) absent(ctx context.Context, q *request, err error) error {
	if !errors.Is(err, blob.ErrNoObject) {
		return s.translate(q, err)
	}
	if err := s.mayList(ctx, q.record, q.key); err != nil {
		return err
	}
	return errNoSuchKey(q.key)
}

// HeadObject describes an object (s3:GetObject).
func (s *Service) HeadObject(ctx context.Context, bucket, key string) (*blob.Info, error) {
	o, err := s.GetObject(ctx, bucket, key)
	if err != nil {
		return nil, err
	}
	return o.Info, o.Close()
}

// PutOptions describe an object that is written.
type PutOptions struct {
	ContentType string
	Metadata    map[string]string // lower-case names
	IfNoneMatch bool              // fail with PreconditionFailed when the key exists
	IfMatch     string            // fail unless this is the ETag of the current object
}

// PutObject writes an object (s3:PutObject), durably, or nothing of it.
func (s *Service) PutObject(ctx context.Context, bucket, key string, body io.Reader, o PutOptions) (*blob.Info, error) {
	q, err := s.target(ctx, "s3:PutObject", bucket, key, nil)
	if err != nil {
		return nil, err
	}
	g, err := s.Objects.Stage(ctx, body, blob.CRC64NVME)
	if err != nil {
		return nil, s.translate(q, err)
	}
	info := blob.Info{ETag: g.ETag(), Headers: map[string]string{}, Metadata: o.Metadata, Checksum: fullChecksum(digest{}, g)}
	if o.ContentType != "" {
		info.Headers["Content-Type"] = o.ContentType
	}
	done, err := s.Objects.Publish(bucket, key, g, info, q.record.Versioning, s.inSameBucket(ctx, q.record, o.condition(key)))
	return done, s.translate(q, err)
}

func (o PutOptions) condition(key string) blob.Condition {
	return func(current *blob.Info) error {
		switch {
		case o.IfNoneMatch && current != nil:
			return errPrecondition("If-None-Match")
		case o.IfMatch != "" && current == nil:
			return errNoSuchKey(key)
		case o.IfMatch != "" && !tagMatches(o.IfMatch, current.ETag):
			return errPrecondition("If-Match")
		}
		return nil
	}
}

// DeleteObject deletes an object (s3:DeleteObject). One that is not there is no
// error.
func (s *Service) DeleteObject(ctx context.Context, bucket, key string) error {
	q, err := s.target(ctx, "s3:DeleteObject", bucket, key, nil)
	if err != nil {
		return err
	}
	_, err = s.Objects.Delete(bucket, key, q.record.Versioning, blob.Always)
	return s.translate(q, err)
}

// ListObjects lists the objects whose keys begin with a prefix (s3:ListBucket,
// with s3:prefix), in order, reading each folder once. It decides at once, and
// yields its error first.
func (s *Service) ListObjects(ctx context.Context, bucket, prefix string) iter.Seq2[blob.Entry, error] {
	return func(yield func(blob.Entry, error) bool) {
		keys := map[string][]string{"s3:prefix": {prefix}}
		if _, err := s.target(ctx, "s3:ListBucket", bucket, "", keys); err != nil {
			yield(blob.Entry{}, err)
			return
		}
		for e, err := range s.Objects.Objects(bucket, blob.WalkOptions{Prefix: prefix}) {
			if err == nil {
				err = ctx.Err()
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// MayRead asks whether the call may read an object (s3:GetObject), for readers
// that open its file by themselves. The answer is nil or [op.Denied].
func (s *Service) MayRead(ctx context.Context, bucket, key string) error {
	keys, err := s.tagContext(ctx, bucket, key)
	if err != nil {
		return err
	}
	_, err = s.target(ctx, "s3:GetObject", bucket, key, keys)
	return err
}
