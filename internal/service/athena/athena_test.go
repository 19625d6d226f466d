package athena_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/engine"
	"github.com/bindery-project/bindery/internal/op"
)

func texts(values ...any) []*string {
	out := make([]*string, len(values))
	for i, v := range values {
		if v != nil {
			out[i] = new(v.(string))
		}
	}
	return out
}

// rowsOf reads a page; NULL shows as <null>.
func rowsOf(out *athenaapi.GetQueryResultsOutput) (rows []string) {
	for _, r := range out.ResultSet.Rows {
		fields := make([]string, len(r.Data))
		for i, d := range r.Data {
			if fields[i] = "<null>"; d.VarCharValue != nil {
				fields[i] = *d.VarCharValue
			}
		}
		rows = append(rows, strings.Join(fields, "|"))
	}
	return rows
}

func TestLifeOfAQuery(t *testing.T) {
	run(t, func(b *bench) {
		b.catalog()
		b.engine.rows = [][]*string{texts("a"), texts(nil), texts("")}
		id := b.start("SELECT s FROM flat")
		if s := b.state(id); s != "QUEUED" {
			b.Errorf("after the start: %s", s)
		}
		b.clock.Advance(3 * time.Second)
		b.runner.Pass(b.Context())
		e := b.end(id)
		if *e.Status.State != "SUCCEEDED" {
			b.Fatalf("%s: %s", *e.Status.State, reason(e))
		}
		if *e.ResultConfiguration.OutputLocation != "s3://results/q/"+id+".csv" {
			b.Errorf("output location %s", *e.ResultConfiguration.OutputLocation)
		}
		s := e.Statistics
		if *s.QueryQueueTimeInMillis != 3000 || *s.TotalExecutionTimeInMillis != 3000 || *s.DataScannedInBytes != 4 {
			b.Errorf("queue %d, total %d, scanned %d", *s.QueryQueueTimeInMillis, *s.TotalExecutionTimeInMillis, *s.DataScannedInBytes)
		}
		if *e.StatementType != "DML" || *e.SubstatementType != "SELECT" || *e.WorkGroup != "primary" {
			b.Errorf("%s %s %s", *e.StatementType, *e.SubstatementType, *e.WorkGroup)
		}
		if got := string(b.world.objects["results/q/"+id+".csv"]); got != "\"s\"\n\"a\"\n\n\"\"\n" {
			b.Errorf("file %q", got)
		}
		if !strings.Contains(string(b.world.objects["results/q/"+id+".csv.metadata"]), "varchar") {
			b.Error("no description of the columns was stored")
		}
	})
}

