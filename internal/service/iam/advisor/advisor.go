// Package advisor tells which rights are there and which were used: the policies
// that grant access to a service, and when a service was last called.
package advisor

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/iam/terms"
)

// Advisor answers the operations of the access advisor.
type Advisor struct{ *directory.Directory }

// serviceNames are AWS's names of the services that are served here.
var serviceNames = map[string]string{ //nolint:gosec // names of services, no credentials
	"athena": "Amazon Athena", "cloudformation": "AWS CloudFormation", "cloudwatch": "Amazon CloudWatch", "glue": "AWS Glue",
	"iam": "AWS Identity and Access Management", "kms": "AWS Key Management Service", "lakeformation": "AWS Lake Formation",
	"logs": "Amazon CloudWatch Logs", "s3": "Amazon S3", "secretsmanager": "AWS Secrets Manager", "sts": "AWS Security Token Service",
}

func namespaces() []string {
	out := make([]string, 0, len(serviceNames))
	for n := range serviceNames {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// ListPoliciesGrantingServiceAccess lists, for each service that is asked about,
// the policies of a user with its groups, a group or a role that allow something of it.
func (a *Advisor) ListPoliciesGrantingServiceAccess(ctx context.Context, in *iamapi.ListPoliciesGrantingServiceAccessInput) (*iamapi.ListPoliciesGrantingServiceAccessOutput, error) {
	page, err := terms.PageOf(in.Marker, nil)
	if err != nil {
		return nil, err
	}
	out := &iamapi.ListPoliciesGrantingServiceAccessOutput{}
	return out, a.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out.PoliciesGrantingServiceAccess = []iamapi.ListPoliciesGrantingServiceAccessEntry{}
		s, err := find(ctx, tx, in.Arn)
		if err != nil {
			return err
		}
		asked := slices.Clone(in.ServiceNamespaces)
		slices.Sort(asked)
		asked, next := terms.Cut(slices.Compact(asked), page, func(n string) string { return n })
		for _, service := range asked {
			entry := iamapi.ListPoliciesGrantingServiceAccessEntry{ServiceNamespace: &service, Policies: []iamapi.PolicyGrantingServiceAccess{}}
			for _, src := range s.sources {
				if len(grants(src.text, []string{service})) > 0 {
					entry.Policies = append(entry.Policies, src.grant)
				}
			}
			out.PoliciesGrantingServiceAccess = append(out.PoliciesGrantingServiceAccess, entry)
		}
		out.IsTruncated, out.Marker = terms.Next(next)
		return nil
	})
}

// report is what a generation found, kept until it is fetched.
type report struct {
	Arn      string
	Created  op.Millis
	Services []iamapi.ServiceLastAccessed
	Entities map[string][]iamapi.EntityDetails // by service
}

const reportPaper = "last-accessed"

// GenerateServiceLastAccessedDetails finds out which services a user, group,
// role or policy allows, and when they were last called by whom it allows them.
func (a *Advisor) GenerateServiceLastAccessedDetails(ctx context.Context, in *iamapi.GenerateServiceLastAccessedDetailsInput) (*iamapi.GenerateServiceLastAccessedDetailsOutput, error) {
	if in.Granularity != nil && *in.Granularity != "SERVICE_LEVEL" {
		return nil, op.Unsupported("iam", "GenerateServiceLastAccessedDetails with Granularity "+*in.Granularity)
	}
	id := a.NewUUID()
	err := a.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		s, err := find(ctx, tx, in.Arn)
		if err != nil {
			return err
		}
		r := &report{Arn: in.Arn, Created: op.Millis(clock.Millis(tx.Now())), Services: []iamapi.ServiceLastAccessed{}, Entities: map[string][]iamapi.EntityDetails{}}
		if err := a.fill(ctx, tx, s, r); err != nil {
			return err
		}
		return directory.WritePaper(ctx, tx, directory.Paper{Account: op.CallFrom(ctx).Account, Kind: reportPaper, Name: id}, r)
	})
	return &iamapi.GenerateServiceLastAccessedDetailsOutput{JobId: &id}, err
}

