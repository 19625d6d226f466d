package crawler_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
)

// said is the code and the text of an error that a client would see.
func said(err error) string {
	var known op.Error
	var denied *op.Denied
	switch {
	case errors.As(err, &denied):
		return "denied: " + denied.Message
	case errors.As(err, &known):
		return known.ErrorCode() + ": " + known.ErrorMessage()
	case err != nil:
		return err.Error()
	}
	return "nothing"
}

// TestRefusals creates and updates crawlers that are refused, and looks that nothing was kept.
func TestRefusals(t *testing.T) {
	const unsupported = "UnsupportedOperationException: bindery does not support "
	for name, c := range map[string]struct {
		edit func(*glueapi.CreateCrawlerInput)
		want string
	}{
		"schedule":     {func(in *glueapi.CreateCrawlerInput) { in.Schedule = new("cron(0 1 * * ? *)") }, unsupported + "Schedule"},
		"classifiers":  {func(in *glueapi.CreateCrawlerInput) { in.Classifiers = []string{"x"} }, unsupported + "Classifiers"},
		"other target": {func(in *glueapi.CreateCrawlerInput) { in.Targets.JdbcTargets = make([]glueapi.JdbcTarget, 1) }, unsupported + "JdbcTargets"},
		"event mode": {func(in *glueapi.CreateCrawlerInput) {
			in.RecrawlPolicy = &glueapi.RecrawlPolicy{RecrawlBehavior: new("CRAWL_EVENT_MODE")}
		}, unsupported + "RecrawlPolicy.RecrawlBehavior CRAWL_EVENT_MODE"},
		"queue":      {func(in *glueapi.CreateCrawlerInput) { in.Targets.S3Targets[0].EventQueueArn = new("a") }, unsupported + "S3Targets.EventQueueArn"},
		"connection": {func(in *glueapi.CreateCrawlerInput) { in.Targets.S3Targets[0].ConnectionName = new("a") }, unsupported + "S3Targets.ConnectionName"},
		"lineage": {func(in *glueapi.CreateCrawlerInput) {
			in.LineageConfiguration = &glueapi.LineageConfiguration{CrawlerLineageSettings: new("ENABLE")}
		}, unsupported + "LineageConfiguration"},
		"lake formation": {func(in *glueapi.CreateCrawlerInput) {
			in.LakeFormationConfiguration = &glueapi.LakeFormationConfiguration{UseLakeFormationCredentials: new(true)}
		}, unsupported + "LakeFormationConfiguration"},
		"security configuration": {func(in *glueapi.CreateCrawlerInput) { in.CrawlerSecurityConfiguration = new("a") }, unsupported + "CrawlerSecurityConfiguration"},
		"other catalog":          {func(in *glueapi.CreateCrawlerInput) { in.CatalogId = new("999999999999") }, unsupported + "CatalogId"},
		"index": {func(in *glueapi.CreateCrawlerInput) {
			in.Configuration = new(`{"Version":1.0,"CreatePartitionIndex":true}`)
		}, unsupported + "Configuration.CreatePartitionIndex"},
		"configuration": {func(in *glueapi.CreateCrawlerInput) { in.Configuration = new(`{"Version":1.0,"New":1}`) }, "InvalidInputException: crawler configuration"},
		"no target":     {func(in *glueapi.CreateCrawlerInput) { in.Targets = &glueapi.CrawlerTargets{} }, "InvalidInputException: At least one crawler target"},
		"local file":    {func(in *glueapi.CreateCrawlerInput) { in.Targets.S3Targets[0].Path = new("file:///etc/passwd") }, "InvalidInputException: include path"},
		"sample":        {func(in *glueapi.CreateCrawlerInput) { in.Targets.S3Targets[0].SampleSize = new(int32(250)) }, "InvalidInputException: SampleSize 250"},
		"exclusion":     {func(in *glueapi.CreateCrawlerInput) { in.Targets.S3Targets[0].Exclusions = []string{"[a"} }, "InvalidInputException: exclusion pattern"},
		"new folders": {func(in *glueapi.CreateCrawlerInput) {
			in.RecrawlPolicy = &glueapi.RecrawlPolicy{RecrawlBehavior: new("CRAWL_NEW_FOLDERS_ONLY")}
			in.SchemaChangePolicy = &glueapi.SchemaChangePolicy{UpdateBehavior: new("UPDATE_IN_DATABASE")}
		}, `InvalidInputException: The SchemaChangePolicy for "Crawl new folders only" Amazon S3 target can have only LOG`},
		"missing role": {func(in *glueapi.CreateCrawlerInput) { in.Role = "nobody" }, "InvalidInputException: Service is unable to assume provided role. Please verify role's TrustPolicy"},
		"other account's role": {func(in *glueapi.CreateCrawlerInput) {
			in.Role = "arn:aws:iam::999999999999:role/x"
		}, "denied: Cross-account pass role is not allowed."},
		"no role": {func(in *glueapi.CreateCrawlerInput) { in.Role = "arn:aws:iam::111122223333:user/ana" }, "InvalidInputException: Role"},
		"tags":    {func(in *glueapi.CreateCrawlerInput) { in.Tags = map[string]string{"aws:x": "y"} }, "InvalidInputException: Tag key aws:x"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
			if got := said(w.tryCreate(c.edit)); !strings.HasPrefix(got, c.want) {
				t.Errorf("create: %s", got)
			}
			if got := w.names(nil); len(got) != 0 {
				t.Errorf("%v was kept", got)
			}
			w.create(nil)
			in := &glueapi.CreateCrawlerInput{Name: "c", Role: role, Targets: &glueapi.CrawlerTargets{S3Targets: []glueapi.S3Target{{Path: new("s3://b/")}}}}
			if c.edit(in); in.Tags != nil {
				return // an update has none
			}
			_, err := w.glue.UpdateCrawler(w.ctx, &glueapi.UpdateCrawlerInput{
				Name: "c", Role: &in.Role, Targets: in.Targets, Schedule: in.Schedule, Classifiers: in.Classifiers, RecrawlPolicy: in.RecrawlPolicy,
				LineageConfiguration: in.LineageConfiguration, LakeFormationConfiguration: in.LakeFormationConfiguration, SchemaChangePolicy: in.SchemaChangePolicy,
				Configuration: in.Configuration, CrawlerSecurityConfiguration: in.CrawlerSecurityConfiguration, CatalogId: in.CatalogId,
			})
			if got := said(err); !strings.HasPrefix(got, c.want) {
				t.Errorf("update: %s", got)
			}
			if got := w.crawler(); *got.Version != 1 {
				t.Errorf("version %d after a refused update", *got.Version)
			}
		})
	}
}

