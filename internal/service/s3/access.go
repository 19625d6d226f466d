package s3

import (
	"context"
	"crypto/tls"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/blob"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
)

const arnPrefix = "arn:aws:s3:::"

// accesses turns the needs of the request's row into questions for the policy
// engine. A bucket that does not exist is taken for one of the caller's own
// account without a policy: who may not use it does not learn that it is missing.
func (s *Service) accesses(ctx context.Context, q *request) ([]op.Access, error) {
	var err error
	if q.bucket != "" {
		if q.record, err = s.records.find(ctx, q.bucket); err != nil {
			return nil, err
		}
	}
	if q.source != nil && q.row.Copy {
		if q.source.record, err = s.records.find(ctx, q.source.bucket); err != nil {
			return nil, err
		}
	}
	call := op.CallFrom(ctx)
	own, src := s.contexts(call, q)
	var out []op.Access
	for _, n := range q.row.Needs {
		if n.When == nil || n.When(q) {
			out = append(out, q.access(call, n, own, src))
		}
	}
	return out, nil
}

// access is one need of this request.
func (q *request) access(call *op.Call, n need, own, src map[string][]string) op.Access {
	a := op.Access{Action: n.Action, Context: own}
	version := q.version()
	switch n.On {
	case onBucket:
		a.Resource = resource(call, n.Action, q.record, q.bucket, "")
	case onObject:
		a.Resource = resource(call, n.Action, q.record, q.bucket, q.key)
	case onSource:
		a.Context, version = src, q.source.version
		a.Resource = resource(call, n.Action, q.source.record, q.source.bucket, q.source.key)
	case onService, onAll:
		a.Resource = op.Resource{ARN: "*", Account: call.Account}
	}
	if version != "" && n.Version != "" {
		a.Action = n.Version
	}
	return a
}

// resource is a bucket or an object with its owner and the policy that applies.
func resource(call *op.Call, action string, b *record, bucket, key string) op.Resource {
	r := op.Resource{ARN: arnPrefix + bucket, Account: call.Account}
	if key != "" {
		r.ARN += "/" + key
	}
	if b == nil || action == "s3:CreateBucket" { // a new bucket is the caller's: that the name is taken is said later
		return r
	}
	r.Account = b.Account
	if key == "" {
		r.Tags = b.Tags
	}
	if p := b.policyFor(call, action); p != nil {
		r.Policy = p
	}
	return r
}

// policyFor is the bucket policy as far as it applies to the caller. Block
// Public Access keeps a policy that names everyone from callers outside the
// owner's account. The owner's root user can always mend a policy that locks
// everybody out.
func (b *record) policyFor(call *op.Call, action string) *policy.Policy {
	if b.policy == nil {
		return nil
	}
	if b.Block != nil && b.Block.RestrictPublicBuckets && b.policy.NamesEveryone() && call.Account != b.Account {
		return nil
	}
	if call.Principal.Type == op.Root && call.Account == b.Account {
		switch action {
		case "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy":
			return nil
		}
	}
	return b.policy
}

// contexts are the condition keys of the request: for its own bucket and
// object, and for the source of a copy.
func (s *Service) contexts(call *op.Call, q *request) (own, src map[string][]string) {
	own = map[string][]string{}
	q.signatureKeys(call, own)
	if q.source != nil {
		src = maps.Clone(own)
		set(src, "s3:versionid", q.source.version)
		s.existingTags(src, q.source.record, q.source.key, q.source.version)
	}
	q.headerKeys(own)
	q.creationKey(own)
	set(own, "s3:locationconstraint", q.location.LocationConstraint)
	set(own, "s3:versionid", q.version())
	if q.record != nil {
		set(own, "s3:resourceaccount", q.record.Account)
	}
	if q.row.Keys&listKeys != 0 {
		for _, name := range []string{"prefix", "delimiter", "max-keys"} {
			if q.query.Has(name) {
				own["s3:"+name] = []string{q.query.Get(name)}
			}
		}
	}
	if q.row.Keys&requestTags != 0 {
		tagKeys(own, "s3:requestobjecttag/", "s3:requestobjecttagkeys", q.tags)
	}
	if q.row.Keys&existingTags != 0 {
		q.found = s.existingTags(own, q.record, q.key, q.version())
	}
	return own, src
}

