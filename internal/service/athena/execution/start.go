package execution

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"

	"github.com/go-json-experiment/json"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/engine/sql"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/athena/objects"
	"github.com/bindery-project/bindery/internal/service/athena/query"
	"github.com/bindery-project/bindery/internal/service/athena/terms"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// StartQueryExecution checks a query, stores it and returns its id; it runs later.
func (x *Executions) StartQueryExecution(ctx context.Context, in *athenaapi.StartQueryExecutionInput) (*athenaapi.StartQueryExecutionOutput, error) {
	n, err := x.prepare(ctx, in)
	if err != nil {
		return nil, err
	}
	out, err := x.store(ctx, n)
	if errors.Is(err, db.ErrExists) {
		out, err = x.store(ctx, n) // another node has stored a query with this token at the same moment
	}
	return out, err
}

// store keeps a query and orders its work. A token that was used before answers the query
// that it started.
func (x *Executions) store(ctx context.Context, n *insertion) (*athenaapi.StartQueryExecutionOutput, error) {
	out := &athenaapi.StartQueryExecutionOutput{}
	return out, x.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		out.QueryExecutionId = &n.ID
		if n.token != nil {
			id, request, err := byToken(ctx, tx, n.Account, *n.token)
			if err != nil {
				return err
			}
			if id != "" {
				out.QueryExecutionId = &id
				return checkRepeated(n, request)
			}
		}
		return x.enqueue(ctx, tx, n)
	})
}

// checkRepeated refuses a token that came with other parameters before.
func checkRepeated(n *insertion, request []byte) error {
	if bytes.Equal(request, n.request) {
		return nil
	}
	return terms.Invalid("Idempotent parameters do not match")
}

// maxWaiting is how many queries of an account may wait.
const maxWaiting = 500

func (x *Executions) enqueue(ctx context.Context, tx *db.Tx, n *insertion) error {
	waiting, err := x.Queue.Waiting(ctx, tx, Kind, n.Account)
	if err != nil {
		return err
	}
	if waiting >= maxWaiting {
		return &athenaapi.TooManyRequestsException{
			Message: "You have exceeded the limit for the number of queries you can run concurrently. Please reduce the number of concurrent queries submitted by this account.",
			Reason:  new("CONCURRENT_QUERY_LIMIT_EXCEEDED"),
		}
	}
	if err := purge(ctx, tx); err != nil {
		return err
	}
	n.Doc.Status.SubmissionDateTime = new(op.Millis(clock.Millis(tx.Now())))
	if err := x.insert(ctx, tx, n); err != nil {
		return err
	}
	return x.Queue.Enqueue(ctx, tx, queue.Item{ID: itemID(n.Account, n.ID), Kind: Kind, Account: n.Account, Payload: []byte(n.ID)})
}

// prepare checks all that can be checked before the query runs.
func (x *Executions) prepare(ctx context.Context, in *athenaapi.StartQueryExecutionInput) (*insertion, error) {
	call := op.CallFrom(ctx)
	name := terms.Primary
	if in.WorkGroup != nil {
		name = *in.WorkGroup
	}
	group, err := x.Groups.Find(ctx, name)
	if err != nil {
		return nil, err
	}
	if group.State != nil && *group.State == "DISABLED" {
		return nil, terms.Invalid("WorkGroup %s is disabled.", name)
	}
	kind, err := checkStatement(in)
	if err != nil {
		return nil, err
	}
	if err := checkContext(in); err != nil {
		return nil, err
	}
	results, err := effective(in.ResultConfiguration, group.Configuration)
	if err != nil {
		return nil, err
	}
	n := &insertion{caller: callerOf(call), token: in.ClientRequestToken, record: record{Account: call.Account, ID: x.NewID()}}
	location, err := x.checkLocation(ctx, results, n.ID)
	if err != nil {
		return nil, err
	}
	results.OutputLocation = &location
	if n.request, err = fingerprint(in); err != nil {
		return nil, err
	}
	n.Doc = document(in, name, n.ID, kind, results)
	return n, nil
}

func document(in *athenaapi.StartQueryExecutionInput, group, id string, kind sql.Kind, results *athenaapi.ResultConfiguration) athenaapi.QueryExecution {
	return athenaapi.QueryExecution{
		QueryExecutionId: &id, Query: &in.QueryString, WorkGroup: &group,
		StatementType: new(string(kind.Type)), SubstatementType: new(kind.Substatement),
		ResultConfiguration: results, ResultReuseConfiguration: reuse(in.ResultReuseConfiguration),
		QueryExecutionContext: queryContext(in.QueryExecutionContext), ExecutionParameters: in.ExecutionParameters,
		Status:     &athenaapi.QueryExecutionStatus{State: new(queued)},
		Statistics: &athenaapi.QueryExecutionStatistics{ResultReuseInformation: &athenaapi.ResultReuseInformation{}},
		EngineVersion: &athenaapi.EngineVersion{
			SelectedEngineVersion: new("AUTO"), EffectiveEngineVersion: new(terms.Engine),
		},
	}
}

