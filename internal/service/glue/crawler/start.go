package crawler

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// A crawler is READY, RUNNING or STOPPING. The last two go with a queued or running item of the queue: they are stored in one transaction, so that
// no crawler is left running by a server that dies.

// logGroup is where Glue's crawlers log.
const logGroup = "/aws-glue/crawlers"

// StartCrawler queues a crawl.
func (c *Crawlers) StartCrawler(ctx context.Context, in *glueapi.StartCrawlerInput) (*glueapi.StartCrawlerOutput, error) {
	return &glueapi.StartCrawlerOutput{}, c.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := find(ctx, tx, op.CallFrom(ctx).Account, in.Name)
		if err != nil {
			return err
		}
		if r.Crawl != "" {
			return &glueapi.CrawlerRunningException{Message: "Crawler with name " + in.Name + " has already started"}
		}
		if err := forget(ctx, tx, r.Account, r.name()); err != nil {
			return err
		}
		return c.start(ctx, tx, r)
	})
}

func (c *Crawlers) start(ctx context.Context, tx *db.Tx, r *record) error {
	id, now := c.NewID(), op.Millis(clock.Millis(tx.Now()))
	crawl := &crawlRecord{CrawlerHistory: glueapi.CrawlerHistory{
		CrawlId: &id, State: new(glueapi.CrawlerHistoryStateRunning), StartTime: &now,
		LogGroup: new(logGroup), LogStream: r.Doc.Name, MessagePrefix: &id, DPUHour: new(0.0),
	}, Progress: Progress{Phase: "waiting for a free place"}}
	if err := putCrawl(ctx, tx, r.Account, r.name(), crawl); err != nil {
		return err
	}
	r.Crawl, r.Started, r.Doc.State = id, int64(now), new(glueapi.CrawlerStateRunning)
	if err := r.saveState(ctx, tx); err != nil {
		return err
	}
	return c.Queue.Enqueue(ctx, tx, queue.Item{ID: id, Kind: kindName, Account: r.Account, Payload: []byte(r.name())})
}

// StopCrawler cancels the crawl that is queued or running.
func (c *Crawlers) StopCrawler(ctx context.Context, in *glueapi.StopCrawlerInput) (*glueapi.StopCrawlerOutput, error) {
	return &glueapi.StopCrawlerOutput{}, c.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := find(ctx, tx, op.CallFrom(ctx).Account, in.Name)
		if err != nil {
			return err
		}
		switch {
		case r.Crawl == "":
			return &glueapi.CrawlerNotRunningException{Message: "Crawler with name " + in.Name + " isn't running"}
		case *r.Doc.State == glueapi.CrawlerStateStopping:
			return &glueapi.CrawlerStoppingException{Message: "Crawler with name " + in.Name + " is already stopping"}
		}
		return c.stop(ctx, tx, r)
	})
}

func (c *Crawlers) stop(ctx context.Context, tx *db.Tx, r *record) error {
	removed, err := c.Queue.Cancel(ctx, tx, r.Crawl)
	switch {
	case errors.Is(err, queue.ErrLost) || err == nil && removed:
		return settle(ctx, tx, r, outcome{state: glueapi.CrawlerHistoryStateStopped})
	case err != nil:
		return err
	}
	r.Doc.State = new(glueapi.CrawlerStateStopping)
	return r.saveState(ctx, tx)
}
