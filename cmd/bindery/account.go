package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func accountCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "account", Short: "The accounts of this installation"}
	cmd.AddCommand(accountCreate(), accountList())
	return cmd
}

func accountCreate() *cobra.Command {
	var id, name string
	cmd := &cobra.Command{
		Use: "create", Short: "Make an account and print its root access key, this once", Args: cobra.NoArgs,
		Example: `  bindery account create --data DIR --name analytics`,
	}
	connect := server(cmd)
	cmd.Flags().StringVar(&id, "id", "", "account id, 12 `digits` (default random)")
	cmd.Flags().StringVar(&name, "name", "", "a `name` for people")
	_ = cmd.MarkFlagRequired("name")
	cmd.RunE = func(c *cobra.Command, _ []string) error {
		s, err := connect()
		if err != nil {
			return err
		}
		in := map[string]any{"Name": name}
		if id != "" {
			in["AccountId"] = id
		}
		var out struct{ AccountId, AccessKeyId, SecretAccessKey string }
		if err := s.JSON(c.Context(), "bindery", "Bindery.CreateAccount", in, &out); err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "# account %s (%s): this is its root access key; it is shown only now\n", out.AccountId, name)
		fmt.Fprintf(c.OutOrStdout(), "export AWS_ENDPOINT_URL=%s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s AWS_DEFAULT_REGION=%s\n",
			s.URL, out.AccessKeyId, out.SecretAccessKey, s.Region)
		return nil
	}
	return cmd
}

func accountList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the accounts", Args: cobra.NoArgs}
	connect := server(cmd)
	cmd.RunE = func(c *cobra.Command, _ []string) error {
		s, err := connect()
		if err != nil {
			return err
		}
		var out struct {
			Accounts []struct {
				AccountId, Name string
				Management      bool
			}
		}
		if err := s.JSON(c.Context(), "bindery", "Bindery.ListAccounts", map[string]any{}, &out); err != nil {
			return err
		}
		for _, a := range out.Accounts {
			note := ""
			if a.Management {
				note = "  (the first: it may make others)"
			}
			fmt.Fprintf(c.OutOrStdout(), "%s  %s%s\n", a.AccountId, a.Name, note)
		}
		return nil
	}
	return cmd
}
