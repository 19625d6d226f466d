package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindery-project/bindery/internal/app"
)

// startTime is how long env waits for a server that is just starting.
const startTime = 10 * time.Second

func envCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use: "env --data DIR", Short: "Print the settings that AWS clients need, for eval", Args: cobra.NoArgs,
		Long:    "Prints the settings that AWS clients need, for eval. A server that is just starting is waited for.",
		Example: `  eval "$(bindery env --data DIR)" && aws sts get-caller-identity`,
		RunE: func(c *cobra.Command, _ []string) error {
			server, err := await(c.Context(), data)
			if err != nil {
				fmt.Fprintln(c.OutOrStdout(), "false") // so that eval fails, and what follows && is not sent elsewhere
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

// await reads where the folder's server is, once it answers. A server that
// has run on the folder but does not answer is told as it was left.
func await(ctx context.Context, data string) (app.Running, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		server, err := app.ReadRunning(data)
		if err == nil && ready(ctx, server.URL) {
			return server, nil
		}
		select {
		case <-ctx.Done():
			return server, err
		case <-tick.C:
		}
	}
}

// ready asks the server; one with a certificate, which may not be trusted here,
// is taken at its word.
func ready(ctx context.Context, url string) bool {
	if strings.HasPrefix(url, "https:") {
		return true
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}
