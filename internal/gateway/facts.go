package gateway

import (
	"context"

	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
)

// factsOf finds who knows about the resources of a service, by the name that its ARNs carry.
func factsOf(services []*op.Service) map[string]op.Facts {
	out := map[string]op.Facts{}
	for _, s := range services {
		if s.Facts != nil {
			out[s.Model.ID] = s.Facts
		}
	}
	return out
}

// addFacts adds what the resource's service knows of it and no resolver said: its policy at
// once, its tags should a condition ask for them.
func (g *Gateway) addFacts(ctx context.Context, q *question) error {
	resource := &q.access.Resource
	parts, _ := arn.Split(resource.ARN)
	facts := g.facts[parts[2]]
	if facts == nil {
		return nil
	}
	if resource.Tags == nil {
		q.tags.read = func() (map[string]string, error) { return facts.Tags(ctx, resource.ARN) }
	}
	if len(q.layers.Resource) > 0 {
		return nil
	}
	found, err := facts.Policy(ctx, resource.ARN)
	q.govern(found)
	return err
}

// govern lets a resource's policies take part in the decision.
func (q *question) govern(by any) {
	switch p := by.(type) {
	case op.Explicit:
		q.layers.ResourceRule = policy.Explicit
		q.govern(p.Policy)
	case []*policy.Policy:
		q.layers.Resource = p
	case *policy.Policy:
		if p != nil {
			q.layers.Resource = []*policy.Policy{p}
		}
	}
}

// resourceTags are tags that are read when they are asked for, once.
type resourceTags struct {
	read  func() (map[string]string, error) // nil: read, or nobody knows more than the access says
	found map[string]string
}

// tagsOfResource are the resource's tags. When they cannot be read the question has failed.
func (q *question) tagsOfResource() map[string]string {
	if q.access.Resource.Tags != nil {
		return q.access.Resource.Tags
	}
	if read := q.tags.read; read != nil {
		q.tags.read = nil
		q.tags.found, q.failed = read()
	}
	return q.tags.found
}
