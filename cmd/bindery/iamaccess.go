package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/bindery-project/bindery/internal/app"
	"github.com/bindery-project/bindery/internal/client"
)

// accessEntry is one answer of ListAccess.
type accessEntry struct {
	PrincipalArn, Action, Effect string
	Layer, PolicyId              string   `json:",omitempty"`
	Statement                    int      `json:",omitempty"`
	Conditions                   []string `json:",omitempty"`
}

// listAccess asks the server who may do what on a resource.
func listAccess(ctx context.Context, s *client.Client, actions []string, resource, principal string) ([]accessEntry, error) {
	body := map[string]any{"Actions": actions, "ResourceArn": resource}
	if principal != "" {
		body["PrincipalArn"] = principal
	}
	var out struct{ Entries []accessEntry }
	err := s.JSON(ctx, "bindery", "Bindery.ListAccess", body, &out)
	return out.Entries, err
}

func whoCanCommand() *cobra.Command {
	var raw, all bool
	cmd := &cobra.Command{
		Use: "who-can ACTION ARN", Short: "Tell who may do something on a resource, and why", Args: cobra.ExactArgs(2),
		Long: "Asks the policy engine for every user and role of the account, for its root user, and for all others that the resource's policy\n" +
			"names. \"conditional\" means: when the conditions that are printed hold. It needs the right to bindery:ListAccess.",
		Example: "  bindery iam who-can s3:GetObject arn:aws:s3:::lake/sales/2026.csv",
	}
	connect := server(cmd)
	cmd.Flags().BoolVar(&raw, "json", false, "print JSON")
	cmd.Flags().BoolVar(&all, "all", false, "print those who may not, too")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		s, err := connect()
		if err != nil {
			return err
		}
		entries, err := listAccess(c.Context(), s, args[:1], args[1], "")
		if err != nil {
			return err
		}
		if raw {
			return printJSON(c.OutOrStdout(), entries)
		}
		for i := range entries {
			if e := &entries[i]; all || e.may() {
				e.tell(c.OutOrStdout())
			}
		}
		return nil
	}
	return cmd
}

func (e *accessEntry) may() bool { return e.Effect == "allowed" || e.Effect == "conditional" }

func (e *accessEntry) tell(w io.Writer) {
	because := e.Layer
	if e.Statement > 0 {
		because = fmt.Sprintf("%s %s, statement %d", e.Layer, e.PolicyId, e.Statement)
	}
	fmt.Fprintf(w, "%-12s %s\n", e.Effect, e.PrincipalArn)
	if because != "" {
		fmt.Fprintf(w, "             by the %s\n", because)
	}
	for _, condition := range e.Conditions {
		fmt.Fprintf(w, "             %s\n", condition)
	}
}

func matrixCommand() *cobra.Command {
	var raw bool
	var service, resource, actions string
	cmd := &cobra.Command{
		Use: "matrix", Short: "Print which principal may use which operation on a resource", Args: cobra.NoArgs,
		Long: "Prints a row for each action and a column for each principal: yes, if (under conditions), no (denied) or - (not allowed).\n" +
			"It needs the right to bindery:ListAccess.",
		Example: "  bindery iam matrix --service glue --resource 'arn:aws:glue:us-east-1:111122223333:table/sales/orders'",
	}
	connect := server(cmd)
	cmd.Flags().StringVar(&service, "service", "glue", "`service` whose operations are listed")
	cmd.Flags().StringVar(&actions, "actions", "", "these `actions`, with commas between, instead of a service's")
	cmd.Flags().StringVar(&resource, "resource", "*", "`ARN` of the resource")
	cmd.Flags().BoolVar(&raw, "json", false, "print JSON")
	cmd.RunE = func(c *cobra.Command, _ []string) error {
		list := strings.Split(actions, ",")
		if actions == "" {
			list = actionsOf(service)
		}
		if len(list) == 0 {
			return fmt.Errorf("no service %q", service)
		}
		s, err := connect()
		if err != nil {
			return err
		}
		entries, err := listAccess(c.Context(), s, list, resource, "")
		if err != nil {
			return err
		}
		if raw {
			return printJSON(c.OutOrStdout(), entries)
		}
		return tellMatrix(c.OutOrStdout(), list, entries)
	}
	return cmd
}

// actionsOf are the actions of a service's operations, each once, in order.
func actionsOf(service string) []string {
	var out []string
	seen := map[string]bool{}
	for _, p := range app.Permissions(service) {
		if !seen[p.Action] {
			seen[p.Action] = true
			out = append(out, p.Action)
		}
	}
	return out
}

var shortEffect = map[string]string{"allowed": "yes", "conditional": "if", "explicitDeny": "no", "implicitDeny": "-"}

// tellMatrix numbers the principals, whose names are long.
func tellMatrix(out io.Writer, actions []string, entries []accessEntry) error {
	var principals []string
	cells := map[string]string{}
	for _, e := range entries {
		if _, seen := cells[e.PrincipalArn]; !seen {
			cells[e.PrincipalArn] = ""
			principals = append(principals, e.PrincipalArn)
			fmt.Fprintf(out, "%3d  %s\n", len(principals), e.PrincipalArn)
		}
		cells[e.PrincipalArn+"\x00"+e.Action] = shortEffect[e.Effect]
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprint(w, "ACTION")
	for i := range principals {
		fmt.Fprintf(w, "\t%d", i+1)
	}
	fmt.Fprintln(w)
	for _, action := range actions {
		fmt.Fprint(w, action)
		for _, p := range principals {
			fmt.Fprint(w, "\t"+cells[p+"\x00"+action])
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
