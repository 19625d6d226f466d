package glue_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/seal"
	"github.com/bindery-project/bindery/internal/service/glue"
	"github.com/bindery-project/bindery/internal/service/glue/partindex"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
	"github.com/bindery-project/bindery/internal/wire"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// The files in testdata are conversations with the service. A paragraph is a
// request (an operation and its input) followed by the answer, or one of
//
//	deny SUFFIX      refuse the resource with this ARN suffix from now on
//	account ID       call from this account from now on
//	advance DURATION let time pass
//	work             do what is queued, to its end
//	struct           ask as another service of the program: answers are structs
//
// TOKEN stands for the NextToken that was answered last. -update rewrites the answers.
var update = flag.Bool("update", false, "rewrite the answers in testdata")

func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			now := clock.NewManual(begin)
			dbtest.RunConfig(t, db.Config{Clock: now}, func(t *testing.T, d *db.DB) {
				now.Set(begin)
				got := newCatalog(t, d, now).converse(t, string(text))
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
					return
				}
				compare(t, string(text), got)
			})
		})
	}
}

var begin = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

func compare(t *testing.T, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := line(w, i), line(g, i)
		if a != b {
			t.Errorf("line %d\nwant %s\ngot  %s", i+1, a, b)
		}
	}
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// catalog is a service with a caller.
type catalog struct {
	service *glue.Service
	bound   map[string]op.Bound
	clock   *clock.Manual
	queue   *queue.Queue
	store   *db.DB
	grants  *grants
	token   string
	account string
	structs bool
}

// grants allows everything but the resources with the denied suffixes.
type grants struct{ denied []string }

func (g *grants) Allowed(_ context.Context, a op.Access) bool {
	for _, d := range g.denied {
		if strings.HasSuffix(a.Resource.ARN, ":"+d) {
			return false
		}
	}
	return true
}

func (g *grants) Check(ctx context.Context, accesses ...op.Access) error {
	for _, a := range accesses {
		if !g.Allowed(ctx, a) {
			return &op.Denied{Message: "not authorized: " + a.Action + " on " + a.Resource.ARN}
		}
	}
	return nil
}

// Reauthorize stands in for the gateway's: the table or database that the input names.
func (g *grants) Reauthorize(ctx context.Context, in any) error {
	v := reflect.ValueOf(in).Elem()
	text := func(name string) string {
		f := v.FieldByName(name)
		for f.IsValid() && f.Kind() == reflect.Pointer {
			f = f.Elem()
		}
		if !f.IsValid() || f.Kind() != reflect.String {
			return ""
		}
		return f.String()
	}
	call := op.CallFrom(ctx)
	id := text("CatalogId")
	catalog, err := terms.Catalog(call, &id)
	if err != nil {
		return err
	}
	database := cmp.Or(text("DatabaseName"), text("Name"))
	resources := append(terms.CatalogResources(call.Region, catalog), terms.DatabaseResource(call.Region, catalog, database))
	name := cmp.Or(text("TableName"), text("Name"))
	if update, ok := in.(*glueapi.UpdateTableInput); ok {
		name = update.TableInput.Name
	}
	if name != "" && text("DatabaseName") != "" {
		resources = append(resources, terms.TableResource(call.Region, catalog, database, name))
	}
	var accesses []op.Access
	for _, r := range resources {
		accesses = append(accesses, op.Access{Action: "glue:" + call.Operation, Resource: r})
	}
	return g.Check(ctx, accesses...)
}

func newCatalog(t testing.TB, d *db.DB, clock *clock.Manual) *catalog {
	t.Helper()
	return newCatalogWith(t, d, clock, terms.Quotas{})
}

