package simulate

import (
	"context"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/managed"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// question is what both simulations ask.
type question struct {
	actions, resources            []string
	resourcePolicy, owner, caller *string
	context                       []iamapi.ContextEntry
}

func (q *question) answer(_ context.Context, l *policy.Layers, p policy.Principal, maxItems *int32, marker *string) (*iamapi.SimulatePolicyResponse, error) {
	page, err := terms.PageOf(marker, maxItems)
	if err != nil {
		return nil, err
	}
	request, err := q.request(l, p)
	if err != nil {
		return nil, err
	}
	results := policy.Simulate(request, l, q.actions, q.resources)
	out := &iamapi.SimulatePolicyResponse{EvaluationResults: []iamapi.EvaluationResult{}}
	for i := range results {
		out.EvaluationResults = append(out.EvaluationResults, q.result(&results[i], l))
	}
	var next string
	out.EvaluationResults, next = cut(out.EvaluationResults, page)
	out.IsTruncated, out.Marker = terms.Next(next)
	return out, nil
}

// cut pages the results by their place in the list.
func cut(results []iamapi.EvaluationResult, page terms.Page) ([]iamapi.EvaluationResult, string) {
	start := len(page.After)
	if start >= len(results) {
		return []iamapi.EvaluationResult{}, ""
	}
	end := min(start+page.Size, len(results))
	if end == len(results) {
		return results[start:end], ""
	}
	return results[start:end], strings.Repeat("+", end)
}

// request fills the template of the decisions.
func (q *question) request(l *policy.Layers, p policy.Principal) (policy.Request, error) {
	if q.resourcePolicy != nil {
		rp, err := policy.Parse([]byte(*q.resourcePolicy), policy.Resource)
		if err != nil {
			return policy.Request{}, &iamapi.InvalidInputException{Message: "Invalid ResourcePolicy: " + err.Error()}
		}
		l.Resource = []*policy.Policy{rp.WithID("ResourcePolicy")}
	}
	if q.caller != nil {
		p.ARN = *q.caller
		if parts := strings.SplitN(*q.caller, ":", 6); len(parts) == 6 {
			p.Account = parts[4]
		}
	}
	values := policy.Map{}
	for _, e := range q.context {
		if e.ContextKeyName != nil {
			values[policy.KeyName(*e.ContextKeyName)] = e.ContextKeyValues
		}
	}
	request := policy.Request{Principal: p, Context: values}
	if q.owner != nil {
		request.ResourceAccount = *q.owner
		if parts := strings.SplitN(*q.owner, ":", 6); len(parts) == 6 {
			request.ResourceAccount = parts[4]
		}
	}
	return request, nil
}

func (q *question) result(r *policy.SimulationResult, l *policy.Layers) iamapi.EvaluationResult {
	out := iamapi.EvaluationResult{
		EvalActionName: r.Action, EvalResourceName: &r.Resource, EvalDecision: r.Effect.String(),
		MatchedStatements: []iamapi.Statement{}, MissingContextValues: r.MissingKeys,
	}
	for _, m := range r.Matched {
		out.MatchedStatements = append(out.MatchedStatements, statement(m))
	}
	if r.AllowedByBoundary != nil {
		out.PermissionsBoundaryDecisionDetail = &iamapi.PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: r.AllowedByBoundary}
	}
	if r.AllowedByOrganizations != nil {
		out.OrganizationsDecisionDetail = &iamapi.OrganizationsDecisionDetail{AllowedByOrganizations: r.AllowedByOrganizations}
	}
	if l.Resource != nil {
		out.EvalDecisionDetails = map[string]string{}
		for layer, effect := range r.Details {
			out.EvalDecisionDetails[layer.String()] = effect.String()
		}
	}
	return out
}

// sourceTypes are the simulator's words for kinds of policies.
var sourceTypes = map[policy.Kind]string{
	policy.Identity: "IAM Policy", policy.Boundary: "PermissionsBoundary", policy.Resource: "Resource Policy",
	policy.SCP: "Service Control Policy", policy.Session: "IAM Policy", policy.Trust: "Resource Policy", policy.RCP: "Service Control Policy",
}

func statement(m policy.MatchedStatement) iamapi.Statement {
	kind := sourceTypes[m.Kind]
	if strings.HasPrefix(m.PolicyID, managed.Prefix) {
		kind = "aws-managed"
	}
	return iamapi.Statement{
		SourcePolicyId: &m.PolicyID, SourcePolicyType: &kind,
		StartPosition: position(m.Start), EndPosition: position(m.End),
	}
}

func position(p policy.Position) *iamapi.Position {
	return &iamapi.Position{Line: new(int32(p.Line)), Column: new(int32(p.Column))}
}
