package crawler

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// position is a place in the history of a crawler, which is listed from the newest crawl on.
type position struct {
	Started int64
	ID      string
}

// newest is before every crawl.
var newest = position{Started: math.MaxInt64}

// Lengths of a page of crawls (reference etl.md 1).
const (
	usualCrawls = 20
	mostCrawls  = 100
)

// ListCrawls lists the crawls of a crawler that pass all filters, newest first.
func (c *Crawlers) ListCrawls(ctx context.Context, in *glueapi.ListCrawlsInput) (*glueapi.ListCrawlsOutput, error) {
	call := op.CallFrom(ctx)
	filters, err := compileFilters(in.Filters)
	if err != nil {
		return nil, err
	}
	scope := glueapi.ListCrawlsInput{CrawlerName: in.CrawlerName, Filters: in.Filters}
	from, err := c.after(call, scope, in.NextToken)
	if err != nil {
		return nil, err
	}
	limit := usualCrawls
	if in.MaxResults != nil {
		limit = terms.Size(in.MaxResults, mostCrawls)
	}
	var found []*crawlRecord
	err = c.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		found = nil
		if _, err := find(ctx, tx, call.Account, in.CrawlerName); err != nil {
			return err
		}
		return crawls(ctx, tx, call.Account, in.CrawlerName, from, func(one *crawlRecord) bool {
			if filters.pass(one) {
				found = append(found, one)
			}
			return len(found) <= limit
		})
	})
	if err != nil {
		return nil, err
	}
	return c.crawlsPage(call, scope, found, limit)
}

func (c *Crawlers) crawlsPage(call *op.Call, scope any, found []*crawlRecord, limit int) (*glueapi.ListCrawlsOutput, error) {
	out := &glueapi.ListCrawlsOutput{Crawls: []glueapi.CrawlerHistory{}}
	for _, one := range found[:min(limit, len(found))] {
		out.Crawls = append(out.Crawls, one.CrawlerHistory)
	}
	if len(found) <= limit {
		return out, nil
	}
	last := found[limit-1]
	at, err := json.Marshal(position{int64(*last.StartTime), *last.CrawlId})
	if err != nil {
		return nil, err
	}
	out.NextToken, err = c.Pages.Next(call, call.Account, scope, at)
	return out, err
}

func (c *Crawlers) after(call *op.Call, scope any, token *string) (position, error) {
	at, err := c.Pages.After(call, call.Account, scope, token)
	if err != nil || at == nil {
		return newest, err
	}
	var p position
	err = json.Unmarshal(at, &p)
	return p, err
}

// filter is one condition on a crawl.
type filter struct {
	field, operator string
	text            string  // CRAWL_ID, STATE
	number          float64 // the times in ms, DPU_HOUR
}

type filters []filter

func compileFilters(given []glueapi.CrawlsFilter) (filters, error) {
	var all filters
	for _, g := range given {
		f := filter{field: op.Value(g.FieldName), operator: op.Value(g.FilterOperator), text: op.Value(g.FieldValue)}
		switch f.field {
		case glueapi.FieldNameState, glueapi.FieldNameCrawlId:
			if f.operator != glueapi.FilterOperatorEq && f.operator != glueapi.FilterOperatorNe {
				return nil, terms.Invalid("FilterOperator %s is not supported for FieldName %s", f.operator, f.field)
			}
		case glueapi.FieldNameStartTime, glueapi.FieldNameEndTime, glueapi.FieldNameDpuHour:
			n, err := strconv.ParseFloat(f.text, 64)
			if err != nil {
				return nil, terms.Invalid("FieldValue %q of FieldName %s is no number", f.text, f.field)
			}
			f.number = n
		default:
			return nil, terms.Invalid("A filter needs a FieldName")
		}
		if f.operator == "" {
			return nil, terms.Invalid("A filter needs a FilterOperator")
		}
		all = append(all, f)
	}
	return all, nil
}

func (all filters) pass(c *crawlRecord) bool {
	return !slices.ContainsFunc(all, func(f filter) bool { return !f.pass(c) })
}

func (f filter) pass(c *crawlRecord) bool {
	switch f.field {
	case glueapi.FieldNameState:
		return f.holds(cmp.Compare(op.Value(c.State), f.text))
	case glueapi.FieldNameCrawlId:
		return f.holds(cmp.Compare(op.Value(c.CrawlId), f.text))
	case glueapi.FieldNameStartTime:
		return f.holds(cmp.Compare(float64(*c.StartTime), f.number))
	case glueapi.FieldNameEndTime:
		return c.EndTime != nil && f.holds(cmp.Compare(float64(*c.EndTime), f.number))
	case glueapi.FieldNameDpuHour:
		return c.DPUHour != nil && f.holds(cmp.Compare(*c.DPUHour, f.number))
	}
	return false
}