func TestResultsComeInPages(t *testing.T) {
	run(t, func(b *bench) {
		b.catalog()
		b.engine.rows = [][]*string{texts("a"), texts(nil), texts(""), texts("d\n\"")}
		e := b.perform("SELECT s FROM flat")
		in := &athenaapi.GetQueryResultsInput{QueryExecutionId: *e.QueryExecutionId, MaxResults: new(int32(2))}
		var pages []string
		for {
			out, err := b.GetQueryResults(b.ctx, in)
			if err != nil {
				b.Fatal(err)
			}
			pages = append(pages, strings.Join(rowsOf(out), "; "))
			if c := out.ResultSet.ResultSetMetadata.ColumnInfo; len(c) != 1 || c[0].Name != "s" || c[0].Type != "varchar" || *out.UpdateCount != 0 {
				b.Errorf("columns %+v", c)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
		}
		if diff := cmp.Diff([]string{"s; a", "<null>; ", "d\n\""}, pages); diff != "" {
			b.Error(diff)
		}
	})
}

func TestTokensAreTheCallersOwn(t *testing.T) {
	run(t, func(b *bench) {
		b.catalog()
		b.engine.rows = [][]*string{texts("a"), texts("b")}
		e := b.perform("SELECT s FROM flat")
		in := &athenaapi.GetQueryResultsInput{QueryExecutionId: *e.QueryExecutionId, MaxResults: new(int32(1))}
		out, err := b.GetQueryResults(b.ctx, in)
		if err != nil {
			b.Fatal(err)
		}
		in.NextToken = out.NextToken
		other := as(b.Context(), b.clock, op.Principal{Type: op.User, ARN: "arn:aws:iam::" + account + ":user/bob", Account: account})
		wantInvalid(b, "Invalid NextToken.", func() error { _, err := b.GetQueryResults(other, in); return err })
	})
}

func wantInvalid(b *bench, message string, f func() error) {
	b.Helper()
	var invalid *athenaapi.InvalidRequestException
	if err := f(); !errors.As(err, &invalid) || invalid.Message != message {
		b.Errorf("got %v, want InvalidRequestException %q", err, message)
	}
}

// TestAccesses holds what a query asks for: all of it as the caller, and nothing more.
func TestAccesses(t *testing.T) {
	run(t, func(b *bench) {
		b.catalog()
		b.engine.rows = [][]*string{texts("a")}
		id := *b.perform("SELECT s FROM parted WHERE day = '2'").QueryExecutionId
		want := []string{
			"s3:GetBucketLocation results",
			"glue:GetDatabase d", "glue:GetTable parted", "glue:GetPartitions parted", "glue:GetPartitions parted", "glue:GetPartitions parted",
			"s3:ListBucket data/parted/day=2/", "s3:GetObject data/parted/day=2/f.txt",
			"s3:PutObject results/q/" + id + ".csv", "s3:PutObject results/q/" + id + ".csv.metadata",
		}
		got := b.world.accesses()
		// the pages of partitions are read as the files of each are found
		got = stable(got)
		if diff := cmp.Diff(stable(want), got); diff != "" {
			b.Error(diff)
		}
		files := (<-b.engine.started).Relations[0].Files
		if len(files) != 1 || files[0].Key != "s3://data/parted/day=2/f.txt" || *files[0].Partition[0] != "2" {
			b.Errorf("files %+v", files)
		}
	})
}

// stable moves the pages of partitions together.
func stable(log []string) []string {
	var pages, rest []string
	for _, l := range log {
		if strings.HasPrefix(l, "glue:GetPartitions") {
			pages = append(pages, l)
		} else {
			rest = append(rest, l)
		}
	}
	return append(pages, rest...)
}

func TestHiddenFilesAreNotRead(t *testing.T) {
	run(t, func(b *bench) {
		b.catalog()
		b.engine.rows = [][]*string{texts("a")}
		b.perform("SELECT s FROM flat")
		files := (<-b.engine.started).Relations[0].Files
		if len(files) != 1 || files[0].Key != "s3://data/flat/a.txt" {
			b.Errorf("files %+v", files)
		}
	})
}

// TestDenied takes one right away at a time. The query fails with a reason that names it,
// and touches nothing that comes after.
func TestDenied(t *testing.T) {
	for _, c := range []struct {
		denied, reason string
		code           int32
		last           string
	}{
		{"glue:GetDatabase d", "Access denied: not authorized to perform: glue:GetDatabase d (Service: AWSGlue;", 1500, "glue:GetDatabase d"},
		{"glue:GetTable", "Access denied: not authorized to perform: glue:GetTable parted (Service: AWSGlue;", 1500, "glue:GetTable parted"},
		{"glue:GetPartitions", "Access denied: not authorized to perform: glue:GetPartitions parted (Service: AWSGlue;", 1500, "glue:GetPartitions parted"},
		{"s3:ListBucket data", "Permission denied on S3 path: s3://data/parted/day=1/. Access Denied: not authorized", 1501, "s3:ListBucket data/parted/day=1/"},
		{"s3:GetObject data", "HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split s3://data/parted/day=1/f.txt (offset=0, length=2): Access Denied: not authorized", 1501, "s3:GetObject data/parted/day=1/f.txt"},
		{"s3:PutObject results", "Access denied when writing output to the result location: not authorized", 1501, "s3:PutObject results/q/00000000-0000-0000-0000-000000000001.csv"},
	} {
		t.Run(c.denied, func(t *testing.T) {
			run(t, func(b *bench) {
				b.catalog()
				b.engine.rows = [][]*string{texts("a")}
				b.world.denied = c.denied
				e := b.perform("SELECT s FROM parted")
				if *e.Status.State != "FAILED" || !strings.HasPrefix(reason(e), c.reason) {
					b.Errorf("%s: %s", *e.Status.State, reason(e))
				}
				if a := e.Status.AthenaError; *a.ErrorCategory != 2 || *a.ErrorType != c.code || *a.Retryable {
					b.Errorf("error %d %d %v", *a.ErrorCategory, *a.ErrorType, *a.Retryable)
				}
				if log := b.world.accesses(); log[len(log)-1] != c.last {
					b.Errorf("the last access was %s", log[len(log)-1])
				}
				wantInvalid(b, "Query did not finish successfully. Final query state: FAILED", func() error {
					_, err := b.GetQueryResults(b.ctx, &athenaapi.GetQueryResultsInput{QueryExecutionId: *e.QueryExecutionId})
					return err
				})
			})
		})
	}
}

func TestResultsNeedTheFile(t *testing.T) {
	run(t, func(b *bench) {
		b.catalog()
		b.engine.rows = [][]*string{texts("a")}
		id := *b.perform("SELECT s FROM flat").QueryExecutionId
		in := &athenaapi.GetQueryResultsInput{QueryExecutionId: id}
		b.world.denied = "s3:GetObject results"
		var denied *op.Denied
		if _, err := b.GetQueryResults(b.ctx, in); !errors.As(err, &denied) {
			b.Errorf("got %v", err)
		}
		b.world.denied = ""
		b.world.objects["results/q/"+id+".csv"] = []byte("\"s\"\n\"forged\"\n")
		wantInvalid(b, "The result file s3://results/q/"+id+".csv has been changed", func() error { _, err := b.GetQueryResults(b.ctx, in); return err })
		delete(b.world.objects, "results/q/"+id+".csv")
		wantInvalid(b, "Could not find results: s3://results/q/"+id+".csv", func() error { _, err := b.GetQueryResults(b.ctx, in); return err })
	})
}

// TestSessionExpires: a query that begins after its caller's session has ended touches nothing.
func TestSessionExpires(t *testing.T) {
	run(t, func(b *bench) {
		b.catalog()
		b.ctx = as(b.Context(), b.clock, op.Principal{
			Type: op.AssumedRole, ARN: "arn:aws:sts::" + account + ":assumed-role/r/s", Account: account, UserName: "ana",
			Session: &op.Session{Expires: start.Add(time.Hour)},
		})
		id := b.start("SELECT s FROM flat")
		b.world.accesses()
		b.clock.Advance(time.Hour)
		b.runner.Pass(b.Context())
		if e := b.end(id); *e.Status.State != "FAILED" || !strings.Contains(reason(e), "security token included in the request is expired") {
			b.Errorf("%s: %s", *e.Status.State, reason(e))
		}
		if log := b.world.accesses(); len(log) > 0 {
			b.Errorf("accesses %v", log)
		}
	})
}

func TestStop(t *testing.T) {
	run(t, func(b *bench) {
		b.catalog()
		b.engine.block = true
		waits, runs := b.start("SELECT s FROM flat"), ""
		stop := func(id string) {
			b.Helper()
			if _, err := b.StopQueryExecution(b.ctx, &athenaapi.StopQueryExecutionInput{QueryExecutionId: id}); err != nil {
				b.Error(err)
			}
		}
		stop(waits)
		if e := b.get(waits); *e.Status.State != "CANCELLED" || reason(e) != "Query cancelled by user" {
			b.Errorf("waiting: %s %s", *e.Status.State, reason(e))
		}
		runs = b.start("SELECT s FROM flat")
		b.runner.Pass(b.Context())
		<-b.engine.started
		if s := b.state(runs); s != "RUNNING" {
			b.Errorf("state %s", s)
		}
		wantInvalid(b, "Query has not yet finished. Current state: RUNNING", func() error {
			_, err := b.GetQueryResults(b.ctx, &athenaapi.GetQueryResultsInput{QueryExecutionId: runs})
			return err
		})
		stop(runs)
		if e := b.end(runs); *e.Status.State != "CANCELLED" || reason(e) != "Query cancelled by user" {
			b.Errorf("running: %s %s", *e.Status.State, reason(e))
		}
		stop(runs)
		if s := b.state(runs); s != "CANCELLED" {
			b.Errorf("state %s", s)
		}
		for name := range b.world.objects {
			if strings.HasPrefix(name, "results/") {
				b.Errorf("%s was stored", name)
			}
		}
	})
}

// TestServerDies: what ran fails and can be tried again; what waited runs.
func TestServerDies(t *testing.T) {
	run(t, func(b *bench) {
		b.catalog()
		b.engine.block = true
		ran := b.start("SELECT s FROM flat")
		b.runner.Pass(b.Context())
		<-b.engine.started
		waited := b.start("SELECT s FROM flat")
		b.engine.block, b.engine.rows = false, [][]*string{texts("a")}
		next := b.newRunner("two")
		next.Sole = true
		if err := next.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		next.Pass(b.Context())
		e := b.end(ran)
		if *e.Status.State != "FAILED" || !*e.Status.AthenaError.Retryable || *e.Status.AthenaError.ErrorCategory != 1 {
			b.Errorf("what ran: %s %s", *e.Status.State, reason(e))
		}
		next.Pass(b.Context())
		if e := b.end(waited); *e.Status.State != "SUCCEEDED" {
			b.Errorf("what waited: %s %s", *e.Status.State, reason(e))
		}
		b.runner.Beat(b.Context()) // the first learns that it lost its query: its outcome is not stored
		if s := b.state(ran); s != "FAILED" {
			b.Errorf("state %s", s)
		}
	})
}

// TestServerStops: an orderly stop is no fault of the query.
func TestServerStops(t *testing.T) {
	run(t, func(b *bench) {
		b.catalog()
		b.engine.block = true
		ctx, stop := context.WithCancel(b.Context())
		var ended sync.WaitGroup
		ended.Go(func() {
			if err := b.runner.Run(ctx); err != nil {
				b.Error(err)
			}
		})
		id := b.start("SELECT s FROM flat")
		<-b.engine.started
		stop()
		ended.Wait()
		b.engine.block, b.engine.rows = false, [][]*string{texts("a")}
		b.newRunner("two").Pass(b.Context())
		if e := b.end(id); *e.Status.State != "SUCCEEDED" {
			b.Errorf("%s %s", *e.Status.State, reason(e))
		}
	})
}

func TestTimeout(t *testing.T) {
	run(t, func(b *bench) {
		b.catalog()
		b.engine.block = true
		b.Timeout = time.Millisecond
		if e := b.perform("SELECT s FROM flat"); *e.Status.State != "FAILED" || reason(e) != "Query timeout" {
			b.Errorf("%s %s", *e.Status.State, reason(e))
		}
	})
}

func TestFailures(t *testing.T) {
	partition := func(change func(*glueapi.Partition)) func(*bench) {
		return func(b *bench) { change(&b.world.partitions["parted"][0]) }
	}
	table := func(change func(*glueapi.Table)) func(*bench) {
		return func(b *bench) { change(b.world.tables["flat"]) }
	}
	for name, c := range map[string]struct {
		sql     string
		prepare func(*bench)
		want    string
	}{
		"no table":    {sql: "SELECT 1 FROM nope", want: "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.d.nope' does not exist"},
		"no database": {sql: "SELECT 1 FROM no.t", want: "SCHEMA_NOT_FOUND: line 1:15: Schema 'no' does not exist"},
		"no column":   {sql: "SELECT x FROM flat", want: "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved or requester is not authorized to access requested resources"},
		"no bucket": {
			sql: "SELECT s FROM flat", prepare: table(func(t *glueapi.Table) { t.StorageDescriptor.Location = new("s3://gone/x") }),
			want: "HIVE_METASTORE_ERROR: The specified bucket does not exist: s3://gone/x/",
		},
		"bad data": {sql: "SELECT s FROM flat", prepare: func(b *bench) {
			b.engine.err = &engine.Error{Class: engine.ClassBadData, Message: "not a number", File: "s3://data/flat/a.txt"}
		}, want: "HIVE_BAD_DATA: not a number (s3://data/flat/a.txt)"},
		"unknown": {
			sql: "SELECT s FROM flat", prepare: func(b *bench) { b.engine.err = errors.New("secret") },
			want: "GENERIC_INTERNAL_ERROR: an internal error ended the query",
		},
		"iceberg": {
			sql: "SELECT s FROM flat", prepare: table(func(t *glueapi.Table) { t.Parameters = map[string]string{"table_type": "iceberg"} }),
			want: "NOT_SUPPORTED: bindery does not support this yet: table flat: Iceberg tables",
		},
		"view": {
			sql: "SELECT s FROM flat", prepare: table(func(t *glueapi.Table) { t.TableType = new("VIRTUAL_VIEW") }),
			want: "NOT_SUPPORTED: bindery does not support this yet: table flat: views",
		},
		"projection": {
			sql: "SELECT s FROM flat", prepare: table(func(t *glueapi.Table) { t.Parameters = map[string]string{"projection.enabled": "true"} }),
			want: "NOT_SUPPORTED: bindery does not support this yet: table flat: partition projection",
		},
		"orc": {sql: "SELECT s FROM flat", prepare: table(func(t *glueapi.Table) {
			t.StorageDescriptor.SerdeInfo.SerializationLibrary = new("org.apache.hadoop.hive.ql.io.orc.OrcSerde")
		}), want: "NOT_SUPPORTED: bindery does not support this yet: table flat: SerDe org.apache.hadoop.hive.ql.io.orc.OrcSerde"},
		"encoding": {sql: "SELECT s FROM flat", prepare: table(func(t *glueapi.Table) {
			t.StorageDescriptor.SerdeInfo.Parameters = map[string]string{"serialization.encoding": "latin1"}
		}), want: `NOT_SUPPORTED: bindery does not support this yet: table flat: SerDe property serialization.encoding="latin1"`},
		"other partition format": {sql: "SELECT s FROM parted", prepare: partition(func(p *glueapi.Partition) {
			p.StorageDescriptor.SerdeInfo.Parameters = map[string]string{"field.delim": ";"}
		}), want: "NOT_SUPPORTED: bindery does not support this yet: table parted: partition day=1, which is stored in another format than its table"},
		"other partition type": {
			sql: "SELECT s FROM parted", prepare: partition(func(p *glueapi.Partition) { p.StorageDescriptor.Columns[0].Type = new("int") }),
			want: "HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition schemas. The types are incompatible and cannot be coerced. " +
				"The column 's' in table 'd.parted' is declared as type 'string', but partition 'day=1' declared column 's' as type 'int'.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(b *bench) {
				b.catalog()
				if c.prepare != nil {
					c.prepare(b)
				}
				e := b.perform(c.sql)
				if *e.Status.State != "FAILED" || reason(e) != c.want {
					b.Errorf("%s:\n got %s\nwant %s", *e.Status.State, reason(e), c.want)
				}
			})
		})
	}
}