func (a *Advisor) fill(ctx context.Context, tx *db.Tx, s *subject, r *report) error {
	granted := map[string]bool{}
	for _, src := range s.sources {
		for _, service := range grants(src.text, namespaces()) {
			granted[service] = true
		}
	}
	uses := make([][]directory.Use, len(s.callers))
	for i, c := range s.callers {
		var err error
		if uses[i], err = a.UsesOf(ctx, tx, c.Id); err != nil {
			return err
		}
	}
	for _, service := range namespaces() {
		if granted[service] {
			r.add(service, s.callers, uses)
		}
	}
	return nil
}

// add sums up who called a service.
func (r *report) add(service string, callers []iamapi.EntityInfo, uses [][]directory.Use) {
	sum := iamapi.ServiceLastAccessed{ServiceName: serviceNames[service], ServiceNamespace: service, TotalAuthenticatedEntities: new(int32)}
	for i := range callers {
		detail := iamapi.EntityDetails{EntityInfo: &callers[i]}
		for _, use := range uses[i] {
			if use.Service != service {
				continue
			}
			detail.LastAuthenticated = &use.At
			*sum.TotalAuthenticatedEntities++
			if sum.LastAuthenticated == nil || use.At > *sum.LastAuthenticated {
				sum.LastAuthenticated, sum.LastAuthenticatedEntity, sum.LastAuthenticatedRegion = &use.At, &callers[i].Arn, &use.Region
			}
		}
		r.Entities[service] = append(r.Entities[service], detail)
	}
	r.Services = append(r.Services, sum)
}

func (a *Advisor) read(ctx context.Context, id string) (*report, error) {
	r := new(report)
	err := a.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return directory.ReadPaper(ctx, tx, directory.Paper{Account: op.CallFrom(ctx).Account, Kind: reportPaper, Name: id}, r)
	})
	if errors.Is(err, directory.ErrNoEntity) {
		return nil, terms.NoSuchText("The job with id %s cannot be found.", id)
	}
	return r, err
}

// GetServiceLastAccessedDetails answers a report, by service.
func (a *Advisor) GetServiceLastAccessedDetails(ctx context.Context, in *iamapi.GetServiceLastAccessedDetailsInput) (*iamapi.GetServiceLastAccessedDetailsOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	r, err := a.read(ctx, in.JobId)
	if err != nil {
		return nil, err
	}
	out := &iamapi.GetServiceLastAccessedDetailsOutput{
		JobStatus: "COMPLETED", JobType: new("SERVICE_LEVEL"), JobCreationDate: r.Created, JobCompletionDate: r.Created,
	}
	list, next := terms.Cut(r.Services, page, func(s iamapi.ServiceLastAccessed) string { return s.ServiceNamespace })
	out.ServicesLastAccessed = append([]iamapi.ServiceLastAccessed{}, list...)
	out.IsTruncated, out.Marker = terms.Next(next)
	return out, nil
}

// GetServiceLastAccessedDetailsWithEntities answers who of a report called one service.
func (a *Advisor) GetServiceLastAccessedDetailsWithEntities(ctx context.Context, in *iamapi.GetServiceLastAccessedDetailsWithEntitiesInput) (*iamapi.GetServiceLastAccessedDetailsWithEntitiesOutput, error) {
	page, err := terms.PageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	r, err := a.read(ctx, in.JobId)
	if err != nil {
		return nil, err
	}
	all := r.Entities[in.ServiceNamespace]
	slices.SortFunc(all, func(x, y iamapi.EntityDetails) int { return strings.Compare(x.EntityInfo.Arn, y.EntityInfo.Arn) })
	list, next := terms.Cut(all, page, func(d iamapi.EntityDetails) string { return d.EntityInfo.Arn })
	out := &iamapi.GetServiceLastAccessedDetailsWithEntitiesOutput{
		JobStatus: "COMPLETED", JobCreationDate: r.Created, JobCompletionDate: r.Created, EntityDetailsList: append([]iamapi.EntityDetails{}, list...),
	}
	out.IsTruncated, out.Marker = terms.Next(next)
	return out, nil
}
