package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	gluetypes "github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// narrow makes the role and shows what it may do and what it may not, and why.
func (d *demo) narrow(ctx context.Context) error {
	root := glue.NewFromConfig(d.server.root)
	_, err := root.CreateDatabase(ctx, &glue.CreateDatabaseInput{DatabaseInput: &gluetypes.DatabaseInput{Name: aws.String("payroll")}})
	if err != nil {
		return err
	}
	cfg, err := d.assume(ctx)
	if err != nil {
		return err
	}
	say("It may read its own database:")
	if err := answer(ctx, athena.NewFromConfig(cfg), "SELECT count(*) AS flights FROM flights WHERE month = '03'"); err != nil {
		return err
	}
	for _, refused := range []struct {
		what string
		call func() error
	}{
		{"another database", func() error {
			_, err := glue.NewFromConfig(cfg).GetDatabase(ctx, &glue.GetDatabaseInput{Name: aws.String("payroll")})
			return err
		}},
		{"another bucket", func() error {
			_, err := s3.NewFromConfig(cfg).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(otherBucket), Key: aws.String("salaries.csv")})
			return err
		}},
		{"making itself more powerful", func() error {
			_, err := iam.NewFromConfig(cfg).AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{
				RoleName: aws.String("dbt"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"),
			})
			return err
		}},
	} {
		if err := d.mustRefuse(ctx, refused.what, refused.call()); err != nil {
			return err
		}
	}
	return nil
}

// assume makes the role from the documented list and takes a session of it.
func (d *demo) assume(ctx context.Context) (aws.Config, error) {
	me, err := sts.NewFromConfig(d.server.root).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return aws.Config{}, err
	}
	text, err := os.ReadFile(filepath.Join(d.examples, "dbt-athena", "policy.json"))
	if err != nil {
		return aws.Config{}, err
	}
	document := strings.NewReplacer("REGION", d.server.region, "ACCOUNT", aws.ToString(me.Account), "WORKGROUP", "primary",
		"DATABASE", database, "DATA_BUCKET", lakeBucket, "RESULT_BUCKET", resultBucket).Replace(string(text))
	key, err := d.user(ctx, aws.ToString(me.Account), document)
	if err != nil {
		return aws.Config{}, err
	}
	return d.session(ctx, key, aws.ToString(me.Account))
}

// user makes a user who may assume the role, and the role: root itself may not
// assume roles.
func (d *demo) user(ctx context.Context, account, document string) (aws.Config, error) {
	client := iam.NewFromConfig(d.server.root)
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:user/dana"},"Action":"sts:AssumeRole"}]}`, account)
	if _, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("dana")}); err != nil {
		return aws.Config{}, err
	}
	if _, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("dbt"), AssumeRolePolicyDocument: &trust}); err != nil {
		return aws.Config{}, err
	}
	_, err := client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("dbt"), PolicyName: aws.String("dbt-athena"), PolicyDocument: &document})
	if err != nil {
		return aws.Config{}, err
	}
	out, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("dana")})
	if err != nil {
		return aws.Config{}, err
	}
	say("user dana may assume role dbt; the role's policy is examples/dbt-athena/policy.json, bound to database %s", database)
	return d.server.config(aws.ToString(out.AccessKey.AccessKeyId), aws.ToString(out.AccessKey.SecretAccessKey), ""), nil
}

func (d *demo) session(ctx context.Context, dana aws.Config, account string) (aws.Config, error) {
	out, err := sts.NewFromConfig(dana).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/dbt"), RoleSessionName: aws.String("demo"),
	})
	if err != nil {
		return aws.Config{}, err
	}
	c := out.Credentials
	return d.server.config(aws.ToString(c.AccessKeyId), aws.ToString(c.SecretAccessKey), aws.ToString(c.SessionToken)), nil
}

// mustRefuse shows a refusal and why; an access that was allowed fails the demo.
func (d *demo) mustRefuse(ctx context.Context, what string, err error) error {
	var refused smithy.APIError
	if !errors.As(err, &refused) || !strings.HasPrefix(refused.ErrorCode(), "AccessDenied") {
		return fmt.Errorf("%s should have been denied, and the answer was: %w", what, err)
	}
	say("")
	say("It may not: %s", what)
	say("  %s: %s", refused.ErrorCode(), refused.ErrorMessage())
	var response *awshttp.ResponseError
	if !errors.As(err, &response) {
		return nil
	}
	say("  why, as root sees it: bindery iam why %s", response.ServiceRequestID())
	why, err := exec.CommandContext(ctx, d.server.binary, "iam", "why", "--data", d.server.folder, response.ServiceRequestID()).CombinedOutput()
	for _, line := range strings.Split(strings.TrimSpace(string(why)), "\n") {
		if strings.Contains(line, "blocking") || strings.Contains(line, "missing") || strings.Contains(line, "{") {
			say("  | %s", line)
		}
	}
	return err
}