func TestRefusedStarts(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*athenaapi.StartQueryExecutionInput)
		want   string
	}{
		"syntax":      {func(in *athenaapi.StartQueryExecutionInput) { in.QueryString = "SELECT 1; x" }, "line 1:11: mismatched input 'x'. Expecting: ';', <EOF>"},
		"table made":  {func(in *athenaapi.StartQueryExecutionInput) { in.QueryString = "DROP TABLE t" }, "NOT_SUPPORTED: line 1:1: DROP TABLE is not supported"},
		"no location": {func(in *athenaapi.StartQueryExecutionInput) { in.ResultConfiguration = nil }, "No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input."},
		"not S3": {func(in *athenaapi.StartQueryExecutionInput) {
			in.ResultConfiguration.OutputLocation = new("file:///tmp")
		}, "outputLocation is not a valid S3 path."},
		"no bucket": {func(in *athenaapi.StartQueryExecutionInput) {
			in.ResultConfiguration.OutputLocation = new("s3://gone/x")
		}, "Unable to verify/create output bucket gone"},
		"other owner": {func(in *athenaapi.StartQueryExecutionInput) {
			in.ResultConfiguration.ExpectedBucketOwner = new("999999999999")
		}, "The owner of the bucket results is not the expected bucket owner 999999999999"},
		"no workgroup": {func(in *athenaapi.StartQueryExecutionInput) { in.WorkGroup = new("w") }, "WorkGroup w is not found."},
		"encryption": {func(in *athenaapi.StartQueryExecutionInput) {
			in.ResultConfiguration.EncryptionConfiguration = &athenaapi.EncryptionConfiguration{EncryptionOption: "SSE_KMS"}
		}, "NOT_SUPPORTED: bindery does not support EncryptionConfiguration of query results yet."},
		"catalog": {func(in *athenaapi.StartQueryExecutionInput) { in.QueryExecutionContext.Catalog = new("lambda") }, "NOT_SUPPORTED: bindery does not support the data catalog lambda yet."},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(b *bench) {
				in := input("SELECT 1")
				c.change(in)
				wantInvalid(b, c.want, func() error { _, err := b.StartQueryExecution(b.ctx, in); return err })
				out, err := b.ListQueryExecutions(b.ctx, &athenaapi.ListQueryExecutionsInput{})
				if err != nil || len(out.QueryExecutionIds) != 0 {
					b.Errorf("stored %v, error %v", out.QueryExecutionIds, err)
				}
			})
		})
	}
}

