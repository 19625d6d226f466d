package clients_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	athenatypes "github.com/aws/aws-sdk-go-v2/service/athena/types"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	gluetypes "github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// table is a table over text files with commas.
func table(name, location string) *gluetypes.TableInput {
	return &gluetypes.TableInput{
		Name: &name, TableType: aws.String("EXTERNAL_TABLE"), Parameters: map[string]string{"classification": "csv"},
		PartitionKeys:     []gluetypes.Column{{Name: aws.String("day"), Type: aws.String("string")}},
		StorageDescriptor: storage(location),
	}
}

func storage(location string) *gluetypes.StorageDescriptor {
	return &gluetypes.StorageDescriptor{
		Location:     &location,
		Columns:      []gluetypes.Column{{Name: aws.String("id"), Type: aws.String("bigint")}, {Name: aws.String("name"), Type: aws.String("string")}},
		InputFormat:  aws.String("org.apache.hadoop.mapred.TextInputFormat"),
		OutputFormat: aws.String("org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"),
		SerdeInfo: &gluetypes.SerDeInfo{
			SerializationLibrary: aws.String("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"),
			Parameters:           map[string]string{"field.delim": ","},
		},
	}
}

func TestCatalog(t *testing.T) {
	ctx := t.Context()
	c := glue.NewFromConfig(start(t).admin())
	must[*glue.CreateDatabaseOutput](t)(c.CreateDatabase(ctx, &glue.CreateDatabaseInput{DatabaseInput: &gluetypes.DatabaseInput{Name: aws.String("d")}}))
	must[*glue.CreateTableOutput](t)(c.CreateTable(ctx, &glue.CreateTableInput{DatabaseName: aws.String("d"), TableInput: table("t", "s3://b/t/")}))
	_, err := c.CreateTable(ctx, &glue.CreateTableInput{DatabaseName: aws.String("d"), TableInput: table("T", "s3://b/t/")})
	var exists *gluetypes.AlreadyExistsException
	if !errors.As(err, &exists) {
		t.Fatalf("want AlreadyExistsException, got %v", err)
	}
	update := &glue.UpdateTableInput{DatabaseName: aws.String("d"), TableInput: table("t", "s3://b/u/"), VersionId: aws.String("0"), SkipArchive: aws.Bool(true)}
	must[*glue.UpdateTableOutput](t)(c.UpdateTable(ctx, update))
	_, err = c.UpdateTable(ctx, update)
	var conflict *gluetypes.ConcurrentModificationException
	if !errors.As(err, &conflict) {
		t.Fatalf("want ConcurrentModificationException, got %v", err)
	}
	got := must[*glue.GetTableOutput](t)(c.GetTable(ctx, &glue.GetTableInput{DatabaseName: aws.String("d"), Name: aws.String("t")})).Table
	if *got.VersionId != "1" || *got.StorageDescriptor.Location != "s3://b/u/" || time.Since(*got.CreateTime) > time.Minute {
		t.Errorf("got version %s at %s, made %v", *got.VersionId, *got.StorageDescriptor.Location, got.CreateTime)
	}
}

func TestPartitionsInPagesAndSegments(t *testing.T) {
	ctx := t.Context()
	c := glue.NewFromConfig(start(t).admin())
	must[*glue.CreateDatabaseOutput](t)(c.CreateDatabase(ctx, &glue.CreateDatabaseInput{DatabaseInput: &gluetypes.DatabaseInput{Name: aws.String("d")}}))
	must[*glue.CreateTableOutput](t)(c.CreateTable(ctx, &glue.CreateTableInput{DatabaseName: aws.String("d"), TableInput: table("t", "s3://b/t/")}))
	var batch []gluetypes.PartitionInput
	for n := range 100 {
		day := fmt.Sprintf("day-%03d", n)
		batch = append(batch, gluetypes.PartitionInput{Values: []string{day}, StorageDescriptor: storage("s3://b/t/day=" + day + "/")})
	}
	out := must[*glue.BatchCreatePartitionOutput](t)(c.BatchCreatePartition(ctx, &glue.BatchCreatePartitionInput{DatabaseName: aws.String("d"), TableName: aws.String("t"), PartitionInputList: batch}))
	if len(out.Errors) > 0 {
		t.Fatal(out.Errors)
	}
	seen := map[string]int{}
	for segment := range int32(3) {
		in := &glue.GetPartitionsInput{DatabaseName: aws.String("d"), TableName: aws.String("t"), MaxResults: aws.Int32(7), Expression: aws.String("day >= 'day-050'"), Segment: &gluetypes.Segment{SegmentNumber: segment, TotalSegments: aws.Int32(3)}}
		for p := glue.NewGetPartitionsPaginator(c, in); p.HasMorePages(); {
			for _, found := range must[*glue.GetPartitionsOutput](t)(p.NextPage(ctx)).Partitions {
				seen[found.Values[0]]++
			}
		}
	}
	if len(seen) != 50 || seen["day-049"] != 0 || seen["day-050"] != 1 {
		t.Errorf("three segments gave %d partitions, want 50 once each: %v", len(seen), seen)
	}
}