// existingTags adds the tags of an object. One that is not there has none.
func (s *Service) existingTags(ctx map[string][]string, b *record, key, version string) map[string]string {
	if b == nil {
		return nil
	}
	o, err := s.Objects.Stat(b.Name, key, version)
	if err != nil {
		return nil
	}
	tagKeys(ctx, "s3:existingobjecttag/", "", o.Tags)
	return o.Tags
}

// recheck asks again when the object that was opened has other tags than the
// one that the decision was about: it was replaced in between.
func (s *Service) recheck(ctx context.Context, q *request, o *blob.Info) error {
	if maps.Equal(o.Tags, q.found) {
		return nil
	}
	accesses, err := s.accesses(ctx, q)
	if err != nil {
		return err
	}
	for _, a := range accesses {
		maps.DeleteFunc(a.Context, func(k string, _ []string) bool { return strings.HasPrefix(k, "s3:existingobjecttag/") })
		tagKeys(a.Context, "s3:existingobjecttag/", "", o.Tags)
	}
	return s.Authorizer.Check(ctx, accesses...)
}

func set(ctx map[string][]string, key, value string) {
	if value != "" {
		ctx[key] = []string{value}
	}
}

// tagKeys adds one key per tag, and the list of their names under all unless
// that is "". Tags whose names differ in letter case only are one key with
// several values, which no Allow takes for a single one.
func tagKeys(ctx map[string][]string, prefix, all string, tags map[string]string) {
	for k, v := range tags {
		key := prefix + strings.ToLower(k)
		ctx[key] = append(ctx[key], v)
		if all != "" {
			ctx[all] = append(ctx[all], k)
		}
	}
}

// signatureKeys adds how the request was signed.
func (q *request) signatureKeys(call *op.Call, ctx map[string][]string) {
	if q.r.TLS != nil {
		set(ctx, "s3:tlsversion", tlsVersions[q.r.TLS.Version])
	}
	if call.Principal.Type == op.Anonymous {
		return
	}
	if call.OldSignature {
		set(ctx, "s3:authtype", "REST-QUERY-STRING")
		set(ctx, "s3:signatureversion", "AWS")
		return
	}
	date := q.header("X-Amz-Date")
	set(ctx, "s3:authtype", "REST-HEADER")
	if d := q.query.Get("X-Amz-Date"); d != "" {
		date = d
		set(ctx, "s3:authtype", "REST-QUERY-STRING")
	}
	set(ctx, "s3:signatureversion", "AWS4-HMAC-SHA256")
	if t, err := time.Parse("20060102T150405Z", date); err == nil {
		set(ctx, "s3:signatureage", strconv.FormatInt(call.Now.Sub(t).Milliseconds(), 10))
	}
	set(ctx, "s3:x-amz-content-sha256", q.header("X-Amz-Content-Sha256"))
}

var tlsVersions = map[uint16]string{tls.VersionTLS12: "1.2", tls.VersionTLS13: "1.3"}

// creationKey says whether a request for s3:PutObject makes an object, or only
// prepares one.
func (q *request) creationKey(ctx map[string][]string) {
	switch q.row.Name {
	case "PutObject", "CopyObject", "CompleteMultipartUpload":
		set(ctx, "s3:objectcreationoperation", "true")
	case "CreateMultipartUpload", "UploadPart", "UploadPartCopy":
		set(ctx, "s3:objectcreationoperation", "false")
	}
}

// headerKeys adds the headers that are condition keys.
func (q *request) headerKeys(ctx map[string][]string) {
	for _, name := range []string{
		"x-amz-acl", "x-amz-copy-source", "x-amz-metadata-directive", "x-amz-server-side-encryption",
		"x-amz-server-side-encryption-aws-kms-key-id", "x-amz-storage-class", "x-amz-website-redirect-location",
		"x-amz-grant-full-control", "x-amz-grant-read", "x-amz-grant-write", "x-amz-grant-read-acp", "x-amz-grant-write-acp",
		"x-amz-object-ownership",
	} {
		set(ctx, "s3:"+name, q.header(name))
	}
	set(ctx, "s3:if-match", q.header("If-Match"))
	set(ctx, "s3:if-none-match", q.header("If-None-Match"))
}