func TestLocationMayNotBeUsed(t *testing.T) {
	run(t, func(b *bench) {
		b.world.denied = "s3:GetBucketLocation"
		wantInvalid(b, "Unable to verify/create output bucket results", func() error { _, err := b.StartQueryExecution(b.ctx, input("SELECT 1")); return err })
	})
}

func TestClientRequestToken(t *testing.T) {
	run(t, func(b *bench) {
		in := input("SELECT 1")
		in.ClientRequestToken = new(strings.Repeat("t", 32))
		first, err := b.StartQueryExecution(b.ctx, in)
		if err != nil {
			b.Fatal(err)
		}
		again, err := b.StartQueryExecution(b.ctx, in)
		if err != nil || *again.QueryExecutionId != *first.QueryExecutionId {
			b.Errorf("again: %v %v", again, err)
		}
		in.QueryString = "SELECT 2"
		wantInvalid(b, "Idempotent parameters do not match", func() error { _, err := b.StartQueryExecution(b.ctx, in); return err })
		other := as(b.Context(), b.clock, op.Principal{ARN: "arn:aws:iam::444455556666:root", Account: "444455556666", UserName: "ana"})
		if theirs, err := b.StartQueryExecution(other, in); err != nil || *theirs.QueryExecutionId == *first.QueryExecutionId {
			b.Errorf("another account: %v %v", theirs, err)
		}
	})
}

