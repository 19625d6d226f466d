package app

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/service/glue/crawler"
	"github.com/bindery-project/bindery/internal/service/s3"
)

// crawlObjects shows crawlers the object store, with the rights of the crawl's role.
type crawlObjects struct{ objects *s3.Service }

// List implements crawler.Objects.
func (o crawlObjects) List(ctx context.Context, bucket, prefix string, each func(crawler.Object) error) error {
	for e, err := range o.objects.ListObjects(ctx, bucket, prefix) {
		if err != nil {
			return err
		}
		if err := each(crawler.Object{Key: e.Key, Size: e.Info.Size, ETag: e.Info.ETag, ModTime: e.Info.Modified()}); err != nil {
			return err
		}
	}
	return nil
}

// File implements crawler.Objects.
func (o crawlObjects) File(ctx context.Context, bucket, key string) (string, error) {
	found, err := o.objects.GetObject(ctx, bucket, key)
	var known *s3.Error
	if errors.As(err, &known) && known.Code == "NoSuchKey" {
		return "", crawler.ErrGone
	}
	if err != nil {
		return "", err
	}
	return found.Path, found.Close()
}
