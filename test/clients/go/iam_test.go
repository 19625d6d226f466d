package clients_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestUserLife(t *testing.T) {
	ctx := t.Context()
	c := iam.NewFromConfig(start(t).admin())
	made := must[*iam.CreateUserOutput](t)(c.CreateUser(ctx, &iam.CreateUserInput{
		UserName: aws.String("dana"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}},
	}))
	if age := time.Since(*made.User.CreateDate); age < -time.Second || age > time.Minute {
		t.Errorf("created %v ago", age)
	}
	if err := iam.NewUserExistsWaiter(c).Wait(ctx, &iam.GetUserInput{UserName: aws.String("dana")}, 5*time.Second); err != nil {
		t.Error(err)
	}
	_, err := c.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("dana")})
	var exists *types.EntityAlreadyExistsException
	if !errors.As(err, &exists) {
		t.Errorf("want the SDK's own type of error, got %v", err)
	}
	must[*iam.DeleteUserOutput](t)(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("dana")}))
	_, err = c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("dana")})
	var none *types.NoSuchEntityException
	if !errors.As(err, &none) {
		t.Errorf("want NoSuchEntityException, got %v", err)
	}
}

func TestUsersInPages(t *testing.T) {
	ctx := t.Context()
	c := iam.NewFromConfig(start(t).admin())
	for n := range 7 {
		name := "page-" + string(rune('a'+n))
		must[*iam.CreateUserOutput](t)(c.CreateUser(ctx, &iam.CreateUserInput{UserName: &name, Path: aws.String("/p/")}))
	}
	pages, users := 0, 0
	for p := iam.NewListUsersPaginator(c, &iam.ListUsersInput{MaxItems: aws.Int32(3), PathPrefix: aws.String("/p/")}); p.HasMorePages(); pages++ {
		users += len(must[*iam.ListUsersOutput](t)(p.NextPage(ctx)).Users)
	}
	if pages != 3 || users != 7 {
		t.Errorf("%d users on %d pages, want 7 on 3", users, pages)
	}
}

func TestRoleSessionHasItsRightsAndNoMore(t *testing.T) {
	ctx := t.Context()
	s := start(t)
	admin := s.admin()
	c := iam.NewFromConfig(admin)
	role := must[*iam.CreateRoleOutput](t)(c.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("reader"), AssumeRolePolicyDocument: aws.String(trusting(s.Account)),
	}))
	must[*iam.PutRolePolicyOutput](t)(c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: aws.String("reader"), PolicyName: aws.String("p"), PolicyDocument: aws.String(allow("*", "iam:ListUsers")),
	}))
	got := must[*sts.AssumeRoleOutput](t)(sts.NewFromConfig(admin).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: role.Role.Arn, RoleSessionName: aws.String("night"),
	})).Credentials
	reader := s.as(*got.AccessKeyId, *got.SecretAccessKey, *got.SessionToken)
	must[*iam.ListUsersOutput](t)(iam.NewFromConfig(reader).ListUsers(ctx, &iam.ListUsersInput{}))
	_, err := iam.NewFromConfig(reader).ListGroups(ctx, &iam.ListGroupsInput{})
	refused(t, err, "AccessDenied", "assumed-role/reader/night is not authorized to perform: iam:ListGroups on resource: arn:aws:iam::"+s.Account+":group/ because no identity-based policy allows the iam:ListGroups action")
	who := must[*sts.GetCallerIdentityOutput](t)(sts.NewFromConfig(reader).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	if want := "arn:aws:sts::" + s.Account + ":assumed-role/reader/night"; *who.Arn != want {
		t.Errorf("caller is %s, want %s", *who.Arn, want)
	}
}

func TestWrongSecret(t *testing.T) {
	s := start(t)
	_, err := sts.NewFromConfig(s.as("AKIAIOSFODNN7EXAMPLE", "x", "")).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	refused(t, err, "InvalidClientTokenId", "The security token included in the request is invalid.")
}
