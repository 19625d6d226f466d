package managed_test

import (
	"testing"

	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/service/iam/managed"
)

func TestPublishedPoliciesAreThere(t *testing.T) {
	for arn, path := range map[string]string{
		"service-role/AWSGlueServiceRole":    "/service-role/",
		"AWSGlueConsoleFullAccess":           "/",
		"AmazonAthenaFullAccess":             "/",
		"AdministratorAccess":                "/",
		"AmazonS3FullAccess":                 "/",
		"AmazonS3ReadOnlyAccess":             "/",
		"CloudWatchFullAccess":               "/",
		"AmazonEC2ContainerRegistryReadOnly": "/",
		"IAMUserChangePassword":              "/",
		"job-function/ViewOnlyAccess":        "/job-function/",
	} {
		p, ok := managed.Lookup(managed.Prefix + arn)
		if !ok {
			t.Errorf("%s is missing", arn)
			continue
		}
		if p.Path() != path {
			t.Errorf("%s has path %q, want %q", arn, p.Path(), path)
		}
	}
	if _, ok := managed.Lookup(managed.Prefix + "NoSuchPolicy"); ok {
		t.Error("a policy that does not exist was found")
	}
}

func TestEveryPolicyParses(t *testing.T) {
	all, err := managed.List()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 1500 {
		t.Errorf("only %d managed policies", len(all))
	}
	// Two texts are broken as published: one is longer than any policy may be,
	// one has a variable without its end. They attach and deny.
	broken := map[string]bool{
		managed.Prefix + "aws-service-role/AWSSupportServiceRolePolicy":               true,
		managed.Prefix + "aws-service-role/AmazonTimestreamInfluxDBServiceRolePolicy": true,
	}
	for _, p := range all {
		_, err := policy.Parse(p.Document, policy.Identity)
		if (err != nil) != broken[p.ARN] {
			t.Errorf("%s: %v", p.ARN, err)
		}
	}
}
