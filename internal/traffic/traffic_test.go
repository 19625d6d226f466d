package traffic_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/traffic"
)

const ana = "arn:aws:iam::111122223333:user/ana"

var noon = time.UnixMilli(1_700_000_000_000).UTC()

func TestTraffic(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, store *db.DB) {
		log, ctx := traffic.New(store), context.Background()
		get := traffic.Deed{Account: "111122223333", Principal: ana, Action: "glue:GetTable", Resource: "arn:aws:glue:r:1:catalog"}
		pass := traffic.Deed{Account: "111122223333", Principal: ana, Action: "iam:PassRole", Resource: "arn:aws:iam::1:role/r", Passed: "glue.amazonaws.com"}
		for i := range 3 {
			log.Add(get, noon.Add(time.Duration(i)*time.Second))
		}
		if err := log.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		log.Add(get, noon.Add(time.Minute))
		log.Add(pass, noon)
		got, err := log.List(ctx, "111122223333", ana, time.Time{})
		if err != nil || len(got) != 2 {
			t.Fatalf("%v, %v", got, err)
		}
		if x := got[0]; x.Deed != get || x.Calls != 4 || !x.First.Equal(noon) || !x.Last.Equal(noon.Add(time.Minute)) {
			t.Errorf("%+v", x)
		}
		if x := got[1]; x.Deed != pass || x.Calls != 1 {
			t.Errorf("%+v", x)
		}
		if got, err = log.List(ctx, "111122223333", ana, noon.Add(time.Second)); err != nil || len(got) != 1 {
			t.Errorf("since: %v, %v", got, err)
		}
		if got, err = log.List(ctx, "444455556666", ana, time.Time{}); err != nil || len(got) != 0 {
			t.Errorf("another account sees %v, %v", got, err)
		}
	})
}

func TestManyObjectsCountByFolder(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, store *db.DB) {
		log := traffic.New(store)
		for i := range 3000 {
			log.Add(traffic.Deed{Account: "1", Principal: ana, Action: "s3:GetObject", Resource: fmt.Sprintf("arn:aws:s3:::b/d/%d", i)}, noon)
		}
		got, err := log.List(context.Background(), "1", ana, time.Time{})
		if err != nil || len(got) != 1001 {
			t.Fatalf("%d lines, %v", len(got), err)
		}
		calls := int64(0)
		for _, x := range got {
			calls += x.Calls
			if strings.HasSuffix(x.Resource, "*") && (x.Resource != "arn:aws:s3:::b/d/*" || x.Calls != 2000) {
				t.Errorf("%+v", x)
			}
		}
		if calls != 3000 {
			t.Errorf("%d calls", calls)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	log := traffic.New(nil)
	d := traffic.Deed{Account: "111122223333", Principal: ana, Action: "glue:GetTable", Resource: "arn:aws:glue:us-east-1:111122223333:table/sales/orders"}
	for b.Loop() {
		log.Add(d, noon)
	}
}
