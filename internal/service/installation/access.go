package installation

import (
	"context"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/api/binderyapi"
	"github.com/bindery-project/bindery/internal/op"
)

// Verdict is what is decided for one principal and one action.
type Verdict struct {
	Principal  string // ARN, a service, or "anonymous"
	Action     string
	Effect     string // allowed, conditional, implicitDeny, explicitDeny
	Layer      string // the type of policy that decides
	Policy     string
	Statement  int      // from 1; 0 when no statement decides
	Conditions []string // those that the decision hangs on
}

// Access tells who may do what, by the policies as they are.
type Access interface {
	// Who decides each action on a resource for every principal of the caller's account and
	// for all others that the resource's policy names; principal limits it to one.
	Who(ctx context.Context, actions []string, resource, principal string) ([]Verdict, error)
}

// Deed is what a principal did and was allowed to.
type Deed struct {
	Action, Resource, Passed string
	Count                    int64
	First, Last              time.Time
}

// Traffic keeps what principals did.
type Traffic interface {
	// List answers what a principal of the account did since a time, ordered by action and
	// resource. A role stands for its sessions.
	List(ctx context.Context, account, principal string, since time.Time) ([]Deed, error)
}

// ListAccess answers who may do what on a resource, with the statement and the conditions that
// decide. "conditional" means: under the conditions listed, which this question cannot know.
func (s *Service) ListAccess(ctx context.Context, in *binderyapi.ListAccessInput) (*binderyapi.ListAccessOutput, error) {
	for _, action := range in.Actions {
		if !strings.Contains(action, ":") || strings.ContainsAny(action, "*?") {
			return nil, &binderyapi.InvalidInputException{Message: "An action is written as service:Action, without wildcards: " + action}
		}
	}
	if in.ResourceArn != "*" && (!strings.HasPrefix(in.ResourceArn, "arn:") || strings.Count(in.ResourceArn, ":") < 5) {
		return nil, &binderyapi.InvalidInputException{Message: `The resource is neither an ARN nor "*": ` + in.ResourceArn}
	}
	principal := ""
	if in.PrincipalArn != nil {
		principal = *in.PrincipalArn
	}
	found, err := s.Access.Who(ctx, in.Actions, in.ResourceArn, principal)
	if err != nil {
		return nil, err
	}
	out := &binderyapi.ListAccessOutput{Entries: []binderyapi.AccessEntry{}}
	for i := range found {
		out.Entries = append(out.Entries, entry(&found[i]))
	}
	return out, nil
}

func entry(v *Verdict) binderyapi.AccessEntry {
	e := binderyapi.AccessEntry{PrincipalArn: v.Principal, Action: v.Action, Effect: v.Effect, Conditions: v.Conditions}
	if v.Layer != "" {
		e.Layer = &v.Layer
	}
	if v.Statement > 0 {
		e.PolicyId, e.Statement = &v.Policy, new(int32(v.Statement))
	}
	return e
}

// ListTraffic answers what a principal of the caller's account did.
func (s *Service) ListTraffic(ctx context.Context, in *binderyapi.ListTrafficInput) (*binderyapi.ListTrafficOutput, error) {
	var since time.Time
	if in.Since != nil {
		since = time.UnixMilli(int64(*in.Since))
	}
	found, err := s.Traffic.List(ctx, op.CallFrom(ctx).Account, in.PrincipalArn, since)
	if err != nil {
		return nil, err
	}
	out := &binderyapi.ListTrafficOutput{Records: []binderyapi.TrafficRecord{}}
	for i := range found {
		d := &found[i]
		r := binderyapi.TrafficRecord{
			Action: d.Action, ResourceArn: d.Resource, Count: int32(min(d.Count, 1<<31-1)), First: op.Millis(d.First.UnixMilli()), Last: op.Millis(d.Last.UnixMilli()),
		}
		if d.Passed != "" {
			r.PassedToService = &d.Passed
		}
		out.Records = append(out.Records, r)
	}
	return out, nil
}