func newCatalogWith(t testing.TB, d *db.DB, clock *clock.Manual, quotas terms.Quotas) *catalog {
	t.Helper()
	keys, err := seal.OpenOrCreate(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	c := &catalog{grants: &grants{}, clock: clock, account: "111111111111", bound: map[string]op.Bound{}, queue: queue.New(d), store: d}
	var ids atomic.Int64
	c.service = glue.New(glue.Config{
		Store: d, Queue: c.queue, Sealer: keys, Keys: keys, Authorizer: c.grants, Reauthorize: c.grants.Reauthorize, Quotas: quotas, Log: slog.New(slog.DiscardHandler),
		Alone: !strings.Contains(t.Name(), "postgres"), // as app decides
		NewID: func() int64 { return ids.Add(1) },
	})
	c.service.Start()
	t.Cleanup(func() {
		if err := c.service.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, b := range c.service.Bind().Operations {
		c.bound[b.Name] = b
	}
	return c
}

// ctx is the context of a call as the gateway makes it.
func (c *catalog) ctx(operation string) context.Context {
	return op.WithCall(context.Background(), &op.Call{
		RequestID: "r", Service: "glue", Operation: operation, Region: "us-east-1", Account: c.account, Now: c.clock.Now(),
		Principal: op.Principal{Type: op.User, ARN: "arn:aws:iam::" + c.account + ":user/ada", Account: c.account},
		ViaAWS:    c.structs,
	})
}

// call decodes, checks and runs a request.
func (c *catalog) call(operation, input string) (string, error) {
	b, ok := c.bound[operation]
	if !ok {
		return "", fmt.Errorf("no operation %s", operation)
	}
	in := b.NewInput()
	if err := wire.UnmarshalJSON(&glueapi.Model, b.Input, []byte(input), in); err != nil {
		return "", err
	}
	if problems := wire.Validate(&glueapi.Model, b.Input, in); len(problems) > 0 {
		return "", op.Validation(problems)
	}
	out, err := b.Call(c.ctx(operation), in)
	if err != nil {
		return "", err
	}
	text, err := wire.MarshalJSON(&glueapi.Model, b.Output, out)
	return string(text), err
}

// converse holds a conversation and returns it with the answers that were given.
func (c *catalog) converse(t *testing.T, text string) string {
	t.Helper()
	var out []string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		var said []string
		for l := range strings.Lines(paragraph) {
			l = strings.TrimSuffix(l, "\n")
			if strings.HasPrefix(l, "#") {
				said = append(said, l)
				continue
			}
			said = append(said, l)
			if answer := c.say(t, l); answer != "" {
				said = append(said, answer)
				break // the rest of the paragraph is the answer of before
			}
		}
		out = append(out, strings.Join(said, "\n"))
	}
	return strings.Join(out, "\n\n") + "\n"
}

// say runs one line and returns the answer of a request.
func (c *catalog) say(t *testing.T, line string) string {
	t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "deny":
		c.grants.denied = append(c.grants.denied, rest)
	case "account":
		c.account = rest
	case "struct":
		c.structs = true
	case "work":
		c.work(t)
	case "advance":
		d, err := time.ParseDuration(rest)
		if err != nil {
			t.Fatal(err)
		}
		c.clock.Advance(d)
	default:
		return c.answer(t, word, rest)
	}
	return ""
}

// work performs what is queued and returns when nothing is left.
func (c *catalog) work(t testing.TB) {
	t.Helper()
	runner := c.queue.NewRunner(queue.Config{Kinds: []queue.Kind{partindex.Kind(c.service.Indexes)}, Owner: "test", Poll: time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	for left := 1; left > 0; {
		err := c.store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM work_item`).Scan(&left)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func (c *catalog) answer(t *testing.T, operation, input string) string {
	t.Helper()
	text, err := c.call(operation, strings.ReplaceAll(input, "TOKEN", c.token))
	var known op.Error
	var denied *op.Denied
	switch {
	case errors.As(err, &known):
		return known.ErrorCode() + ": " + known.ErrorMessage()
	case errors.As(err, &denied):
		return "Denied: " + denied.Message
	case err != nil:
		t.Errorf("%s %s: %v", operation, input, err)
		return "error: " + err.Error()
	}
	const member = `"NextToken":"`
	if _, after, found := strings.Cut(text, member); found {
		c.token, _, _ = strings.Cut(after, `"`)
		text = strings.Replace(text, c.token, "TOKEN", 1)
	}
	return text
}