// names lists the crawlers with the given tags, in pages of two.
func (w *world) names(tags map[string]string) []string {
	w.t.Helper()
	var all []string
	in := &glueapi.ListCrawlersInput{Tags: tags, MaxResults: new(int32(2))}
	for {
		out, err := w.glue.ListCrawlers(w.ctx, in)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, out.CrawlerNames...)
		if out.NextToken == nil {
			return all
		}
		in.NextToken = out.NextToken
	}
}

// TestPassRole refuses to give a role away that the caller may not pass, to a new crawler as well as to one that has it already.
func TestPassRole(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	w.create(nil)
	asked := w.rights.asked[len(w.rights.asked)-1]
	if asked.Action != "iam:PassRole" || asked.Resource.ARN != role || !slices.Equal(asked.Context["iam:passedtoservice"], []string{"glue.amazonaws.com"}) {
		t.Errorf("asked for %+v", asked)
	}
	w.rights.deny("iam:PassRole")
	const want = "denied: User: arn:aws:iam::111122223333:user/ana is not authorized to perform: iam:PassRole on resource: " + role
	if got := said(w.tryCreate(func(in *glueapi.CreateCrawlerInput) { in.Name = "other" })); got != want {
		t.Error(got)
	}
	for _, in := range []*glueapi.UpdateCrawlerInput{{Name: "c", Role: new(role)}, {Name: "c", Description: new("x")}} {
		if _, err := w.glue.UpdateCrawler(w.ctx, in); said(err) != want {
			t.Error(said(err))
		}
	}
	w.rights.deny()
	for _, form := range []string{"service-role/AWSGlueServiceRole-x", role} {
		if _, err := w.glue.UpdateCrawler(w.ctx, &glueapi.UpdateCrawlerInput{Name: "c", Role: &form}); err != nil {
			t.Error(err)
		}
		if got := *w.crawler().Role; got != "service-role/AWSGlueServiceRole-x" {
			t.Errorf("role %s", got)
		}
	}
}

// TestLife creates, lists, updates, tags and deletes crawlers.
func TestLife(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, store *db.DB) {
		w := newWorld(t, store)
		for i := range 5 {
			w.create(func(in *glueapi.CreateCrawlerInput) {
				in.Name, in.Tags = fmt.Sprint("c", i), map[string]string{"odd": fmt.Sprint(i % 2)}
			})
		}
		if got := said(w.tryCreate(func(in *glueapi.CreateCrawlerInput) { in.Name = "c1" })); got != "AlreadyExistsException: Crawler with name c1 already exists" {
			t.Error(got)
		}
		if diff := cmp.Diff([]string{"c0", "c1", "c2", "c3", "c4"}, w.names(nil)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"c1", "c3"}, w.names(map[string]string{"odd": "1"})); diff != "" {
			t.Error(diff)
		}
		w.update(t)
		w.delete(t)
		if got, err := w.glue.GetCrawlers(callerContext("999999999999"), &glueapi.GetCrawlersInput{}); err != nil || len(got.Crawlers) != 0 {
			t.Errorf("another account sees %v, %v", got, err)
		}
	})
}

