package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bindery-project/bindery/internal/app"
)

func envCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use: "env --data DIR", Short: "Print the settings that AWS clients need, for eval", Args: cobra.NoArgs,
		Example: `  eval "$(bindery env --data DIR)" && aws sts get-caller-identity`,
		RunE: func(c *cobra.Command, _ []string) error {
			server, err := app.ReadRunning(data)
			if err != nil {
				return err
			}
			key, err := app.ReadCredentials(data)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "export AWS_ENDPOINT_URL=%s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s AWS_DEFAULT_REGION=%s\n",
				server.URL, key.AccessKeyID, key.SecretAccessKey, server.Region)
			return nil
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "data `folder` of the server")
	_ = cmd.MarkFlagRequired("data")
	return cmd
}
