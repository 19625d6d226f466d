package app

import (
	"context"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/crawler"
)

// crawlObjects shows crawlers the object store, with the rights of the crawl's role.
type crawlObjects struct{}

// List implements crawler.Objects.
func (crawlObjects) List(context.Context, string, string, func(crawler.Object) error) error {
	return op.Unsupported("s3", "ListObjectsV2")
}

// File implements crawler.Objects.
func (crawlObjects) File(context.Context, string, string) (string, error) {
	return "", op.Unsupported("s3", "GetObject")
}
