package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"
)

// loadCase is one kind of request.
type loadCase struct {
	name      string
	operation string
	item      string // what an answer has once for each item; "" when a request has batch items
	body      func(n int) string
	distinct  int  // how many different requests there are; they repeat after that
	once      bool // a request may be sent once only: it writes
}

func (c loadCase) chosen(only string) bool {
	return strings.Contains(strings.ToLower(c.name), strings.ToLower(only))
}

// items is how many tables or partitions an answer holds, or a request.
func (c loadCase) items(answer []byte) int {
	if c.item == "" {
		return batch
	}
	return bytes.Count(answer, []byte(c.item))
}

const (
	pageOfTables     = 100
	pageOfPartitions = 1000
	batch            = 100 // partitions in a BatchCreatePartition, AWS's limit
	perDay           = 100 // partitions with one leading value
)

// writesAhead is how many distinct writes are prepared at most: they are large.
const writesAhead = 1500

func cases(s settings) []loadCase {
	return []loadCase{
		{name: "GetTable hot", operation: "GetTable", item: `"DatabaseName"`, distinct: 1, body: func(int) string { return getTable(0) }},
		{name: "GetTable uniform", operation: "GetTable", item: `"DatabaseName"`, distinct: s.tables, body: func(n int) string { return getTable(n * 7919 % s.tables) }},
		{
			name: "GetTables, page of 100", operation: "GetTables", item: `"DatabaseName"`, distinct: 1,
			body: func(int) string { return fmt.Sprintf(`{"DatabaseName":"load","MaxResults":%d}`, pageOfTables) },
		},
		{
			name: "GetPartitions, page of 1,000", operation: "GetPartitions", item: `"Values"`, distinct: 1,
			body: func(int) string {
				return fmt.Sprintf(`{"DatabaseName":"load","TableName":"parted","MaxResults":%d}`, pageOfPartitions)
			},
		},
		{
			name: "GetPartitions, 100 by filter", operation: "GetPartitions", item: `"Values"`, distinct: s.partitions / perDay,
			body: func(n int) string {
				return fmt.Sprintf(`{"DatabaseName":"load","TableName":"parted","Expression":"day = %d"}`, n)
			},
		},
		{
			name: "BatchCreatePartition of 100", operation: "BatchCreatePartition", distinct: writesAhead, once: true,
			body: func(n int) string { return createBatch("written", n) },
		},
	}
}

func getTable(n int) string { return fmt.Sprintf(`{"DatabaseName":"load","Name":"t%05d"}`, n) }

// createBatch is a batch of partitions; batches with other numbers have others.
func createBatch(table string, n int) string {
	inputs := make([]string, batch)
	for i := range inputs {
		inputs[i] = partitionInput(table, n*batch+i)
	}
	return fmt.Sprintf(`{"DatabaseName":"load","TableName":%q,"PartitionInputList":[%s]}`, table, strings.Join(inputs, ","))
}

// run measures the case on one server: first a little, to warm it and to see
// how fast it is, then about as long as the settings say.
func (c loadCase) run(p *process, s settings) (figures, error) {
	requests, err := c.prepare(p)
	if err != nil {
		return figures{}, err
	}
	return c.send(p, s, requests)
}

func (c loadCase) send(p *process, s settings, requests [][]byte) (figures, error) {
	warm := s.connections * 2
	began := time.Now()
	if _, err := drive(p, requests, 0, warm, s.connections); err != nil {
		return figures{}, err
	}
	each := max(time.Since(began)/time.Duration(warm), time.Microsecond)
	if known := min(c.distinct, int(s.seconds/each)); !c.once && known > warm {
		// Each of the requests once, so that none is the first of its kind.
		if _, err := drive(p, requests, 0, known, s.connections); err != nil {
			return figures{}, err
		}
	}
	last := warm + max(int(s.seconds/each), s.connections)
	if c.once {
		last = min(last, len(requests))
		p.written += last // a write that was sent is not sent again
	}
	return drive(p, requests, warm, last, s.connections)
}

// runBare measures a bare server with the same requests and the answer that
// bindery gave.
func (c loadCase) runBare(ctx context.Context, like *process, s settings, answer []byte) (figures, error) {
	bare, err := startBare(ctx, answer)
	if err != nil {
		return figures{}, err
	}
	defer bare.stop()
	bare.client = like.client
	again := c
	again.once = false // it keeps nothing
	return again.run(bare, s)
}

func (c loadCase) prepare(p *process) ([][]byte, error) {
	requests := make([][]byte, c.distinct)
	for n := range requests {
		var err error
		if requests[n], err = p.signed(c.operation, c.body(p.written+n)); err != nil {
			return nil, err
		}
	}
	return requests, nil
}
