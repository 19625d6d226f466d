package app

import (
	"bytes"
	"context"
	"io"

	"github.com/bindery-project/bindery/internal/service/glue/openformat"
	"github.com/bindery-project/bindery/internal/service/s3"
)

// formatObjects shows the Data Catalog the object store, for the metadata of
// tables. It acts as the caller, and each access is recorded.
type formatObjects struct {
	store *s3.Service
	actor onBehalf
}

// viaGlue is what s3 sees in aws:CalledVia.
const viaGlue = "glue.amazonaws.com"

// Read implements openformat.Objects.
func (f formatObjects) Read(ctx context.Context, bucket, key string, limit int64) (raw []byte, err error) {
	err = f.actor.Act(ctx, viaGlue, "GetObject", true, func(ctx context.Context) error {
		o, err := f.store.GetObject(ctx, bucket, key)
		if err != nil {
			return err
		}
		defer o.Close() //nolint:errcheck // it was only read
		if o.Info.Size > limit {
			return openformat.ErrTooLarge
		}
		raw, err = io.ReadAll(io.LimitReader(o, limit))
		return err
	})
	return raw, err
}

// Write implements openformat.Objects.
func (f formatObjects) Write(ctx context.Context, bucket, key string, body []byte) error {
	return f.actor.Act(ctx, viaGlue, "PutObject", false, func(ctx context.Context) error {
		_, err := f.store.PutObject(ctx, bucket, key, bytes.NewReader(body), s3.PutOptions{ContentType: "application/json"})
		return err
	})
}
