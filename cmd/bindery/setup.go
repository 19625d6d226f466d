package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bindery-project/bindery/internal/client"
)

func setupCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "setup", Short: "Prepare a new installation"}
	cmd.AddCommand(setupAdmin())
	return cmd
}

const (
	iamVersion  = "2010-05-08"
	adminGroup  = "Administrators"
	adminPolicy = "arn:aws:iam::aws:policy/AdministratorAccess"
)

func setupAdmin() *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use: "admin", Short: "Make the first administrator, so that nobody needs the root key", Args: cobra.NoArgs,
		Long: "Makes the group Administrators with the policy AdministratorAccess and a user in it, and prints the user's access key, this once.",
	}
	connect := server(cmd)
	cmd.Flags().StringVar(&user, "user", "admin", "`name` of the user")
	cmd.RunE = func(c *cobra.Command, _ []string) error {
		s, err := connect()
		if err != nil {
			return err
		}
		key, err := makeAdmin(c.Context(), s, user)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "# user %s in group %s: this is the access key; it is shown only now\n", user, adminGroup)
		fmt.Fprintf(c.OutOrStdout(), "export AWS_ENDPOINT_URL=%s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s AWS_DEFAULT_REGION=%s\n",
			s.URL, key.AccessKeyId, key.SecretAccessKey, s.Region)
		return nil
	}
	return cmd
}

// userKey is a new access key in IAM's names.
type userKey struct {
	AccessKeyId     string
	SecretAccessKey string
}

// makeAdmin takes the steps in an order that can be repeated after a failure:
// what is there already is kept.
func makeAdmin(ctx context.Context, s *client.Client, user string) (userKey, error) {
	for _, step := range []struct {
		action string
		params map[string]string
	}{
		{"CreateGroup", map[string]string{"GroupName": adminGroup}},
		{"AttachGroupPolicy", map[string]string{"GroupName": adminGroup, "PolicyArn": adminPolicy}},
		{"CreateUser", map[string]string{"UserName": user}},
		{"AddUserToGroup", map[string]string{"GroupName": adminGroup, "UserName": user}},
	} {
		err := s.Query(ctx, "iam", iamVersion, step.action, step.params, nil)
		var refused *client.Error
		if errors.As(err, &refused) && refused.Code == "EntityAlreadyExists" {
			continue
		}
		if err != nil {
			return userKey{}, err
		}
	}
	var out struct {
		Key userKey `xml:"CreateAccessKeyResult>AccessKey"`
	}
	err := s.Query(ctx, "iam", iamVersion, "CreateAccessKey", map[string]string{"UserName": user}, &out)
	return out.Key, err
}
