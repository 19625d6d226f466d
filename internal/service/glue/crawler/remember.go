package crawler

import "context"

// recall marks the objects in folders that an earlier crawl has seen. Only crawlers of new folders remember.
func (r *run) recall(ctx context.Context, s *survey) error { return nil }

// remember stores the folders that the crawl has seen.
func (r *run) remember(ctx context.Context, s *survey) error { return nil }
