package crawler

import (
	"context"
	"errors"
	"log/slog"
	"reflect"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
	"github.com/bindery-project/bindery/internal/work/worker"
)

// Crawlers answers the operations about crawlers. What a crawl does is in run.go.
type Crawlers struct{ Config }

// Config is what crawlers need of others. All of it must be set.
type Config struct {
	DB         *db.DB
	Queue      *queue.Queue
	Authorizer op.Authorizer
	Invoker    op.Invoker
	Roles      Roles
	Objects    Objects
	Tags       Tags
	Pages      terms.Pages
	Workers    *worker.Pool // reads the objects' files
	Parallel   int          // objects inspected at once: not more than there are workers
	Region     string
	Clock      clock.Clock
	NewID      func() string
	Log        *slog.Logger
}

// Roles makes sessions of the roles that crawlers have.
type Roles interface {
	// ForService makes a session of a role for a service. It is nil when the role does not exist or does not trust the service.
	ForService(ctx context.Context, roleARN, service, session string) (*op.Principal, error)
}

// Objects is the object store as the call in the context may use it: s3:ListBucket and s3:GetObject are checked for its principal. A refusal is
// an [*op.Denied], a missing bucket an error with the code NoSuchBucket.
type Objects interface {
	// List calls each with the objects whose keys begin with prefix, in the order of their keys. An error of each ends it and is returned.
	List(ctx context.Context, bucket, prefix string, each func(Object) error) error
	// File finds the file that holds an object's bytes, for a worker to open. The error is [ErrGone] when the object was deleted.
	File(ctx context.Context, bucket, key string) (path string, err error)
}

// ErrGone says that an object that was listed does not exist any more.
var ErrGone = errors.New("crawler: the object is gone")

// Tags keeps the tags of resources by ARN.
type Tags interface {
	Tags(ctx context.Context, tx *db.Tx, arn string) (map[string]string, error)
	PutTags(ctx context.Context, tx *db.Tx, arn string, tags map[string]string) error
	DropTags(ctx context.Context, tx *db.Tx, arn string) error
}

// CreateCrawler makes a crawler. It needs iam:PassRole on the role.
func (c *Crawlers) CreateCrawler(ctx context.Context, in *glueapi.CreateCrawlerInput) (*glueapi.CreateCrawlerOutput, error) {
	role, err := c.passRole(ctx, in.Role)
	if err != nil {
		return nil, err
	}
	r, err := newRecord(op.CallFrom(ctx), in)
	if err != nil {
		return nil, err
	}
	if err := terms.MayTag(ctx, c.Authorizer, op.Resource{ARN: c.arn(r), Account: r.Account}, in.Tags); err != nil {
		return nil, err
	}
	r.Doc.Role = &role
	err = c.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := op.Millis(clock.Millis(tx.Now()))
		r.Doc.CreationTime, r.Doc.LastUpdated = &now, &now
		if err := r.create(ctx, tx); err != nil || len(in.Tags) == 0 {
			return err
		}
		return c.Tags.PutTags(ctx, tx, c.arn(r), in.Tags)
	})
	if errors.Is(err, db.ErrExists) {
		return nil, terms.Exists("Crawler with name " + in.Name + " already exists")
	}
	return &glueapi.CreateCrawlerOutput{}, err
}

func newRecord(call *op.Call, in *glueapi.CreateCrawlerInput) (*record, error) {
	if op.Value(in.Schedule) != "" {
		return nil, terms.Unsupported("CreateCrawler", "Schedule")
	}
	if err := ownCatalog(call, "CreateCrawler", in.CatalogId); err != nil {
		return nil, err
	}
	r := &record{Account: call.Account, Doc: *glueapi.CrawlerFromCreate(in)}
	if err := check("CreateCrawler", &r.Doc); err != nil {
		return nil, err
	}
	fill(&r.Doc)
	r.Doc.State, r.Doc.Version, r.Doc.CrawlElapsedTime = new(glueapi.CrawlerStateReady), new(int64(1)), new(int64(0))
	return r, nil
}

// ownCatalog refuses a crawler that would write to another account's catalog.
func ownCatalog(call *op.Call, operation string, catalog *string) error {
	if id := op.Value(catalog); id != "" && id != call.Account {
		return terms.Unsupported(operation, "CatalogId of another catalog")
	}
	return nil
}

// GetCrawler reads a crawler.
func (c *Crawlers) GetCrawler(ctx context.Context, in *glueapi.GetCrawlerInput) (*glueapi.GetCrawlerOutput, error) {
	out := &glueapi.GetCrawlerOutput{}
	return out, c.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := find(ctx, tx, op.CallFrom(ctx).Account, in.Name)
		if err == nil {
			out.Crawler = c.answer(r)
		}
		return err
	})
}

