package s3_test

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/blob"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/db/dbtest"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/s3"
)

// Accounts and the bucket of the tests.
const (
	owner  = "111111111111"
	other  = "222222222222"
	bucket = "the-bucket"
)

// judge is the policy engine with identity policies from a table, as the
// gateway puts questions to it.
type judge struct{ identity map[string]*policy.Policy }

type values map[string][]string

func (v values) Lookup(key string) ([]string, bool) { x, ok := v[key]; return x, ok }

func (j *judge) decide(ctx context.Context, a *op.Access) policy.Decision {
	p := op.CallFrom(ctx).Principal
	types := map[op.PrincipalType]policy.PrincipalType{op.Root: policy.Root, op.User: policy.User, op.Anonymous: policy.Anonymous}
	l := policy.Layers{}
	if own := j.identity[p.ARN]; own != nil {
		l.Identity = []*policy.Policy{own}
	}
	if r, ok := a.Resource.Policy.(*policy.Policy); ok && r != nil {
		l.Resource = []*policy.Policy{r}
	}
	return policy.Evaluate(&policy.Request{
		Action: a.Action, Resource: a.Resource.ARN, ResourceAccount: a.Resource.Account, Context: values(a.Context),
		Principal: policy.Principal{Type: types[p.Type], ARN: p.ARN, UserID: p.UserID, Account: p.Account},
	}, &l)
}

func (j *judge) Check(ctx context.Context, accesses ...op.Access) error {
	if len(accesses) == 0 {
		return &op.Denied{Message: "nothing to check"}
	}
	for i := range accesses {
		if d := j.decide(ctx, &accesses[i]); d.Effect != policy.Allow {
			return &op.Denied{Message: policy.DenyMessage(op.CallFrom(ctx).Principal.ARN, accesses[i].Action, accesses[i].Resource.ARN, d)}
		}
	}
	return nil
}

func (j *judge) Allowed(ctx context.Context, a op.Access) bool { return j.Check(ctx, a) == nil }

// everyone is a world in which every principal exists.
type everyone struct{}

func (everyone) HasPrincipal(context.Context, string) (bool, error) { return true, nil }

// door is the service behind the steps of the gateway that matter here.
type door struct {
	t testing.TB
	*s3.Service
	judge *judge
}

func newDoor(t testing.TB) *door {
	t.Helper()
	dir := t.TempDir()
	objects, err := blob.Open(blob.Config{Objects: filepath.Join(dir, "s3"), Meta: filepath.Join(dir, "meta"), Clock: clock.System()})
	if err != nil {
		t.Fatal(err)
	}
	j := &judge{identity: map[string]*policy.Policy{}}
	store := dbtest.Open(t, dbtest.SQLite(t, db.Config{Clock: clock.System()}))
	return &door{t, s3.New(s3.Config{
		Region: "us-east-1", Store: store, Objects: objects, Authorizer: j, Principals: everyone{}, Clock: clock.System(),
	}), j}
}

// who are callers.
func root(account string) op.Principal {
	return op.Principal{Type: op.Root, ARN: "arn:aws:iam::" + account + ":root", Account: account, UserID: account}
}

func user(account, name string) op.Principal {
	return op.Principal{Type: op.User, ARN: "arn:aws:iam::" + account + ":user/" + name, Account: account, UserID: "AIDA" + name, UserName: name}
}

var anonymous = op.Principal{Type: op.Anonymous}

// grant gives a principal the statements as its identity policy.
func (d *door) grant(p op.Principal, statements ...string) {
	d.t.Helper()
	text := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	parsed, err := policy.Parse([]byte(text), policy.Identity)
	if err != nil {
		d.t.Fatalf("%s: %v", text, err)
	}
	d.judge.identity[p.ARN] = parsed
}

func allow(action, resource string) string {
	return `{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}`
}

func deny(action, resource string) string {
	return `{"Effect":"Deny","Action":"` + action + `","Resource":"` + resource + `"}`
}

// ask is a request on its way.
type ask struct {
	method, target, body string
	header               map[string]string
}

// answer is what came back.
type answer struct {
	*http.Response
	code string // of the error, "" when it is none
	text string
}

// do sends a request as a caller.
func (d *door) do(p op.Principal, a ask) answer {
	d.t.Helper()
	r := httptest.NewRequest(a.method, "http://host"+a.target, strings.NewReader(a.body))
	if p.Type != op.Anonymous {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 …")
	}
	for k, v := range a.header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	call := &op.Call{RequestID: "req", Account: p.Account, Principal: p, Now: time.Now(), Region: "us-east-1"}
	ctx := op.WithCall(r.Context(), call)
	if err := d.pass(ctx, w, r); err != nil {
		d.WriteError(w, r, d.fault(err), "req")
	}
	return read(w.Result())
}

func (d *door) pass(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	plan, err := d.Plan(ctx, r)
	if err != nil {
		return err
	}
	if !plan.PerItem || len(plan.Accesses) > 0 {
		if err := d.judge.Check(ctx, plan.Accesses...); err != nil {
			return err
		}
	}
	return plan.Serve(ctx, w, r)
}

func (d *door) fault(err error) op.Error {
	var denied *op.Denied
	if errors.As(err, &denied) {
		return &op.Fault{Code: "AccessDenied", Message: denied.Message, Status: http.StatusForbidden}
	}
	var e op.Error
	if !errors.As(err, &e) {
		d.t.Errorf("an error that nobody named: %v", err)
		return &op.Fault{Code: "InternalError", Status: http.StatusInternalServerError}
	}
	return e
}

func read(res *http.Response) answer {
	body, _ := io.ReadAll(res.Body)
	out := answer{Response: res, text: string(body)}
	var e struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
	}
	if xml.Unmarshal(body, &e) == nil {
		out.code = e.Code
	} else if res.StatusCode >= 400 {
		out.code = http.StatusText(res.StatusCode)
	}
	return out
}

// must is do for requests that prepare a test.
func (d *door) must(p op.Principal, a ask) answer {
	d.t.Helper()
	out := d.do(p, a)
	if out.StatusCode >= 300 {
		d.t.Fatalf("%s %s: %d %s", a.method, a.target, out.StatusCode, out.text)
	}
	return out
}

// withBucket is a door with a bucket of the owner's and an object "k" in it.
func withBucket(t testing.TB) *door {
	t.Helper()
	d := newDoor(t)
	boss := root(owner)
	d.must(boss, ask{method: "PUT", target: "/" + bucket})
	d.must(boss, ask{method: "PUT", target: "/" + bucket + "/k", body: "bytes"})
	return d
}

func contentMD5(body string) map[string]string {
	sum := md5.Sum([]byte(body))
	return map[string]string{"Content-Md5": base64.StdEncoding.EncodeToString(sum[:])}
}

var putOptions = s3.PutOptions{ContentType: "text/csv"}

func denied(err error) bool {
	var d *op.Denied
	return errors.As(err, &d)
}