func TestWorkgroupSettings(t *testing.T) {
	run(t, func(b *bench) {
		b.catalog()
		update := func(u *athenaapi.WorkGroupConfigurationUpdates) {
			b.Helper()
			if _, err := b.UpdateWorkGroup(b.ctx, &athenaapi.UpdateWorkGroupInput{WorkGroup: "primary", ConfigurationUpdates: u}); err != nil {
				b.Fatal(err)
			}
		}
		update(&athenaapi.WorkGroupConfigurationUpdates{
			EnforceWorkGroupConfiguration: new(true), BytesScannedCutoffPerQuery: new(int64(10_000_000)),
			ResultConfigurationUpdates: &athenaapi.ResultConfigurationUpdates{OutputLocation: new("s3://results/own/")},
		})
		id := b.start("SELECT s FROM flat")
		if at := *b.get(id).ResultConfiguration.OutputLocation; at != "s3://results/own/"+id+".csv" {
			b.Errorf("enforced: %s", at)
		}
		b.world.put(b, "data", "flat/big.txt", strings.Repeat("x", 10_000_001))
		b.runner.Pass(b.Context())
		if e := b.end(id); *e.Status.State != "CANCELLED" || !strings.Contains(reason(e), "Bytes scanned limit was exceeded") {
			b.Errorf("cut-off: %s %s", *e.Status.State, reason(e))
		}
		update(&athenaapi.WorkGroupConfigurationUpdates{
			EnforceWorkGroupConfiguration: new(false), RemoveBytesScannedCutoffPerQuery: new(true),
			ResultConfigurationUpdates: &athenaapi.ResultConfigurationUpdates{RemoveOutputLocation: new(true)},
		})
		out, err := b.GetWorkGroup(b.ctx, &athenaapi.GetWorkGroupInput{WorkGroup: "primary"})
		if err != nil {
			b.Fatal(err)
		}
		if c := out.WorkGroup.Configuration; c.BytesScannedCutoffPerQuery != nil || c.ResultConfiguration.OutputLocation != nil || *c.EnforceWorkGroupConfiguration {
			b.Errorf("configuration %+v", c)
		}
		if _, err := b.UpdateWorkGroup(b.ctx, &athenaapi.UpdateWorkGroupInput{WorkGroup: "primary", State: new("DISABLED")}); err != nil {
			b.Fatal(err)
		}
		wantInvalid(b, "WorkGroup primary is disabled.", func() error { _, err := b.StartQueryExecution(b.ctx, input("SELECT 1")); return err })
	})
}

