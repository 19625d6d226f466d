package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/bindery-project/bindery/internal/app"
	"github.com/bindery-project/bindery/internal/client"
	"github.com/bindery-project/bindery/internal/clock"
)

// server adds --data to a command and returns what calls that folder's running
// server: with the credentials of the environment when there are any, else
// with the root key in the folder.
func server(cmd *cobra.Command) func() (*client.Client, error) {
	var data string
	cmd.Flags().StringVar(&data, "data", os.Getenv("BINDERY_DATA"), "data `folder` of the server (default $BINDERY_DATA)") //nolint:forbidigo // a flag's default
	return func() (*client.Client, error) { return connect(data) }
}

func connect(data string) (*client.Client, error) {
	c := &client.Client{
		URL: env("AWS_ENDPOINT_URL"), Region: env("AWS_DEFAULT_REGION"), AccessKeyID: env("AWS_ACCESS_KEY_ID"),
		Secret: env("AWS_SECRET_ACCESS_KEY"), Token: env("AWS_SESSION_TOKEN"), Clock: clock.System(),
	}
	if data == "" && c.URL != "" && c.AccessKeyID != "" {
		return c, nil
	}
	running, err := app.ReadRunning(data)
	if err != nil {
		return nil, err
	}
	c.URL, c.Region = running.URL, running.Region
	if c.AccessKeyID != "" {
		return c, nil
	}
	key, err := app.ReadCredentials(data)
	if err != nil {
		return nil, err
	}
	c.AccessKeyID, c.Secret, c.Token = key.AccessKeyID, key.SecretAccessKey, ""
	return c, nil
}

// env reads what AWS clients read.
func env(name string) string { return os.Getenv(name) } //nolint:forbidigo // the AWS clients' own settings