// holds applies the operator to how the crawl's value compares with the filter's.
func (f filter) holds(compared int) bool {
	switch f.operator {
	case glueapi.FilterOperatorEq:
		return compared == 0
	case glueapi.FilterOperatorNe:
		return compared != 0
	case glueapi.FilterOperatorGt:
		return compared > 0
	case glueapi.FilterOperatorGe:
		return compared >= 0
	case glueapi.FilterOperatorLt:
		return compared < 0
	case glueapi.FilterOperatorLe:
		return compared <= 0
	}
	return false
}

// GetCrawlerMetrics tells how far the crawlers' crawls are and how long they took. The counts are those of the crawl that runs, or ran last.
func (c *Crawlers) GetCrawlerMetrics(ctx context.Context, in *glueapi.GetCrawlerMetricsInput) (*glueapi.GetCrawlerMetricsOutput, error) {
	out := &glueapi.GetCrawlerMetricsOutput{CrawlerMetricsList: []glueapi.CrawlerMetrics{}}
	records, next, err := c.named(ctx, in)
	if err != nil {
		return nil, err
	}
	out.NextToken = next
	return out, c.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out.CrawlerMetricsList = out.CrawlerMetricsList[:0]
		for _, r := range records {
			m, err := c.metrics(ctx, tx, r)
			if err != nil {
				return err
			}
			out.CrawlerMetricsList = append(out.CrawlerMetricsList, m)
		}
		return nil
	})
}

// named are the crawlers that the input names and that exist, or a page of all.
func (c *Crawlers) named(ctx context.Context, in *glueapi.GetCrawlerMetricsInput) (records []*record, next *string, err error) {
	if len(in.CrawlerNameList) == 0 {
		return c.page(ctx, nil, in.NextToken, in.MaxResults)
	}
	err = c.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		records = nil
		for _, name := range in.CrawlerNameList {
			r, err := find(ctx, tx, op.CallFrom(ctx).Account, name)
			if isNotFound(err) {
				continue
			}
			if err != nil {
				return err
			}
			records = append(records, r)
		}
		return nil
	})
	return records, nil, err
}

// recent is how many crawls the median is of.
const recent = 100

func (c *Crawlers) metrics(ctx context.Context, tx *db.Tx, r *record) (glueapi.CrawlerMetrics, error) {
	m := glueapi.CrawlerMetrics{
		CrawlerName: r.Doc.Name, TimeLeftSeconds: new(0.0), StillEstimating: new(false), LastRuntimeSeconds: new(0.0), MedianRuntimeSeconds: new(0.0),
		TablesCreated: new(int32(0)), TablesUpdated: new(int32(0)), TablesDeleted: new(int32(0)),
	}
	var seconds []float64
	first := true
	err := crawls(ctx, tx, r.Account, r.name(), newest, func(one *crawlRecord) bool {
		if p := &one.Progress; first {
			m.TablesCreated, m.TablesUpdated, m.TablesDeleted = &p.TablesCreated, &p.TablesUpdated, &p.TablesDeleted
			if r.Crawl != "" {
				m.TimeLeftSeconds, m.StillEstimating = p.left(clock.Millis(c.Clock.Now()))
			}
		}
		first = false
		if one.EndTime != nil {
			seconds = append(seconds, float64(*one.EndTime-*one.StartTime)/1000)
		}
		return len(seconds) < recent
	})
	if len(seconds) > 0 {
		m.LastRuntimeSeconds = new(seconds[0])
		slices.Sort(seconds)
		m.MedianRuntimeSeconds = new(seconds[len(seconds)/2])
	}
	return m, err
}

// enough is how many objects must have been inspected before their speed says something about the others.
const enough = 20

// left estimates the seconds until all objects are inspected, from the speed so far.
func (p *Progress) left(now int64) (seconds *float64, estimating *bool) {
	if !p.Listed || p.Inspected < min(enough, p.Objects) {
		return new(0.0), new(true)
	}
	each := float64(now-int64(p.Since)) / 1000 / float64(max(1, p.Inspected))
	return new(max(0, each*float64(p.Objects-p.Inspected))), new(false)
}
