package crawler_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
)

// TestCrawlFlights is the first thing that people do: the example data become three tables.
func TestCrawlFlights(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, store *db.DB) {
		w := newWorld(t, store)
		upload(t, w, "../../../../examples/flights/data")
		w.run()
		w.create(func(in *glueapi.CreateCrawlerInput) { in.TablePrefix = new("raw_") })
		w.succeeded(w.crawl())
		tables := w.tables()
		if len(tables) != 3 {
			t.Fatalf("%d tables", len(tables))
		}
		flights := tables["raw_flights"]
		if got := columns(flights.StorageDescriptor.Columns); got != "date timestamp, delay bigint, distance bigint, origin string, destination string" {
			t.Errorf("columns %s", got)
		}
		if got := columns(flights.PartitionKeys); got != "year string, month string" {
			t.Errorf("partition keys %s", got)
		}
		if got := w.partitions("raw_flights"); len(got) != 6 || !strings.HasPrefix(got[0], "2001/01 s3://b/flights/year=2001/month=01/") {
			t.Errorf("partitions %q", got)
		}
		if got := flights.Parameters["UPDATED_BY_CRAWLER"]; got != "c" || *flights.TableType != "EXTERNAL_TABLE" {
			t.Errorf("parameters %v", flights.Parameters)
		}
	})
}

