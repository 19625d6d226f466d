package crawler

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/format"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// A crawl is an item of the queue. It changes nothing that it does not find again: performed a second time, after a crash or a lost lease, it
// goes on where the catalog is. Everything that it reads and writes outside this package is checked for a session of the crawler's role.

const (
	kindName    = "glue:crawl"
	atOnce      = 4 // crawls that run on one node; others wait
	attempts    = 3 // after so many tries that ended with the server or with its faults, a crawl has failed
	sessionName = "AWS-Crawler"
	showEvery   = time.Second // how often the progress is stored
)

// Kind is how the queue performs crawls.
func Kind(c *Crawlers) queue.Kind { return queue.Kind{Name: kindName, Limit: atOnce, Run: c.perform} }

// run is one attempt at a crawl.
type run struct {
	*Crawlers
	item     queue.Item
	record   *record // the crawler when the attempt began: it does not change meanwhile
	database string
	config   Configuration
	policy   SchemaChangePolicy
	role     *op.Principal
	summary  summary
	journal  journal
	columns  sync.Map        // text of columns -> the one copy of them
	fresh    map[string]bool // locations of the folders that no earlier crawl has seen; nil for crawlers that do not remember

	mu       sync.Mutex
	progress Progress
}

// outcome is how a crawl ended.
type outcome struct {
	state    string // of CrawlerHistory
	message  string // why it failed
	summary  string
	progress Progress
}

// perform carries out a queued crawl.
func (c *Crawlers) perform(ctx context.Context, item queue.Item) error {
	r, err := c.open(context.WithoutCancel(ctx), item)
	if err != nil || r == nil {
		return err
	}
	err = r.do(ctx)
	end, again := r.judge(ctx, err)
	if again != nil {
		return again
	}
	return r.close(context.WithoutCancel(ctx), end)
}

// open reads the crawler. It is nil when the crawl is not its crawler's any more.
func (c *Crawlers) open(ctx context.Context, item queue.Item) (*run, error) {
	r := &run{Crawlers: c, item: item, progress: Progress{Phase: "starting"}}
	err := c.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		r.record, err = find(ctx, tx, item.Account, string(item.Payload))
		return err
	})
	if isNotFound(err) || err == nil && r.record.Crawl != item.ID {
		return nil, nil //nolint:nilnil // documented: there is nothing to do
	}
	if err != nil {
		return nil, err
	}
	d := &r.record.Doc
	r.journal.clock = c.Clock
	r.database = arn.Fold(op.Value(d.DatabaseName))
	if r.database == "" {
		r.database = "default"
	}
	r.config, err = ParseConfiguration(op.Value(d.Configuration))
	r.policy = SchemaChangePolicy{
		UpdateBehavior: op.Value(d.SchemaChangePolicy.UpdateBehavior), DeleteBehavior: op.Value(d.SchemaChangePolicy.DeleteBehavior),
		MergeNewColumns: r.config.CrawlerOutput.Tables.AddOrUpdateBehavior == MergeNewColumns,
	}
	return r, err
}

// do is a crawl from its beginning to its end.
func (r *run) do(ctx context.Context) error {
	if r.item.Attempt > attempts {
		return r.fail("The crawl was interrupted %d times, each time together with the server that ran it.", attempts)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := r.show(ctx)
	defer stop()
	if err := r.assume(ctx); err != nil {
		return err
	}
	r.journal.info("Running Start Crawl for Crawler %s", r.record.name())
	catalog, err := r.readCatalog(ctx)
	if err != nil {
		return err
	}
	found, err := r.survey(ctx, catalog)
	if err != nil {
		return err
	}
	if err := r.config.CheckThreshold(len(found.tables)); err != nil {
		return r.fail("%v", err)
	}
	return r.write(ctx, catalog, found)
}

// fail is an error that ends the crawl, in words for its owner.
func (r *run) fail(format string, args ...any) error {
	return &glueapi.InvalidInputException{Message: fmt.Sprintf(format, args...)}
}

// assume makes the session that the crawl works with.
func (r *run) assume(ctx context.Context) error {
	role := arn.IAM(r.record.Account, "role", "", op.Value(r.record.Doc.Role))
	session, err := r.Roles.ForService(ctx, role, principalService, sessionName)
	if err != nil {
		return err
	}
	if session == nil {
		return r.fail("%s", notAssumable)
	}
	r.role = session
	return nil
}

// as is a context whose calls are the role's, made now.
func (r *run) as(ctx context.Context) context.Context {
	return op.WithCall(ctx, &op.Call{
		RequestID: r.NewID(), Service: "glue", Operation: "StartCrawler", Region: r.Region, Account: r.role.Account,
		Principal: *r.role, Now: r.Clock.Now(), UserAgent: principalService,
	})
}

// asReader is as for the object store, which is asked directly: Glue is between the role and it, as [op.Invoker] notes for operations.
func (r *run) asReader(ctx context.Context) context.Context {
	ctx = r.as(ctx)
	call := op.CallFrom(ctx)
	call.Via, call.ViaAWS = []string{principalService}, true
	return ctx
}

// judge turns the end of an attempt into the outcome of the crawl, or into the error with which the queue tries again.
func (r *run) judge(ctx context.Context, err error) (outcome, error) {
	r.mu.Lock()
	end := outcome{state: glueapi.CrawlerHistoryStateCompleted, summary: r.summary.text(), progress: r.progress}
	r.mu.Unlock()
	end.progress.Phase = "finished"
	cause := context.Cause(ctx)
	switch {
	case err == nil:
		r.journal.info("Crawler has finished running and is in state READY")
		return end, nil
	case errors.Is(cause, queue.ErrCancelled):
		end.state = glueapi.CrawlerHistoryStateStopped
		r.journal.add("WARN", "Crawl was stopped")
		return end, nil
	case cause != nil:
		return end, err
	}
	message, final := explain(err)
	if !final && r.item.Attempt < attempts {
		return end, err
	}
	if !final {
		r.Log.Error("crawl failed", "crawler", r.record.name(), "crawl", r.item.ID, "error", err)
	}
	end.state, end.message = glueapi.CrawlerHistoryStateFailed, message
	r.journal.add("ERROR", "%s", message)
	return end, nil
}

// passing are errors of others' doing that may be gone at the next try.
var passing = map[string]bool{"ConcurrentModificationException": true, "OperationTimeoutException": true, "ThrottlingException": true}

// explain words an error for the crawler's owner. final says that trying again would not help.
func explain(err error) (message string, final bool) {
	var denied *op.Denied
	if errors.As(err, &denied) {
		return denied.Message, true
	}
	var known op.Error
	if errors.As(err, &known) && !known.ServerFault() {
		return known.ErrorMessage(), !passing[known.ErrorCode()]
	}
	return "Internal service exception.", false
}

// maxMessage is the longest text of an error message, in characters.
const maxMessage = 2048

// close stores the outcome and takes the item from the queue, both or neither.
func (r *run) close(ctx context.Context, end outcome) error {
	if len(end.message) > maxMessage {
		end.message = string([]rune(end.message)[:min(maxMessage, len([]rune(end.message)))])
	}
	return r.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := r.Queue.Settle(ctx, tx, r.item); err != nil {
			return err
		}
		now, err := find(ctx, tx, r.record.Account, r.record.name())
		if err != nil {
			return err
		}
		if err := putLog(ctx, tx, now.Account, now.name(), r.item.ID, r.journal.all()); err != nil {
			return err
		}
		return settle(ctx, tx, now, end)
	})
}