// queryContext is the context as stored: names in lower case, as the service answers them.
func queryContext(c *athenaapi.QueryExecutionContext) *athenaapi.QueryExecutionContext {
	out := &athenaapi.QueryExecutionContext{}
	if c != nil {
		*out = *c
	}
	return out
}

func reuse(c *athenaapi.ResultReuseConfiguration) *athenaapi.ResultReuseConfiguration {
	if c == nil || c.ResultReuseByAgeConfiguration == nil {
		return &athenaapi.ResultReuseConfiguration{ResultReuseByAgeConfiguration: &athenaapi.ResultReuseByAgeConfiguration{}}
	}
	return c
}

// checkStatement reads the statement: what does not parse, or is not built, never starts.
func checkStatement(in *athenaapi.StartQueryExecutionInput) (sql.Kind, error) {
	_, kind, err := query.Statement(in.QueryString)
	var fault *sql.Error
	switch {
	case errors.As(err, &fault) && fault.Code == sql.SyntaxError:
		return kind, terms.Malformed(fault.Error())
	case errors.As(err, &fault):
		return kind, &athenaapi.InvalidRequestException{Message: fault.Reason(), AthenaErrorCode: new(string(fault.Code))}
	case err != nil:
		return kind, err
	}
	if _, err := query.Parameters(in.ExecutionParameters); err != nil {
		return kind, terms.Malformed(err.Error())
	}
	return kind, nil
}

// checkContext refuses settings that nothing would heed.
func checkContext(in *athenaapi.StartQueryExecutionInput) error {
	if c := in.QueryExecutionContext; c != nil && c.Catalog != nil && !terms.IsCatalog(*c.Catalog) {
		return terms.Unsupported("the data catalog " + *c.Catalog)
	}
	if in.EngineConfiguration != nil {
		return terms.Unsupported("EngineConfiguration of StartQueryExecution")
	}
	return nil
}

// effective decides whose result settings count. The client's are silently left out when
// the workgroup enforces its own, as the service does.
func effective(client *athenaapi.ResultConfiguration, group *athenaapi.WorkGroupConfiguration) (*athenaapi.ResultConfiguration, error) {
	out := &athenaapi.ResultConfiguration{}
	if group == nil {
		group = &athenaapi.WorkGroupConfiguration{}
	}
	if client != nil && (group.EnforceWorkGroupConfiguration == nil || !*group.EnforceWorkGroupConfiguration) {
		*out = *client
	}
	if own := group.ResultConfiguration; own != nil {
		out.OutputLocation = cmp.Or(out.OutputLocation, own.OutputLocation)
		out.EncryptionConfiguration = cmp.Or(out.EncryptionConfiguration, own.EncryptionConfiguration)
		out.ExpectedBucketOwner = cmp.Or(out.ExpectedBucketOwner, own.ExpectedBucketOwner)
		out.AclConfiguration = cmp.Or(out.AclConfiguration, own.AclConfiguration)
	}
	if out.EncryptionConfiguration != nil {
		return nil, terms.Unsupported("EncryptionConfiguration of query results")
	}
	if out.OutputLocation == nil || *out.OutputLocation == "" {
		return nil, terms.Invalid("No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.")
	}
	return out, nil
}

// checkLocation checks that the caller may use the bucket of the result and gives the URL
// of the result file.
func (x *Executions) checkLocation(ctx context.Context, results *athenaapi.ResultConfiguration, id string) (string, error) {
	at, err := objects.Parse(*results.OutputLocation)
	if err != nil {
		return "", terms.Invalid("outputLocation is not a valid S3 path.")
	}
	owner, err := x.Objects.Locate(ctx, at.Bucket)
	var denied *op.Denied
	switch {
	case errors.Is(err, objects.ErrNoBucket) || errors.As(err, &denied):
		return "", terms.Invalid("Unable to verify/create output bucket %s", at.Bucket)
	case err != nil:
		return "", err
	}
	if want := results.ExpectedBucketOwner; want != nil && *want != owner {
		return "", terms.Invalid("The owner of the bucket %s is not the expected bucket owner %s", at.Bucket, *want)
	}
	at = at.Folder()
	at.Key += id + ".csv"
	return at.String(), nil
}

// fingerprint is a hash of what a ClientRequestToken must come with again.
func fingerprint(in *athenaapi.StartQueryExecutionInput) ([]byte, error) {
	if in.ClientRequestToken == nil {
		return nil, nil
	}
	bare := *in
	bare.ClientRequestToken = nil
	text, err := json.Marshal(bare, json.Deterministic(true))
	sum := sha256.Sum256(text)
	return sum[:], err
}
