// Package s3 is the object store's door: it turns HTTP requests in S3's REST
// protocol into decisions and then into work on package blob.
//
// Start with [Service.Plan]: it finds the request's row in the route table
// (routes.go), and says which actions on which resources must be allowed, with
// which condition keys (access.go). The gateway decides; only then the row's
// function serves. A request that no row describes is refused by name and never
// taken for something else.
//
// Buckets, their owners, policies and settings are rows of the store
// (bucket.go, record.go). Objects are files (package blob). The other services
// read and write objects through the functions of call.go, with the rights of
// the caller they work for.
package s3

import (
	"context"
	"net/http"

	"github.com/bindery-project/bindery/internal/blob"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
)

// Principals tells whether a principal that a bucket policy names exists.
type Principals interface {
	// HasPrincipal is given an ARN, an account id or a unique id.
	HasPrincipal(ctx context.Context, name string) (bool, error)
}

// Config is what a service is made of. All fields are required.
type Config struct {
	Region     string
	Store      *db.DB
	Objects    *blob.Store
	Authorizer op.Authorizer
	Principals Principals
	Clock      clock.Clock
}

// Service serves S3.
type Service struct {
	Config
	records *records
}

// New returns a service. It remembers bucket settings and forgets them when any
// node changes one.
func New(c Config) *Service {
	return &Service{Config: c, records: newRecords(c.Store)}
}

// SigningName implements op.Streamer.
func (s *Service) SigningName() string { return "s3" }

// Plan implements op.Streamer: which operation a request is and what must be
// allowed for it. It looks at the bucket's settings, and never tells what exists.
func (s *Service) Plan(ctx context.Context, r *http.Request) (*op.StreamPlan, error) {
	q, err := parseRequest(r)
	if err != nil {
		return nil, err
	}
	if err := q.route(); err != nil {
		return nil, err
	}
	if q.row.Name == "CreateBucket" {
		if err := q.readLocation(); err != nil {
			return nil, err
		}
	}
	plan := &op.StreamPlan{
		Operation: q.row.Name, ReadOnly: q.readOnly(), PerItem: q.row.PerItem,
		Serve: func(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
			q.r = r
			return s.serve(ctx, w, q)
		},
	}
	plan.Accesses, err = s.accesses(ctx, q)
	return plan, err
}

// serve does what is common to all rows once the request was allowed.
func (s *Service) serve(ctx context.Context, w http.ResponseWriter, q *request) error {
	w.Header().Del("X-Amzn-Requestid")
	w.Header().Set("X-Amz-Request-Id", op.CallFrom(ctx).RequestID)
	if q.row.serve == nil {
		return notImplemented(q.row.Name)
	}
	if err := q.checkHeaders(); err != nil {
		return err
	}
	if q.row.needsBucket() && !q.row.PerItem { // per item, nothing was decided yet: the first one decided tells
		if err := q.checkBucket(); err != nil {
			return err
		}
	}
	return s.translate(q, q.row.serve(s, ctx, w, q))
}