func TestObjects(t *testing.T) {
	ctx := t.Context()
	c := s3.NewFromConfig(start(t).admin())
	must[*s3.CreateBucketOutput](t)(c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("go-bucket")}))
	data := make([]byte, 20<<20+17)
	_, _ = rand.Read(data)
	must[*manager.UploadOutput](t)(manager.NewUploader(c).Upload(ctx, &s3.PutObjectInput{Bucket: aws.String("go-bucket"), Key: aws.String("big ü"), Body: bytes.NewReader(data)}))
	back := manager.NewWriteAtBuffer(nil)
	must[int64](t)(manager.NewDownloader(c).Download(ctx, back, &s3.GetObjectInput{Bucket: aws.String("go-bucket"), Key: aws.String("big ü")}))
	if !bytes.Equal(back.Bytes(), data) {
		t.Error("the object came back with other bytes")
	}
	for _, algorithm := range s3types.ChecksumAlgorithm("").Values() {
		switch algorithm {
		case s3types.ChecksumAlgorithmCrc32, s3types.ChecksumAlgorithmCrc32c, s3types.ChecksumAlgorithmSha1, s3types.ChecksumAlgorithmSha256, s3types.ChecksumAlgorithmCrc64nvme:
		default:
			continue // newer than what this server stores
		}
		must[*s3.PutObjectOutput](t)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("go-bucket"), Key: aws.String("k"), Body: bytes.NewReader(data[:70000]), ChecksumAlgorithm: algorithm}))
		got := must[*s3.GetObjectOutput](t)(c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("go-bucket"), Key: aws.String("k"), ChecksumMode: s3types.ChecksumModeEnabled}))
		if body := must[[]byte](t)(io.ReadAll(got.Body)); !bytes.Equal(body, data[:70000]) {
			t.Errorf("%s: other bytes", algorithm)
		}
	}
	_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("go-bucket"), Key: aws.String("missing")})
	var none *s3types.NoSuchKey
	if !errors.As(err, &none) {
		t.Errorf("want NoSuchKey, got %v", err)
	}
}

func TestPresigned(t *testing.T) {
	ctx := t.Context()
	c := s3.NewFromConfig(start(t).admin())
	must[*s3.CreateBucketOutput](t)(c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("go-bucket")}))
	must[*s3.PutObjectOutput](t)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("go-bucket"), Key: aws.String("k"), Body: bytes.NewReader([]byte("hello"))}))
	signed, err := s3.NewPresignClient(c).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("go-bucket"), Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	res := must[*http.Response](t)(http.Get(signed.URL))
	defer res.Body.Close()
	if body := must[[]byte](t)(io.ReadAll(res.Body)); string(body) != "hello" {
		t.Errorf("%s: %s", res.Status, body)
	}
}

func TestQuery(t *testing.T) {
	ctx := t.Context()
	cfg := start(t).admin()
	objects, catalog, c := s3.NewFromConfig(cfg), glue.NewFromConfig(cfg), athena.NewFromConfig(cfg)
	must[*s3.CreateBucketOutput](t)(objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("go-lake")}))
	must[*s3.PutObjectOutput](t)(objects.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("go-lake"), Key: aws.String("t/day=1/a.csv"), Body: bytes.NewReader([]byte("1,apple\n2,plum\n"))}))
	must[*glue.CreateDatabaseOutput](t)(catalog.CreateDatabase(ctx, &glue.CreateDatabaseInput{DatabaseInput: &gluetypes.DatabaseInput{Name: aws.String("d")}}))
	must[*glue.CreateTableOutput](t)(catalog.CreateTable(ctx, &glue.CreateTableInput{DatabaseName: aws.String("d"), TableInput: table("t", "s3://go-lake/t/")}))
	must[*glue.CreatePartitionOutput](t)(catalog.CreatePartition(ctx, &glue.CreatePartitionInput{
		DatabaseName: aws.String("d"), TableName: aws.String("t"),
		PartitionInput: &gluetypes.PartitionInput{Values: []string{"1"}, StorageDescriptor: storage("s3://go-lake/t/day=1/")},
	}))
	id := must[*athena.StartQueryExecutionOutput](t)(c.StartQueryExecution(ctx, &athena.StartQueryExecutionInput{
		QueryString: aws.String("select name, day from t where id = 2"), QueryExecutionContext: &athenatypes.QueryExecutionContext{Database: aws.String("d")},
		ResultConfiguration: &athenatypes.ResultConfiguration{OutputLocation: aws.String("s3://go-lake/results/")},
	})).QueryExecutionId
	waitQuery(t, c, id)
	rows := must[*athena.GetQueryResultsOutput](t)(c.GetQueryResults(ctx, &athena.GetQueryResultsInput{QueryExecutionId: id})).ResultSet.Rows
	if len(rows) != 2 || *rows[1].Data[0].VarCharValue != "plum" || *rows[1].Data[1].VarCharValue != "1" {
		t.Errorf("rows %+v", rows)
	}
}

func waitQuery(t *testing.T, c *athena.Client, id *string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		status := must[*athena.GetQueryExecutionOutput](t)(c.GetQueryExecution(t.Context(), &athena.GetQueryExecutionInput{QueryExecutionId: id})).QueryExecution.Status
		switch status.State {
		case athenatypes.QueryExecutionStateSucceeded:
			return
		case athenatypes.QueryExecutionStateFailed, athenatypes.QueryExecutionStateCancelled:
			t.Fatalf("the query ended %s: %s", status.State, aws.ToString(status.StateChangeReason))
		}
	}
	t.Fatal("the query did not end within 30 s")
}