func TestListAndBatch(t *testing.T) {
	run(t, func(b *bench) {
		var want []string
		for range 5 {
			want = append([]string{b.start("SELECT 1")}, want...)
			b.clock.Advance(time.Millisecond)
		}
		var got []string
		in := &athenaapi.ListQueryExecutionsInput{MaxResults: new(int32(2))}
		for {
			out, err := b.ListQueryExecutions(b.ctx, in)
			if err != nil {
				b.Fatal(err)
			}
			got = append(got, out.QueryExecutionIds...)
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			b.Error(diff)
		}
		batch, err := b.BatchGetQueryExecution(b.ctx, &athenaapi.BatchGetQueryExecutionInput{QueryExecutionIds: []string{want[0], "nope"}})
		if err != nil || len(batch.QueryExecutions) != 1 || *batch.UnprocessedQueryExecutionIds[0].QueryExecutionId != "nope" {
			b.Errorf("batch %+v %v", batch, err)
		}
		other := as(b.Context(), b.clock, op.Principal{ARN: "arn:aws:iam::444455556666:root", Account: "444455556666"})
		wantInvalid(b, fmt.Sprintf("QueryExecution %s was not found", want[0]), func() error {
			_, err := b.GetQueryExecution(other, &athenaapi.GetQueryExecutionInput{QueryExecutionId: want[0]})
			return err
		})
	})
}

