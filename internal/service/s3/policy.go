package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
)

func errNoPolicy(bucket string) *Error {
	return failure(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist", [2]string{"BucketName", bucket})
}

// ownerOnlyPolicy keeps a bucket's policy from other accounts: Amazon answers
// 405 even when the policy allows it to them.
func ownerOnlyPolicy(ctx context.Context, q *request) error {
	if op.CallFrom(ctx).Account != q.record.Account {
		return errMethodNotAllowed()
	}
	return nil
}

func (s *Service) getPolicy(ctx context.Context, w http.ResponseWriter, q *request) error {
	if err := ownerOnlyPolicy(ctx, q); err != nil {
		return err
	}
	if q.record.Policy == "" {
		return errNoPolicy(q.bucket)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(q.record.Policy)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(q.record.Policy)) // JSON to its owner, declared as such; a client that went away cannot be told
	return nil
}

func (s *Service) putPolicy(ctx context.Context, w http.ResponseWriter, q *request) error {
	if err := ownerOnlyPolicy(ctx, q); err != nil {
		return err
	}
	text, err := q.readBody(policy.LimitBucket)
	if err != nil {
		return err
	}
	p, err := s.checkPolicy(ctx, q.bucket, text)
	if err != nil {
		return err
	}
	if b := q.record.Block; b != nil && b.BlockPublicPolicy && p.NamesEveryone() {
		return &op.Denied{Message: "User: " + op.CallFrom(ctx).Principal.ARN + " is not authorized to perform: s3:PutBucketPolicy on resource: \"" + arnPrefix + q.bucket +
			"\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."}
	}
	if err := s.records.change(ctx, q.bucket, func(t *settings) error { t.Policy = string(text); return nil }); err != nil {
		return err
	}
	return noContent(w)
}

func malformedPolicy(message string) *Error { return invalid("MalformedPolicy", message) }

// checkPolicy is everything that a bucket policy must be.
func (s *Service) checkPolicy(ctx context.Context, bucket string, text []byte) (*policy.Policy, error) {
	p, err := policy.Parse(text, policy.Resource)
	if bad, ok := policy.AsSyntaxError(err); ok {
		return nil, malformedPolicy(bad.Reason)
	}
	if err != nil {
		return nil, err
	}
	if err := checkStatements(bucket, text); err != nil {
		return nil, err
	}
	for _, name := range p.Principals() {
		known, err := s.Principals.HasPrincipal(ctx, name)
		if err != nil {
			return nil, err
		}
		if !known {
			return nil, malformedPolicy("Invalid principal in policy")
		}
	}
	return p, nil
}

// statement is what S3 checks beside the grammar.
type statement struct {
	Action, NotAction     texts
	Resource, NotResource texts
}

// texts is a string or a list of strings in a policy.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		return json.Unmarshal(raw, (*[]string)(t))
	}
	*t = make(texts, 1)
	return json.Unmarshal(raw, &(*t)[0])
}

type statements []statement

// UnmarshalJSON implements json.Unmarshaler.
func (t *statements) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		return json.Unmarshal(raw, (*[]statement)(t))
	}
	*t = make(statements, 1)
	return json.Unmarshal(raw, &(*t)[0])
}

// checkStatements holds resources against the bucket, and actions against S3.
func checkStatements(bucket string, text []byte) error {
	var doc struct{ Statement statements }
	if err := json.Unmarshal(text, &doc); err != nil {
		return malformedPolicy("Policies must be valid JSON and the first byte must be '{'")
	}
	for _, st := range doc.Statement {
		resources := append(append(texts(nil), st.Resource...), st.NotResource...)
		if len(resources) == 0 {
			return malformedPolicy("Missing required field Resource")
		}
		for _, r := range resources {
			if !inBucket(bucket, r) {
				return malformedPolicy("Policy has invalid resource")
			}
		}
		for _, a := range append(append(texts(nil), st.Action...), st.NotAction...) {
			if a != "*" && !strings.HasPrefix(strings.ToLower(a), "s3:") {
				return malformedPolicy("Policy has invalid action")
			}
		}
	}
	return nil
}

// inBucket tells whether a resource of a policy is the bucket or lies in it.
func inBucket(bucket, resource string) bool {
	name, ok := strings.CutPrefix(resource, arnPrefix)
	if !ok {
		return false
	}
	name, _, _ = strings.Cut(name, "/")
	return name == bucket
}

func (s *Service) deletePolicy(ctx context.Context, w http.ResponseWriter, q *request) error {
	if err := ownerOnlyPolicy(ctx, q); err != nil {
		return err
	}
	if err := s.records.change(ctx, q.bucket, func(t *settings) error { t.Policy = ""; return nil }); err != nil {
		return err
	}
	return noContent(w)
}

type policyStatus struct {
	XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ PolicyStatus"`
	IsPublic bool
}

func (s *Service) getPolicyStatus(_ context.Context, w http.ResponseWriter, q *request) error {
	if q.record.policy == nil {
		return errNoPolicy(q.bucket)
	}
	return writeXML(w, &policyStatus{IsPublic: q.record.policy.NamesEveryone()})
}
