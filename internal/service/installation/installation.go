// Package installation is bindery's own small API: the accounts of this
// installation, and why a request was decided as it was. AWS has no operation
// for either.
package installation

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/bindery-project/bindery/internal/api/binderyapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
)

type rest struct{ binderyapi.Refused }

// Account is one account of the installation.
type Account struct {
	ID, Name   string
	Management bool
}

// Key is an access key.
type Key struct{ ID, Secret string }

// ErrExists says that an account id is taken.
var ErrExists = errors.New("installation: account exists")

// Accounts keeps the accounts.
type Accounts interface {
	// Create makes an account with a root key; an empty id means a random one.
	// The error is ErrExists.
	Create(ctx context.Context, id, name string) (account string, key Key, err error)
	List(ctx context.Context) ([]Account, error)
	// Management is the id of the first account, which owns the others.
	Management() string
}

// Records finds audit records, one JSON object each, by request id.
type Records interface {
	Find(ctx context.Context, requestID string) ([]json.RawMessage, error)
}

// Filters explains filtered lists of partitions.
type Filters interface {
	Explain(ctx context.Context, in *binderyapi.ExplainPartitionFilterInput) (*binderyapi.ExplainPartitionFilterOutput, error)
}

// Service answers the installation's API.
type Service struct {
	rest
	Accounts   Accounts
	Records    Records
	Filters    Filters
	Access     Access
	Traffic    Traffic
	Authorizer op.Authorizer
}

// Bind lists the operations for the gateway.
func (s *Service) Bind() *op.Service {
	return &op.Service{
		Model: &binderyapi.Model, Operations: binderyapi.Bind(s),
		Resolvers: map[string]op.Resolver{"accounts": s.resolveAccounts, "partitions": resolvePartitions},
	}
}

// resolveAccounts answers the one resource of account operations. It belongs
// to the first account, so that no other account's policies can reach it.
func (s *Service) resolveAccounts(ctx context.Context, _ any) ([]op.Resource, error) {
	owner := s.Accounts.Management()
	return []op.Resource{{ARN: arn.New("bindery", op.CallFrom(ctx).Region, owner, "account/*"), Account: owner}}, nil
}

// CreateAccount makes an account; its root key is answered this once.
func (s *Service) CreateAccount(ctx context.Context, in *binderyapi.CreateAccountInput) (*binderyapi.CreateAccountOutput, error) {
	id := ""
	if in.AccountId != nil {
		id = *in.AccountId
	}
	account, key, err := s.Accounts.Create(ctx, id, in.Name)
	if errors.Is(err, ErrExists) {
		return nil, &binderyapi.AlreadyExistsException{Message: "Account " + id + " already exists."}
	}
	if err != nil {
		return nil, err
	}
	return &binderyapi.CreateAccountOutput{AccountId: account, AccessKeyId: key.ID, SecretAccessKey: key.Secret}, nil
}

// ListAccounts lists the accounts by id.
func (s *Service) ListAccounts(ctx context.Context, _ *binderyapi.ListAccountsInput) (*binderyapi.ListAccountsOutput, error) {
	list, err := s.Accounts.List(ctx)
	if err != nil {
		return nil, err
	}
	out := &binderyapi.ListAccountsOutput{Accounts: []binderyapi.AccountSummary{}}
	for _, a := range list {
		out.Accounts = append(out.Accounts, binderyapi.AccountSummary{AccountId: a.ID, Name: a.Name, Management: a.Management})
	}
	return out, nil
}

// GetDecision answers the audit records of a request: who asked for what, and
// for a refusal every layer of the decision, as far as the caller may see it
// ([view]). Callers see that their own requests were refused; the policies
// behind it, and the requests of others, need bindery:GetDecision. Without it
// nobody learns whether the request existed.
func (s *Service) GetDecision(ctx context.Context, in *binderyapi.GetDecisionInput) (*binderyapi.GetDecisionOutput, error) {
	call := op.CallFrom(ctx)
	found, err := s.Records.Find(ctx, in.RequestId)
	if err != nil {
		return nil, err
	}
	out := &binderyapi.GetDecisionOutput{Records: []string{}}
	for _, record := range found {
		var about subject
		if err := json.Unmarshal(record, &about); err != nil {
			return nil, err
		}
		may := s.mayRead(ctx, about.Identity.AccountID, in.RequestId)
		if !may && !about.is(call) {
			continue
		}
		text, err := view(record, may)
		if err != nil {
			return nil, err
		}
		out.Records = append(out.Records, text)
	}
	if len(out.Records) > 0 {
		return out, nil
	}
	if err := s.Authorizer.Check(ctx, decision(call, call.Account, in.RequestId)); err != nil {
		return nil, err
	}
	return nil, &binderyapi.EntityNotFoundException{Message: "No decision with id " + in.RequestId + " was found."}
}

// subject is what a record tells about its caller.
type subject struct {
	Identity struct {
		ARN       string `json:"arn"`
		AccountID string `json:"accountId"`
	} `json:"userIdentity"`
}

func (s subject) is(call *op.Call) bool {
	return s.Identity.ARN != "" && s.Identity.ARN == call.Principal.ARN && s.Identity.AccountID == call.Account
}

func (s *Service) mayRead(ctx context.Context, account, requestID string) bool {
	return s.Authorizer.Allowed(ctx, decision(op.CallFrom(ctx), account, requestID))
}

func decision(call *op.Call, account, requestID string) op.Access {
	return op.Access{
		Action:   "bindery:GetDecision",
		Resource: op.Resource{ARN: arn.New("bindery", call.Region, account, "decision/"+requestID), Account: account},
	}
}