// TestHistory: executions older than 45 days go as new ones come.
func TestHistory(t *testing.T) {
	run(t, func(b *bench) {
		id := b.start("SELECT 1")
		b.clock.Advance(45*24*time.Hour + time.Millisecond)
		b.start("SELECT 1")
		wantInvalid(b, "QueryExecution "+id+" was not found", func() error {
			_, err := b.GetQueryExecution(b.ctx, &athenaapi.GetQueryExecutionInput{QueryExecutionId: id})
			return err
		})
	})
}

// TestResolver: the workgroup of a query decides, and strangers do not learn what exists.
func TestResolver(t *testing.T) {
	run(t, func(b *bench) {
		id := b.start("SELECT 1")
		resolve := b.Bind().Resolvers["query"]
		for name, want := range map[string]string{id: "workgroup/primary", "nope": "workgroup/primary"} {
			got, err := resolve(b.ctx, &athenaapi.GetQueryExecutionInput{QueryExecutionId: name})
			if err != nil || len(got) != 1 || got[0].ARN != "arn:aws:athena:eu-west-1:"+account+":"+want {
				b.Errorf("%s: %+v %v", name, got, err)
			}
		}
		got, err := resolve(b.ctx, &athenaapi.BatchGetQueryExecutionInput{QueryExecutionIds: []string{id, id, "nope"}})
		if err != nil || len(got) != 1 {
			b.Errorf("batch: %+v %v", got, err)
		}
	})
}
