package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	gluetypes "github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	lakeBucket   = "demo-lake"
	resultBucket = "demo-results"
	otherBucket  = "demo-payroll"
	database     = "flights"
	crawlerRole  = "AWSGlueServiceRole-demo"
	trustGlue    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"glue.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	readLake     = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::demo-lake","arn:aws:s3:::demo-lake/*"]}]}`
	managedGlue  = "arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole"
)

// demo is the story's state.
type demo struct {
	server   *server
	examples string
}

// upload makes the buckets and puts the example files into the lake.
func (d *demo) upload(ctx context.Context) error {
	client := s3.NewFromConfig(d.server.root)
	for _, bucket := range []string{lakeBucket, resultBucket, otherBucket} {
		if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
			return err
		}
	}
	data := filepath.Join(d.examples, "flights", "data")
	began, files, size := time.Now(), 0, int64(0)
	err := filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Dir(path) == data {
			return err
		}
		n, err := put(ctx, client, data, path)
		files, size = files+1, size+n
		progress("%d files, %.1f MB", files, float64(size)/1e6)
		return err
	})
	if err != nil {
		return err
	}
	progress("%d files, %.1f MB uploaded to s3://%s in %s\n", files, float64(size)/1e6, lakeBucket, time.Since(began).Round(time.Millisecond))
	say("US on-time flights by month (Parquet), airports and bird strikes (CSV)")
	_, err = client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(otherBucket), Key: aws.String("salaries.csv"), Body: strings.NewReader("name,salary\nana,100\n"),
	})
	return err
}

func put(ctx context.Context, client *s3.Client, root, path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	key, err := filepath.Rel(root, path)
	if err != nil {
		return 0, err
	}
	_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(lakeBucket), Key: aws.String(filepath.ToSlash(key)), Body: f})
	return info.Size(), err
}

// crawl gives a crawler a role, starts it, and waits for it.
func (d *demo) crawl(ctx context.Context) error {
	roles, client := iam.NewFromConfig(d.server.root), glue.NewFromConfig(d.server.root)
	if err := makeCrawlerRole(ctx, roles); err != nil {
		return err
	}
	say("role %s may read the lake and write the catalog; only Glue may assume it", crawlerRole)
	if _, err := client.CreateDatabase(ctx, &glue.CreateDatabaseInput{DatabaseInput: &gluetypes.DatabaseInput{Name: aws.String(database)}}); err != nil {
		return err
	}
	_, err := client.CreateCrawler(ctx, &glue.CreateCrawlerInput{
		Name: aws.String("demo"), Role: aws.String(crawlerRole), DatabaseName: aws.String(database),
		Targets: &gluetypes.CrawlerTargets{S3Targets: []gluetypes.S3Target{{Path: aws.String("s3://" + lakeBucket + "/")}}},
	})
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := client.StartCrawler(ctx, &glue.StartCrawlerInput{Name: aws.String("demo")}); err != nil {
		return err
	}
	if err := waitForCrawl(ctx, client, began); err != nil {
		return err
	}
	return showTables(ctx, client)
}

func makeCrawlerRole(ctx context.Context, client *iam.Client) error {
	_, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String(crawlerRole), AssumeRolePolicyDocument: aws.String(trustGlue)})
	if err != nil {
		return err
	}
	_, err = client.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String(crawlerRole), PolicyArn: aws.String(managedGlue)})
	if err != nil {
		return err
	}
	_, err = client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: aws.String(crawlerRole), PolicyName: aws.String("read-lake"), PolicyDocument: aws.String(readLake),
	})
	return err
}

func waitForCrawl(ctx context.Context, client *glue.Client, began time.Time) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		out, err := client.GetCrawler(ctx, &glue.GetCrawlerInput{Name: aws.String("demo")})
		if err != nil {
			return err
		}
		progress("crawler %s, %s", strings.ToLower(string(out.Crawler.State)), time.Since(began).Round(100*time.Millisecond))
		if last := out.Crawler.LastCrawl; out.Crawler.State == gluetypes.CrawlerStateReady && last != nil {
			progress("crawl %s after %s\n", strings.ToLower(string(last.Status)), time.Since(began).Round(time.Millisecond))
			if last.Status != gluetypes.LastCrawlStatusSucceeded {
				return fmt.Errorf("crawl: %s", aws.ToString(last.ErrorMessage))
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func showTables(ctx context.Context, client *glue.Client) error {
	out, err := client.GetTables(ctx, &glue.GetTablesInput{DatabaseName: aws.String(database)})
	if err != nil {
		return err
	}
	if len(out.TableList) == 0 {
		return fmt.Errorf("the crawler found no table")
	}
	rows := [][]string{{"table", "format", "columns", "partitioned by"}}
	for _, t := range out.TableList {
		var columns, keys []string
		for _, c := range t.StorageDescriptor.Columns {
			columns = append(columns, aws.ToString(c.Name)+" "+aws.ToString(c.Type))
		}
		for _, k := range t.PartitionKeys {
			keys = append(keys, aws.ToString(k.Name))
		}
		if len(columns) > 5 {
			columns = append(columns[:5], fmt.Sprintf("… %d more", len(columns)-5))
		}
		rows = append(rows, []string{aws.ToString(t.Name), t.Parameters["classification"], strings.Join(columns, ", "), strings.Join(keys, ", ")})
	}
	table(rows)
	return nil
}