// lastStatus is LastCrawl.Status for the states of the history.
var lastStatus = map[string]string{
	glueapi.CrawlerHistoryStateCompleted: glueapi.LastCrawlStatusSucceeded,
	glueapi.CrawlerHistoryStateFailed:    glueapi.LastCrawlStatusFailed,
	glueapi.CrawlerHistoryStateStopped:   glueapi.LastCrawlStatusCancelled,
}

// settle ends the crawl that the crawler has.
func settle(ctx context.Context, tx *db.Tx, r *record, end outcome) error {
	crawl, err := latest(ctx, tx, r)
	if err != nil {
		return err
	}
	now := op.Millis(clock.Millis(tx.Now()))
	if crawl != nil {
		crawl.State, crawl.EndTime, crawl.Progress = &end.state, &now, end.progress
		crawl.Summary, crawl.ErrorMessage = optional(end.summary), optional(end.message)
		if err := putCrawl(ctx, tx, r.Account, r.name(), crawl); err != nil {
			return err
		}
	}
	r.Doc.State, r.Doc.CrawlElapsedTime = new(glueapi.CrawlerStateReady), new(max(0, int64(now)-r.Started))
	r.Doc.LastCrawl = &glueapi.LastCrawlInfo{
		Status: new(lastStatus[end.state]), ErrorMessage: optional(end.message), LogGroup: new(logGroup), LogStream: r.Doc.Name,
		MessagePrefix: new(r.Crawl), StartTime: new(op.Millis(r.Started)),
	}
	r.Crawl = ""
	return r.saveState(ctx, tx)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// advance changes the progress.
func (r *run) advance(change func(*Progress)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.progress)
}

// show stores the progress now and then, until the function it returns is called.
func (r *run) show(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(showEvery)
		defer tick.Stop()
		var shown Progress
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				shown = r.showOnce(ctx, shown)
			}
		}
	})
	return func() { cancel(); done.Wait() }
}

// showOnce stores the progress if it differs from what was stored last, and returns what is stored.
func (r *run) showOnce(ctx context.Context, shown Progress) Progress {
	r.mu.Lock()
	next := r.progress
	r.mu.Unlock()
	if next == shown {
		return shown
	}
	err := r.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		now, err := find(ctx, tx, r.record.Account, r.record.name())
		if err != nil || now.Crawl != r.item.ID {
			return err
		}
		crawl, err := latest(ctx, tx, now)
		if err != nil || crawl == nil {
			return err
		}
		crawl.Progress = next
		return putCrawl(ctx, tx, now.Account, now.name(), crawl)
	})
	if err != nil {
		if ctx.Err() == nil {
			r.Log.Warn("the progress of a crawl could not be stored", "crawler", r.record.name(), "error", err)
		}
		return shown
	}
	return next
}

// shared returns a result whose columns are the same slice as those of every other file with equal ones: a million files of one table are a
// million results.
func (r *run) shared(result *format.Result) *format.Result {
	key := ""
	for _, c := range result.Columns {
		key += c.Name + "\x00" + c.Type + "\x00" + c.Seen + "\x00" + strconv.FormatBool(c.Blank) + "\x00"
	}
	columns, _ := r.columns.LoadOrStore(key, result.Columns)
	result.Columns, _ = columns.([]format.Column)
	return result
}