// answer is a crawler as the API shows it: the time of a crawl that runs grows.
func (c *Crawlers) answer(r *record) *glueapi.Crawler {
	doc := r.Doc
	if r.Crawl != "" {
		doc.CrawlElapsedTime = new(max(0, clock.Millis(c.Clock.Now())-r.Started))
	}
	return &doc
}

// GetCrawlers lists the crawlers of the account by name.
func (c *Crawlers) GetCrawlers(ctx context.Context, in *glueapi.GetCrawlersInput) (*glueapi.GetCrawlersOutput, error) {
	out := &glueapi.GetCrawlersOutput{Crawlers: []glueapi.Crawler{}}
	records, next, err := c.page(ctx, nil, in.NextToken, in.MaxResults)
	for _, r := range records {
		out.Crawlers = append(out.Crawlers, *c.answer(r))
	}
	out.NextToken = next
	return out, err
}

// ListCrawlers lists the names of the account's crawlers, or of those that have all the tags given.
func (c *Crawlers) ListCrawlers(ctx context.Context, in *glueapi.ListCrawlersInput) (*glueapi.ListCrawlersOutput, error) {
	out := &glueapi.ListCrawlersOutput{CrawlerNames: []string{}}
	records, next, err := c.page(ctx, in.Tags, in.NextToken, in.MaxResults)
	for _, r := range records {
		out.CrawlerNames = append(out.CrawlerNames, r.name())
	}
	out.NextToken = next
	return out, err
}

// mostListed is the longest page of crawlers.
const mostListed = 1000

// page reads one page of the account's crawlers, of those with the given tags.
func (c *Crawlers) page(ctx context.Context, tags map[string]string, token *string, size *int32) (records []*record, next *string, err error) {
	call := op.CallFrom(ctx)
	after, err := c.Pages.After(call, call.Account, tags, token)
	if err != nil {
		return nil, nil, err
	}
	limit := terms.Size(size, mostListed)
	err = c.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		records, err = c.tagged(ctx, tx, call.Account, string(after), tags, limit+1)
		return err
	})
	if err != nil || len(records) <= limit {
		return records, nil, err
	}
	records = records[:limit]
	next, err = c.Pages.Next(call, call.Account, tags, []byte(records[limit-1].name()))
	return records, next, err
}

// tagged reads up to limit crawlers that have all the tags.
func (c *Crawlers) tagged(ctx context.Context, tx *db.Tx, account, after string, tags map[string]string, limit int) ([]*record, error) {
	var found []*record
	for {
		some, err := list(ctx, tx, account, after, limit)
		if err != nil {
			return nil, err
		}
		for _, r := range some {
			has, err := c.hasTags(ctx, tx, r, tags)
			if err != nil {
				return nil, err
			}
			if has && len(found) < limit {
				found = append(found, r)
			}
		}
		if len(some) < limit || len(found) == limit {
			return found, nil
		}
		after = some[len(some)-1].name()
	}
}

func (c *Crawlers) hasTags(ctx context.Context, tx *db.Tx, r *record, want map[string]string) (bool, error) {
	if len(want) == 0 {
		return true, nil
	}
	have, err := c.Tags.Tags(ctx, tx, c.arn(r))
	for key, v := range want {
		if got, ok := have[key]; !ok || got != v {
			return false, err
		}
	}
	return err == nil, err
}

// BatchGetCrawlers reads the named crawlers that the caller may see. A name that it may not see is reported as not found, so that nobody learns
// what exists; a caller who may see none is refused.
func (c *Crawlers) BatchGetCrawlers(ctx context.Context, in *glueapi.BatchGetCrawlersInput) (*glueapi.BatchGetCrawlersOutput, error) {
	call := op.CallFrom(ctx)
	out := &glueapi.BatchGetCrawlersOutput{Crawlers: []glueapi.Crawler{}, CrawlersNotFound: []string{}}
	allowed := 0
	for _, name := range in.CrawlerNames {
		resource, err := c.resource(ctx, call.Account, name)
		if err != nil {
			return nil, err
		}
		if !c.Authorizer.Allowed(ctx, op.Access{Action: "glue:BatchGetCrawlers", Resource: resource}) {
			out.CrawlersNotFound = append(out.CrawlersNotFound, name)
			continue
		}
		allowed++
		got, err := c.GetCrawler(ctx, &glueapi.GetCrawlerInput{Name: name})
		switch {
		case isNotFound(err):
			out.CrawlersNotFound = append(out.CrawlersNotFound, name)
		case err != nil:
			return nil, err
		default:
			out.Crawlers = append(out.Crawlers, *got.Crawler)
		}
	}
	if allowed == 0 {
		return nil, &op.Denied{Message: "No access to any requested resource."}
	}
	return out, nil
}

func isNotFound(err error) bool {
	var missing *glueapi.EntityNotFoundException
	return errors.As(err, &missing)
}

