package app

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/bindery-project/bindery/internal/blob"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/athena"
	"github.com/bindery-project/bindery/internal/service/athena/execution"
	"github.com/bindery-project/bindery/internal/service/athena/objects"
	"github.com/bindery-project/bindery/internal/service/athena/query"
	"github.com/bindery-project/bindery/internal/service/athena/terms"
	"github.com/bindery-project/bindery/internal/service/s3"
)

// openQueries starts Athena.
func (a *App) openQueries(store *s3.Service, actor onBehalf, invoker op.Invoker) *athena.Service {
	s := athena.New(execution.Config{
		DB: a.db, Queue: a.queue, Objects: queryObjects{store, actor, terms.Via}, NewID: newID, Log: a.log, Clock: a.clock, Limit: a.cfg.Workers,
	}, a.keys, query.Runner{Invoker: invoker, Engine: a.engine, Clock: a.clock})
	a.kinds = append(a.kinds, s.Work())
	return s
}

// onBehalf does something with the object store on a caller's behalf, and records it.
type onBehalf interface {
	Act(ctx context.Context, via, operation string, readOnly bool, f func(context.Context) error) error
}

// queryObjects shows Athena the object store.
type queryObjects struct {
	store *s3.Service
	actor onBehalf
	via   string // the service that asks
}

func (q queryObjects) act(ctx context.Context, operation string, readOnly bool, f func(context.Context) error) error {
	return q.actor.Act(ctx, q.via, operation, readOnly, f)
}

// Locate implements objects.Store.
func (q queryObjects) Locate(ctx context.Context, bucket string) (owner string, err error) {
	err = q.act(ctx, "GetBucketLocation", true, func(ctx context.Context) error {
		owner, err = q.store.BucketOwner(ctx, bucket)
		return err
	})
	return owner, absence(err)
}

// List implements objects.Store. What each answers is none of the store's errors.
func (q queryObjects) List(ctx context.Context, bucket, prefix string, each func(objects.Object) error) error {
	var stopped error
	err := q.act(ctx, "ListObjectsV2", true, func(ctx context.Context) error {
		for e, err := range q.store.ListObjects(ctx, bucket, prefix) {
			if err != nil {
				return err
			}
			if stopped = each(objects.Object{Key: e.Key, Size: e.Info.Size, ETag: e.Info.ETag, Modified: e.Info.Modified(), Path: e.Path}); stopped != nil {
				return nil
			}
		}
		return nil
	})
	return errors.Join(absence(err), stopped)
}

// MayRead implements objects.Store. A query asks for each of its files; only refusals are
// recorded.
func (q queryObjects) MayRead(ctx context.Context, bucket, key string) error {
	call := *op.CallFrom(ctx)
	call.Service, call.Operation = "s3", "GetObject"
	call.Via, call.ViaAWS = append(append([]string(nil), call.Via...), q.via), true
	if q.store.MayRead(op.WithCall(ctx, &call), bucket, key) == nil {
		return nil
	}
	return absence(q.act(ctx, "GetObject", true, func(ctx context.Context) error { return q.store.MayRead(ctx, bucket, key) }))
}

// Open implements objects.Store.
func (q queryObjects) Open(ctx context.Context, bucket, key string) (objects.File, error) {
	var o *blob.Object
	err := q.act(ctx, "GetObject", true, func(ctx context.Context) (err error) {
		o, err = q.store.GetObject(ctx, bucket, key)
		return err
	})
	if err != nil {
		return nil, absence(err)
	}
	return objectFile{o}, nil
}

// objectFile is an open object.
type objectFile struct{ *blob.Object }

// Size implements objects.File.
func (f objectFile) Size() int64 { return f.Info.Size }

// Write implements objects.Store. A body that fails was given up by its writer: that is no
// failed request.
func (q queryObjects) Write(ctx context.Context, bucket, key, contentType string, body io.Reader) error {
	from := &source{Reader: body}
	err := q.act(ctx, "PutObject", false, func(ctx context.Context) error {
		_, err := q.store.PutObject(ctx, bucket, key, from, s3.PutOptions{ContentType: contentType})
		if from.failed != nil {
			return nil
		}
		return err
	})
	if from.failed != nil {
		return from.failed
	}
	return absence(err)
}

// source remembers the error of a body.
type source struct {
	io.Reader
	failed error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed = err
	}
	return n, err
}

// absence gives S3's answers about what is not there their names in package objects.
func absence(err error) error {
	var e *s3.Error
	if !errors.As(err, &e) || e.Status != http.StatusNotFound {
		return err
	}
	if e.Code == "NoSuchBucket" {
		return objects.ErrNoBucket
	}
	return objects.ErrNoObject
}
