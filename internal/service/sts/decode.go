package sts

import (
	"context"
	"encoding/json"

	"github.com/bindery-project/bindery/internal/api/stsapi"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
)

// DecodeAuthorizationMessage tells why a request was refused. AWS's services for
// machines put an encoded message into such a refusal; none of those is served
// here, and the refusals of the others are AWS's to the letter. So the message
// that is decoded is the id of the refused request, which every refusal carries:
// it says nothing by itself, as an encoded message does. Only requests to the
// caller's own account are told.
func (s *Sessions) DecodeAuthorizationMessage(ctx context.Context, in *stsapi.DecodeAuthorizationMessageInput) (*stsapi.DecodeAuthorizationMessageOutput, error) {
	records, err := s.Denials.Find(ctx, in.EncodedMessage)
	if err != nil {
		return nil, err
	}
	for _, text := range records {
		var r refusal
		if err := json.Unmarshal(text, &r); err != nil || r.Account != op.CallFrom(ctx).Account || r.Data.Decision == nil {
			continue
		}
		told, err := json.Marshal(r.message())
		if err != nil {
			return nil, err
		}
		return &stsapi.DecodeAuthorizationMessageOutput{DecodedMessage: new(string(told))}, nil
	}
	return nil, &stsapi.InvalidAuthorizationMessageException{Message: "Invalid authorization message"}
}

// refusal is what is read of the record of a refused request.
type refusal struct {
	Account string `json:"recipientAccountId"`
	Caller  struct {
		ID  string `json:"principalId"`
		ARN string `json:"arn"`
	} `json:"userIdentity"`
	Data struct {
		Decision *decision `json:"decision"`
	} `json:"additionalEventData"`
}

// decision is what is read of a policy.Explanation.
type decision struct {
	Action, Resource, Effect string
	Layers                   []struct {
		Policies []struct{ Statements []policy.StatementTrace }
	}
}

// message is a decoded message in AWS's form.
type message struct {
	Allowed           bool       `json:"allowed"`
	ExplicitDeny      bool       `json:"explicitDeny"`
	MatchedStatements items[any] `json:"matchedStatements"`
	Failures          items[any] `json:"failures"`
	Context           struct {
		Principal struct {
			ID  string `json:"id"`
			ARN string `json:"arn"`
		} `json:"principal"`
		Action     string           `json:"action"`
		Resource   string           `json:"resource"`
		Conditions items[condition] `json:"conditions"`
	} `json:"context"`
}

type items[T any] struct {
	Items []T `json:"items"`
}

// condition is a key that a statement asked for, with the values that it had.
type condition struct {
	Key    string       `json:"key"`
	Values items[value] `json:"values"`
}

type value struct {
	Value string `json:"value"`
}

// matched is a statement that applied.
type matched struct {
	StatementID string `json:"statementId"`
	Effect      string `json:"effect"`
	PolicyID    string `json:"sourcePolicyId"`
}

func (r *refusal) message() *message {
	d := r.Data.Decision
	m := &message{ExplicitDeny: d.Effect == policy.ExplicitDeny.String()}
	m.MatchedStatements.Items, m.Failures.Items, m.Context.Conditions.Items = []any{}, []any{}, []condition{}
	m.Context.Principal.ID, m.Context.Principal.ARN = r.Caller.ID, r.Caller.ARN
	m.Context.Action, m.Context.Resource = d.Action, d.Resource
	seen := map[string]bool{}
	for _, layer := range d.Layers {
		for _, p := range layer.Policies {
			for _, s := range p.Statements {
				m.add(s, seen)
			}
		}
	}
	return m
}

// add adds a statement that applied, and the keys that any asked for.
func (m *message) add(s policy.StatementTrace, seen map[string]bool) {
	if s.Matched {
		m.MatchedStatements.Items = append(m.MatchedStatements.Items, matched{s.Sid, s.Effect, s.PolicyID})
	}
	for _, c := range s.Conditions {
		if !c.Present || seen[c.Key] {
			continue
		}
		seen[c.Key] = true
		told := condition{Key: c.Key, Values: items[value]{Items: []value{}}}
		for _, v := range c.Seen {
			told.Values.Items = append(told.Values.Items, value{v})
		}
		m.Context.Conditions.Items = append(m.Context.Conditions.Items, told)
	}
}