// resolve answers the crawler that an input names, with its tags: policies may speak of them.
func (c *Crawlers) resolve(ctx context.Context, in any) ([]op.Resource, error) {
	r, err := c.resource(ctx, op.CallFrom(ctx).Account, nameIn(in))
	return []op.Resource{r}, err
}

// Resolvers are those that the facade offers to the gateway.
func Resolvers(c *Crawlers) map[string]op.Resolver {
	return map[string]op.Resolver{"crawler": c.resolve}
}

// nameIn is the crawler that an input names.
func nameIn(in any) string {
	v := reflect.ValueOf(in).Elem()
	for _, member := range []string{"Name", "CrawlerName"} {
		if f := v.FieldByName(member); f.IsValid() {
			return f.String()
		}
	}
	return ""
}

func (c *Crawlers) resource(ctx context.Context, account, name string) (op.Resource, error) {
	resource := op.Resource{ARN: arn.Glue(c.Region, account, "crawler/"+name), Account: account}
	err := c.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		resource.Tags, err = c.Tags.Tags(ctx, tx, resource.ARN)
		return err
	})
	return resource, err
}

func (c *Crawlers) arn(r *record) string { return arn.Glue(c.Region, r.Account, "crawler/"+r.name()) }

// UpdateCrawler changes the members that the input has. It needs iam:PassRole on the role that the crawler then has, also when that stays the same:
// other targets are other data that the role reads.
func (c *Crawlers) UpdateCrawler(ctx context.Context, in *glueapi.UpdateCrawlerInput) (*glueapi.UpdateCrawlerOutput, error) {
	if err := c.passUpdated(ctx, in); err != nil {
		return nil, err
	}
	if op.Value(in.Schedule) != "" {
		return nil, terms.Unsupported("UpdateCrawler", "Schedule")
	}
	if err := ownCatalog(op.CallFrom(ctx), "UpdateCrawler", in.CatalogId); err != nil {
		return nil, err
	}
	return &glueapi.UpdateCrawlerOutput{}, c.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := find(ctx, tx, op.CallFrom(ctx).Account, in.Name)
		if err != nil {
			return err
		}
		if r.Crawl != "" {
			return &glueapi.CrawlerRunningException{Message: "Crawler with name " + in.Name + " is running"}
		}
		return r.update(ctx, tx, in)
	})
}

// passUpdated checks the role that the crawler is to have, and writes the form in which it is stored into the input. A caller who names it proves
// the right to pass it here; a change of the role by somebody else meanwhile is overwritten.
func (c *Crawlers) passUpdated(ctx context.Context, in *glueapi.UpdateCrawlerInput) error {
	role := op.Value(in.Role)
	if in.Role == nil {
		now, err := c.GetCrawler(ctx, &glueapi.GetCrawlerInput{Name: in.Name})
		if err != nil {
			return err
		}
		role = op.Value(now.Crawler.Role)
	}
	role, err := c.passRole(ctx, role)
	in.Role = &role
	return err
}

func (r *record) update(ctx context.Context, tx *db.Tx, in *glueapi.UpdateCrawlerInput) error {
	next := r.Doc
	overlay(&next, glueapi.CrawlerFromUpdate(in))
	if err := check("UpdateCrawler", &next); err != nil {
		return err
	}
	fill(&next)
	if err := checkEdit(&r.Doc, &next); err != nil {
		return err
	}
	if recrawl(&next) != glueapi.RecrawlBehaviorCrawlNewFoldersOnly {
		if err := r.forgetFolders(ctx, tx); err != nil {
			return err
		}
	}
	now := op.Millis(clock.Millis(tx.Now()))
	next.LastUpdated, next.Version = &now, new(*r.Doc.Version+1)
	r.Doc = next
	return r.save(ctx, tx)
}

// overlay copies the members that changes has.
func overlay(to, changes *glueapi.Crawler) {
	dst, src := reflect.ValueOf(to).Elem(), reflect.ValueOf(changes).Elem()
	for i := range src.NumField() {
		if f := src.Field(i); !f.IsZero() {
			dst.Field(i).Set(f)
		}
	}
}

// DeleteCrawler removes a crawler, its history and its tags. The tables that it made stay.
func (c *Crawlers) DeleteCrawler(ctx context.Context, in *glueapi.DeleteCrawlerInput) (*glueapi.DeleteCrawlerOutput, error) {
	return &glueapi.DeleteCrawlerOutput{}, c.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := find(ctx, tx, op.CallFrom(ctx).Account, in.Name)
		if err != nil {
			return err
		}
		if r.Crawl != "" {
			return &glueapi.CrawlerRunningException{Message: "Crawler with name " + in.Name + " is running"}
		}
		if err := c.Tags.DropTags(ctx, tx, c.arn(r)); err != nil {
			return err
		}
		return r.remove(ctx, tx)
	})
}
