package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	athenatypes "github.com/aws/aws-sdk-go-v2/service/athena/types"
)

// questions are asked of the whole lake; the second joins two formats.
var questions = []struct{ title, sql string }{
	{
		"How late were flights, month by month?",
		`SELECT month, count(*) AS flights, round(avg(delay), 1) AS mean_delay, max(delay) AS worst
FROM flights GROUP BY month ORDER BY month`,
	},
	{
		"Which big airports had the worst departures in winter? (a join of Parquet with CSV, two partitions of six)",
		`SELECT a.name, a.city, count(*) AS departures, round(avg(f.delay), 1) AS mean_delay
FROM flights f JOIN airports a ON f.origin = a.iata
WHERE f.month IN ('01', '02')
GROUP BY a.name, a.city HAVING count(*) > 1000
ORDER BY mean_delay DESC LIMIT 5`,
	},
	{
		"In which phase of flight do birds cost most?",
		`SELECT "phase of flight" AS phase, count(*) AS strikes, sum("cost total $") AS cost
FROM birdstrikes GROUP BY "phase of flight" ORDER BY cost DESC LIMIT 5`,
	},
}

// ask puts the questions as root.
func (d *demo) ask(ctx context.Context) error {
	client := athena.NewFromConfig(d.server.root)
	for _, q := range questions {
		say("")
		say("%s", q.title)
		if err := answer(ctx, client, q.sql); err != nil {
			return err
		}
	}
	return nil
}

// answer runs a query and prints its rows and what it cost.
func answer(ctx context.Context, client *athena.Client, sql string) error {
	began := time.Now()
	done, err := query(ctx, client, sql)
	if err != nil {
		return err
	}
	took := time.Since(began)
	out, err := client.GetQueryResults(ctx, &athena.GetQueryResultsInput{QueryExecutionId: done.QueryExecutionId})
	if err != nil {
		return err
	}
	var rows [][]string
	for _, r := range out.ResultSet.Rows {
		var row []string
		for _, cell := range r.Data {
			row = append(row, aws.ToString(cell.VarCharValue))
		}
		rows = append(rows, row)
	}
	table(rows)
	say("%s, %.2f MB scanned", took.Round(time.Millisecond), float64(aws.ToInt64(done.Statistics.DataScannedInBytes))/1e6)
	return nil
}

// query runs a statement to its end.
func query(ctx context.Context, client *athena.Client, sql string) (*athenatypes.QueryExecution, error) {
	started, err := client.StartQueryExecution(ctx, &athena.StartQueryExecutionInput{
		QueryString:           aws.String(sql),
		QueryExecutionContext: &athenatypes.QueryExecutionContext{Database: aws.String(database)},
		ResultConfiguration:   &athenatypes.ResultConfiguration{OutputLocation: aws.String("s3://" + resultBucket + "/")},
	})
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		out, err := client.GetQueryExecution(ctx, &athena.GetQueryExecutionInput{QueryExecutionId: started.QueryExecutionId})
		if err != nil {
			return nil, err
		}
		switch status := out.QueryExecution.Status; status.State {
		case athenatypes.QueryExecutionStateSucceeded:
			return out.QueryExecution, nil
		case athenatypes.QueryExecutionStateFailed, athenatypes.QueryExecutionStateCancelled:
			return nil, fmt.Errorf("query %s: %s", status.State, aws.ToString(status.StateChangeReason))
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}