func upload(t *testing.T, w *world, folder string) {
	t.Helper()
	root := os.DirFS(folder)
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.Contains(path, "/") {
			return err
		}
		data, err := fs.ReadFile(root, path)
		w.objects.put(t, path, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestHostileFiles crawls good files among bad ones, under keys that mean something to globs, shells and SQL: the good ones become tables, each
// bad one is listed with its reason.
func TestHostileFiles(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(bytes.Repeat([]byte("a,b\n1,2\n"), 8<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	bad := map[string][]byte{
		"t/cut.parquet":   []byte("PAR1 this is not all of it"),
		"t/long.csv":      bytes.Repeat([]byte("x"), 10<<20),
		"t/bomb.csv.gz":   bomb.Bytes(),
		"t/deep.json":     []byte(strings.Repeat("[", 100_000)),
		"t/noise.bin":     {0, 1, 2, 255, 254, 0, 7},
		"t/half.json":     []byte(`{"a":`),
		"t/* ? [a] '\".x": []byte("a,b,c\n\xff\xfe,1\n"),
	}
	good := []string{"good/a*.json", "good/b?.json", "good/[c].json", "good/d'e.json", `good/f"g.json`, "good/h i.json", "good/j;--.json", "good/Ü.json"}
	for key, data := range bad {
		w.objects.put(t, key, data)
	}
	for _, key := range good {
		w.objects.put(t, key, []byte("{\"id\":1,\"name\":\"x\"}\n"))
	}
	w.objects.put(t, "t/fine.json", []byte("{\"id\":1}\n"))
	w.run()
	w.create(nil)
	w.succeeded(w.crawl())
	tables := w.tables()
	if got := tables["good"].Parameters["objectCount"]; got != "8" || len(tables) != 2 {
		t.Errorf("%d tables, good has %s objects", len(tables), got)
	}
	summary := *w.history()[0].Summary
	for key := range bad {
		quoted := strings.ReplaceAll(strings.ReplaceAll(key, `\`, `\\`), `"`, `\"`)
		if !strings.Contains(summary, `"Object":"s3://b/`+quoted+`","Reason":"`) {
			t.Errorf("%s is not listed in %s", key, summary)
		}
	}
	if !strings.Contains(summary, `"Broken":7`) {
		t.Errorf("summary %s", summary)
	}
}

func (w *world) history() []glueapi.CrawlerHistory {
	w.t.Helper()
	out, err := w.glue.ListCrawls(w.ctx, &glueapi.ListCrawlsInput{CrawlerName: "c"})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Crawls
}

// TestCrawlAgain follows data that change: new folders, new columns, folders and tables that are gone, and policies that forbid to follow.
func TestCrawlAgain(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	w.run()
	w.create(func(in *glueapi.CreateCrawlerInput) {
		in.SchemaChangePolicy = &glueapi.SchemaChangePolicy{DeleteBehavior: new("DELETE_FROM_DATABASE")}
	})
	w.objects.put(t, "sales/day=1/x.json", []byte("{\"id\":1,\"price\":2,\"shop\":\"a\",\"city\":\"b\"}\n"))
	w.objects.put(t, "sales/day=2/x.json", []byte("{\"id\":1,\"price\":2,\"shop\":\"a\",\"city\":\"b\"}\n"))
	w.objects.put(t, "other/x.json", []byte("{\"k\":\"v\"}\n"))
	w.succeeded(w.crawl())

	w.objects.put(t, "sales/day=2/x.json", nil)
	w.objects.put(t, "sales/day=3/x.json", []byte("{\"id\":1,\"price\":2.5,\"shop\":\"a\",\"city\":\"b\",\"note\":\"n\"}\n"))
	w.objects.put(t, "other/x.json", nil)
	w.succeeded(w.crawl())
	if diff := cmp.Diff([]string{"1 s3://b/sales/day=1/", "3 s3://b/sales/day=3/"}, w.partitions("sales")); diff != "" {
		t.Errorf("partitions -want +got\n%s", diff)
	}
	tables := w.tables()
	if got := columns(tables["sales"].StorageDescriptor.Columns); got != "id int, price double, shop string, city string, note string" || len(tables) != 1 {
		t.Errorf("%d tables, columns %s", len(tables), got)
	}
	version := *tables["sales"].VersionId
	w.succeeded(w.crawl())
	if again := w.tables()["sales"]; *again.VersionId != version {
		t.Errorf("a crawl that found nothing new made version %s of %s", *again.VersionId, version)
	}
	metrics, err := w.glue.GetCrawlerMetrics(w.ctx, &glueapi.GetCrawlerMetricsInput{})
	if err != nil || len(metrics.CrawlerMetricsList) != 1 || *metrics.CrawlerMetricsList[0].TablesUpdated != 0 {
		t.Errorf("metrics %+v, %v", metrics, err)
	}
	if got := w.history(); len(got) != 3 || !strings.Contains(*got[1].Summary, `"DELETE":{"Details":{"names":["d.other"]},"Count":1}`) {
		t.Errorf("history %v", *got[1].Summary)
	}
}

// TestUnreadableIsNotGone keeps a table whose only object cannot be read any more.
func TestUnreadableIsNotGone(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	w.run()
	w.create(func(in *glueapi.CreateCrawlerInput) {
		in.SchemaChangePolicy = &glueapi.SchemaChangePolicy{DeleteBehavior: new("DELETE_FROM_DATABASE")}
	})
	w.objects.put(t, "a/x.json", []byte("{\"k\":\"v\"}\n"))
	w.objects.put(t, "b/x.json", []byte("{\"m\":1}\n"))
	w.succeeded(w.crawl())
	w.objects.put(t, "a/x.json", []byte(`{"k":`))
	w.succeeded(w.crawl())
	if got := w.tables(); len(got) != 2 {
		t.Errorf("%d tables", len(got))
	}
}

// TestRoleRights ends crawls whose role lacks a right, with the words of the refusal.
func TestRoleRights(t *testing.T) {
	for _, action := range []string{"s3:ListBucket", "s3:GetObject", "glue:GetDatabase", "glue:CreateDatabase", "glue:GetTables", "glue:CreateTable", "glue:BatchCreatePartition"} {
		t.Run(action, func(t *testing.T) {
			w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
			w.objects.put(t, "t/day=1/x.json", []byte("{\"k\":\"v\"}\n"))
			w.run()
			w.create(nil)
			w.rights.deny(action)
			got := lastCrawl(w.crawl())
			if !strings.HasPrefix(got, "FAILED: User: arn:aws:sts::111122223333:assumed-role/AWSGlueServiceRole-x/AWS-Crawler is not authorized to perform: "+action) {
				t.Error(got)
			}
			w.rights.deny()
			w.succeeded(w.crawl())
		})
	}
}

// TestRoleGone fails a crawl whose role does not trust Glue any more.
func TestRoleGone(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	w.run()
	w.create(nil)
	w.rights.distrust = true
	if got := lastCrawl(w.crawl()); got != "FAILED: Service is unable to assume provided role. Please verify role's TrustPolicy" {
		t.Error(got)
	}
}

// TestNoBucket fails a crawl of a bucket that does not exist.
func TestNoBucket(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	w.run()
	w.create(func(in *glueapi.CreateCrawlerInput) { in.Targets.S3Targets[0].Path = new("s3://missing/x") })
	if got := lastCrawl(w.crawl()); got != "FAILED: S3 bucket missing does not exist." {
		t.Error(got)
	}
}

// TestThreshold writes nothing when more tables were found than the configuration allows.
func TestThreshold(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	w.run()
	w.objects.put(t, "a/x.json", []byte("{\"k\":\"v\"}\n"))
	w.objects.put(t, "b/x.json", []byte("{\"m\":1}\n"))
	w.create(func(in *glueapi.CreateCrawlerInput) {
		in.Configuration = new(`{"Version":1.0,"CrawlerOutput":{"Tables":{"TableThreshold":1}}}`)
	})
	if got := lastCrawl(w.crawl()); !strings.Contains(got, "table threshold value provided: 1") || len(w.tables()) != 0 {
		t.Error(got, len(w.tables()))
	}
}

// TestStop stops a crawl that waits for an object, within a second.
func TestStop(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	w.run()
	w.objects.put(t, "a/x.json", []byte("{\"k\":\"v\"}\n"))
	w.create(nil)
	var notRunning *glueapi.CrawlerNotRunningException
	if _, err := w.glue.StopCrawler(w.ctx, &glueapi.StopCrawlerInput{Name: "c"}); !errors.As(err, &notRunning) {
		t.Errorf("stop of a ready crawler: %v", err)
	}
	w.startHeld()
	var running *glueapi.CrawlerRunningException
	if _, err := w.glue.StartCrawler(w.ctx, &glueapi.StartCrawlerInput{Name: "c"}); !errors.As(err, &running) || running.Message != "Crawler with name c has already started" {
		t.Errorf("second start: %v", err)
	}
	if _, err := w.glue.UpdateCrawler(w.ctx, &glueapi.UpdateCrawlerInput{Name: "c", Description: new("x")}); !errors.As(err, &running) {
		t.Errorf("update of a running crawler: %v", err)
	}
	if _, err := w.glue.DeleteCrawler(w.ctx, &glueapi.DeleteCrawlerInput{Name: "c"}); !errors.As(err, &running) {
		t.Errorf("delete of a running crawler: %v", err)
	}
	began := time.Now()
	if _, err := w.glue.StopCrawler(w.ctx, &glueapi.StopCrawlerInput{Name: "c"}); err != nil {
		t.Fatal(err)
	}
	got := w.ready()
	if took := time.Since(began); took > time.Second {
		t.Errorf("stopping took %v", took)
	}
	if *got.LastCrawl.Status != glueapi.LastCrawlStatusCancelled || *w.history()[0].State != glueapi.CrawlerHistoryStateStopped {
		t.Errorf("last crawl %s", lastCrawl(got))
	}
	close(w.objects.hold)
	w.succeeded(w.crawl())
}

// startHeld starts a crawl and waits until it reads its first object, which it does not get.
func (w *world) startHeld() {
	w.t.Helper()
	w.objects.mu.Lock()
	w.objects.hold = make(chan struct{})
	w.objects.mu.Unlock()
	before := w.objects.held.Load()
	w.start()
	w.eventually("the crawl reads", func() bool { return w.objects.held.Load() > before })
	if got := w.crawler(); *got.State != glueapi.CrawlerStateRunning || got.LastCrawl != nil {
		w.t.Errorf("state %s, %s", *got.State, lastCrawl(got))
	}
}

// TestStopBeforeItRuns stops a crawl that still waits for a place.
func TestStopBeforeItRuns(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	w.create(nil)
	w.start()
	if _, err := w.glue.StopCrawler(w.ctx, &glueapi.StopCrawlerInput{Name: "c"}); err != nil {
		t.Fatal(err)
	}
	if got := lastCrawl(w.crawler()); got != "CANCELLED" {
		t.Error(got)
	}
}

// TestRestart goes on with a crawl after a restart of the server in its middle.
func TestRestart(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	w.objects.put(t, "a/x.json", []byte("{\"k\":\"v\"}\n"))
	w.run()
	w.create(nil)
	w.startHeld()
	w.stop()
	if got := w.crawler(); *got.State != glueapi.CrawlerStateRunning {
		t.Errorf("state %s after the shutdown", *got.State)
	}
	close(w.objects.hold)
	w.run()
	w.succeeded(w.ready())
	if len(w.history()) != 1 || len(w.tables()) != 1 {
		t.Errorf("%d crawls, %d tables", len(w.history()), len(w.tables()))
	}
}

// TestNewFoldersOnly reads what is new and nothing else, and puts it where it belongs.
func TestNewFoldersOnly(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, store *db.DB) {
		w := newWorld(t, store)
		w.run()
		w.create(func(in *glueapi.CreateCrawlerInput) {
			in.RecrawlPolicy = &glueapi.RecrawlPolicy{RecrawlBehavior: new(glueapi.RecrawlBehaviorCrawlNewFoldersOnly)}
		})
		row := []byte("{\"id\":1,\"price\":2,\"shop\":\"a\",\"city\":\"b\"}\n")
		w.objects.put(t, "sales/2024/01/x.json", row)
		w.objects.put(t, "sales/2023/02/x.json", row)
		w.objects.put(t, "other/x.json", []byte("{\"k\":\"v\"}\n"))
		w.succeeded(w.crawl())
		if got := w.partitions("sales"); len(got) != 2 {
			t.Fatalf("partitions %q", got)
		}

		w.objects.put(t, "sales/2024/03/x.json", row)
		w.objects.put(t, "sales/2024/01/late.json", []byte("{\"quite\":\"different\"}\n"))
		w.objects.put(t, "other/x.json", nil)
		w.objects.put(t, "more/x.json", []byte("{\"m\":true}\n"))
		before := w.objects.held.Load()
		w.succeeded(w.crawl())
		if got := w.objects.held.Load() - before; got != 2 {
			t.Errorf("%d objects were read, not the 2 in new folders", got)
		}
		want := []string{"2023/02 s3://b/sales/2023/02/", "2024/01 s3://b/sales/2024/01/", "2024/03 s3://b/sales/2024/03/"}
		if diff := cmp.Diff(want, w.partitions("sales")); diff != "" {
			t.Errorf("partitions -want +got\n%s", diff)
		}
		tables := w.tables()
		if _, ok := tables["more"]; !ok || len(tables) != 3 || tables["other"].Parameters["DEPRECATED_BY_CRAWLER"] != "" {
			t.Errorf("tables %v", tables)
		}
		w.dropSeen(t)
		_, err := w.glue.UpdateCrawler(w.ctx, &glueapi.UpdateCrawlerInput{Name: "c", Targets: &glueapi.CrawlerTargets{
			S3Targets: []glueapi.S3Target{{Path: new("s3://b/else")}},
		}})
		var invalid *glueapi.InvalidInputException
		if !errors.As(err, &invalid) {
			t.Errorf("other targets: %v", err)
		}
	})
}

// dropSeen deletes a table and a partition that were found before: a crawl of new folders does not bring them back.
func (w *world) dropSeen(t *testing.T) {
	t.Helper()
	if _, err := w.glue.DeleteTable(w.ctx, &glueapi.DeleteTableInput{DatabaseName: "d", Name: "more"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.glue.DeletePartition(w.ctx, &glueapi.DeletePartitionInput{DatabaseName: "d", TableName: "sales", PartitionValues: []string{"2024", "01"}}); err != nil {
		t.Fatal(err)
	}
	before := w.objects.held.Load()
	w.succeeded(w.crawl())
	if tables, parts := w.tables(), w.partitions("sales"); len(tables) != 2 || len(parts) != 2 || w.objects.held.Load() != before {
		t.Errorf("%d tables, partitions %q, %d objects read", len(tables), parts, w.objects.held.Load()-before)
	}
}

// TestInterrupted ends crawls that a server left behind when it died: one that had been stopped is stopped, one that ended with the server every
// time has failed. Neither is tried again.
func TestInterrupted(t *testing.T) {
	for name, c := range map[string]struct{ change, want string }{
		"stopped": {`UPDATE work_item SET cancelled = 1`, "CANCELLED"},
		"thrice":  {`UPDATE work_item SET attempts = 3`, "FAILED: The crawl was interrupted 3 times, each time together with the server that ran it."},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Run(t, func(t *testing.T, store *db.DB) {
				w := newWorld(t, store)
				w.create(nil)
				w.start()
				err := store.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					n, err := tx.Exec(ctx, c.change)
					if err == nil && n != 1 {
						err = fmt.Errorf("%d items are queued", n)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				w.run()
				if got := lastCrawl(w.ready()); got != c.want {
					t.Error(got)
				}
				w.succeeded(w.crawl())
			})
		})
	}
}

// TestSample inspects as many files of each folder as the target wants, going on after broken ones.
func TestSample(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	w.run()
	w.create(func(in *glueapi.CreateCrawlerInput) { in.Targets.S3Targets[0].SampleSize = new(int32(2)) })
	for i := range 5 {
		w.objects.put(t, fmt.Sprintf("t/%d.json", i), []byte("{\"k\":\"v\"}\n"))
	}
	w.objects.put(t, "t/0.json", []byte(`{"k":`))
	before := w.objects.held.Load()
	w.succeeded(w.crawl())
	if got := w.objects.held.Load() - before; got != 3 {
		t.Errorf("%d objects were read", got)
	}
	if got := w.tables()["t"].Parameters["objectCount"]; got != "4" {
		t.Errorf("%s objects", got)
	}
}

// TestDeprecate marks a table whose data are gone, and takes the mark back when they return. What people wrote on it stays.
func TestDeprecate(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
	w.run()
	w.create(nil)
	w.objects.put(t, "a/x.json", []byte("{\"k\":\"v\"}\n"))
	w.objects.put(t, "b/x.json", []byte("{\"m\":1,\"n\":2}\n"))
	w.succeeded(w.crawl())
	mine := w.tables()["a"]
	in := glueapi.TableInputFromTable(&mine)
	in.Description = new("kept")
	if _, err := w.glue.UpdateTable(w.ctx, &glueapi.UpdateTableInput{DatabaseName: "d", TableInput: in}); err != nil {
		t.Fatal(err)
	}
	w.objects.put(t, "a/x.json", nil)
	for range 2 {
		w.succeeded(w.crawl())
		if got := w.tables()["a"]; got.Parameters["DEPRECATED_BY_CRAWLER"] == "" || *got.Description != "kept" || columns(got.StorageDescriptor.Columns) != "k string" {
			t.Errorf("table %+v", got)
		}
	}
	w.objects.put(t, "a/x.json", []byte("{\"k\":\"v\",\"l\":1}\n"))
	w.succeeded(w.crawl())
	if got := w.tables()["a"]; got.Parameters["DEPRECATED_BY_CRAWLER"] != "" || *got.Description != "kept" || columns(got.StorageDescriptor.Columns) != "k string, l int" {
		t.Errorf("table %+v", got)
	}
}

// TestOtherFormats leaves a view, and a table that keeps its own list of files, as they are.
func TestOtherFormats(t *testing.T) {
	for _, edit := range []func(*glueapi.TableInput){
		func(in *glueapi.TableInput) { in.Parameters = map[string]string{"table_type": "ICEBERG"} },
		func(in *glueapi.TableInput) { in.TableType = new("VIRTUAL_VIEW") },
	} {
		w := newWorld(t, dbtest.Open(t, dbtest.SQLite(t, db.Config{})))
		w.run()
		w.create(nil)
		if _, err := w.glue.CreateDatabase(w.ctx, &glueapi.CreateDatabaseInput{DatabaseInput: &glueapi.DatabaseInput{Name: "d"}}); err != nil {
			t.Fatal(err)
		}
		in := &glueapi.TableInput{Name: "a", StorageDescriptor: &glueapi.StorageDescriptor{Location: new("s3://b/a/")}}
		edit(in)
		if _, err := w.glue.CreateTable(w.ctx, &glueapi.CreateTableInput{DatabaseName: "d", TableInput: in}); err != nil {
			t.Fatal(err)
		}
		w.objects.put(t, "a/x.json", []byte("{\"k\":\"v\"}\n"))
		w.objects.put(t, "b/x.json", []byte("{\"m\":1,\"n\":2}\n"))
		w.succeeded(w.crawl())
		if got := w.tables(); len(got) != 2 || len(got["a"].StorageDescriptor.Columns) != 0 {
			t.Errorf("%d tables, %+v", len(got), got["a"])
		}
	}
}