// update changes one member of c1 and leaves the others.
func (w *world) update(t *testing.T) {
	t.Helper()
	if _, err := w.glue.UpdateCrawler(w.ctx, &glueapi.UpdateCrawlerInput{Name: "c1", TablePrefix: new("p_")}); err != nil {
		t.Fatal(err)
	}
	out, err := w.glue.GetCrawler(w.ctx, &glueapi.GetCrawlerInput{Name: "c1"})
	if err != nil {
		t.Fatal(err)
	}
	got := out.Crawler
	if *got.TablePrefix != "p_" || *got.DatabaseName != "d" || *got.Version != 2 || *got.State != "READY" || *got.SchemaChangePolicy.UpdateBehavior != "UPDATE_IN_DATABASE" {
		t.Errorf("crawler %+v", got)
	}
	_, err = w.glue.UpdateCrawler(w.ctx, &glueapi.UpdateCrawlerInput{Name: "missing", Role: new(role)})
	if said(err) != "EntityNotFoundException: Crawler missing not found." {
		t.Error(said(err))
	}
}

// delete removes c1; a new crawler of that name has neither its tags nor its history.
func (w *world) delete(t *testing.T) {
	t.Helper()
	if _, err := w.glue.DeleteCrawler(w.ctx, &glueapi.DeleteCrawlerInput{Name: "c1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.glue.DeleteCrawler(w.ctx, &glueapi.DeleteCrawlerInput{Name: "c1"}); said(err) != "EntityNotFoundException: Crawler c1 not found." {
		t.Error(said(err))
	}
	w.create(func(in *glueapi.CreateCrawlerInput) { in.Name = "c1" })
	out, err := w.glue.GetTags(w.ctx, &glueapi.GetTagsInput{ResourceArn: "arn:aws:glue:" + region + ":" + account + ":crawler/c1"})
	if err != nil || len(out.Tags) != 0 {
		t.Errorf("tags %v, %v", out, err)
	}
}

// TestBatchGet answers what the caller may see; the rest is as if it were not there.
func TestBatchGet(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	w.create(nil)
	out, err := w.glue.BatchGetCrawlers(w.ctx, &glueapi.BatchGetCrawlersInput{CrawlerNames: []string{"c", "missing"}})
	if err != nil || len(out.Crawlers) != 1 || !slices.Equal(out.CrawlersNotFound, []string{"missing"}) {
		t.Errorf("got %+v, %v", out, err)
	}
	w.rights.deny("glue:BatchGetCrawlers")
	_, err = w.glue.BatchGetCrawlers(w.ctx, &glueapi.BatchGetCrawlersInput{CrawlerNames: []string{"c"}})
	if said(err) != "denied: No access to any requested resource." {
		t.Error(said(err))
	}
}

// TestListCrawls pages through the history and filters it.
func TestListCrawls(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	w.run()
	w.create(nil)
	for i := range 4 {
		if i == 2 {
			w.rights.deny("s3:ListBucket")
		}
		w.crawl()
	}
	all := w.history()
	if len(all) != 4 || *all[0].State != "FAILED" || *all[3].State != "COMPLETED" || *all[0].StartTime < *all[3].StartTime || all[0].EndTime == nil {
		t.Fatalf("history %+v", all)
	}
	in := &glueapi.ListCrawlsInput{CrawlerName: "c", MaxResults: new(int32(3))}
	first, err := w.glue.ListCrawls(w.ctx, in)
	if err != nil || len(first.Crawls) != 3 || first.NextToken == nil {
		t.Fatalf("first page %+v, %v", first, err)
	}
	in.NextToken = first.NextToken
	second, err := w.glue.ListCrawls(w.ctx, in)
	if err != nil || len(second.Crawls) != 1 || second.NextToken != nil || *second.Crawls[0].CrawlId != *all[3].CrawlId {
		t.Errorf("second page %+v, %v", second, err)
	}
	for _, c := range []struct {
		field, operator, value string
		want                   int
	}{
		{"STATE", "EQ", "FAILED", 2},
		{"STATE", "NE", "FAILED", 2},
		{"CRAWL_ID", "EQ", *all[1].CrawlId, 1},
		{"START_TIME", "GE", fmt.Sprint(*all[1].StartTime), 2},
		{"START_TIME", "LT", fmt.Sprint(*all[1].StartTime), 2},
		{"END_TIME", "GT", "0", 4},
		{"DPU_HOUR", "GT", "0", 0},
	} {
		got, err := w.glue.ListCrawls(w.ctx, &glueapi.ListCrawlsInput{CrawlerName: "c", Filters: []glueapi.CrawlsFilter{
			{FieldName: &c.field, FilterOperator: &c.operator, FieldValue: &c.value},
		}})
		if err != nil || len(got.Crawls) != c.want {
			t.Errorf("%s %s %s: %d crawls, %v", c.field, c.operator, c.value, len(got.Crawls), err)
		}
	}
	_, err = w.glue.ListCrawls(w.ctx, &glueapi.ListCrawlsInput{CrawlerName: "c", Filters: []glueapi.CrawlsFilter{
		{FieldName: new("STATE"), FilterOperator: new("GT"), FieldValue: new("FAILED")},
	}})
	if said(err) != "InvalidInputException: FilterOperator GT is not supported for FieldName STATE" {
		t.Error(said(err))
	}
}
