package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindery-project/bindery/internal/app"
)

func permissionsCommand() *cobra.Command {
	var service string
	var raw bool
	cmd := &cobra.Command{
		Use: "permissions", Short: "List what each operation needs: actions, resources, conditions", Args: cobra.NoArgs,
		Long: "Lists, for every operation, the action that policies name, the resources that must be allowed for it, and the condition keys\n" +
			"that it knows beside the global ones. It is the table that the server decides by, and needs no server.",
		Example: "  bindery iam permissions --service glue",
	}
	cmd.Flags().StringVar(&service, "service", "", "only the `service` of this name (glue, s3, kms, …)")
	cmd.Flags().BoolVar(&raw, "json", false, "print JSON")
	cmd.RunE = func(c *cobra.Command, _ []string) error {
		list := app.Permissions(service)
		if len(list) == 0 {
			return fmt.Errorf("no service %q", service)
		}
		if raw {
			return printJSON(c.OutOrStdout(), list)
		}
		tellPermissions(c.OutOrStdout(), list)
		return nil
	}
	return cmd
}

// printJSON prints a value for programs, without HTML's escapes.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// tellPermissions prints a block per operation: what it needs, on what, under which conditions.
func tellPermissions(w io.Writer, list []app.Permission) {
	for i := range list {
		p := &list[i]
		action := p.Action
		if p.Or != "" {
			action += " or " + p.Or
		}
		note := p.Note
		if note != "" {
			note = "  (" + note + ")"
		}
		fmt.Fprintf(w, "%s:%s  %s%s\n", p.Service, p.Operation, action, note)
		for _, resource := range p.Resources {
			fmt.Fprintf(w, "    on    %s\n", resource)
		}
		if len(p.Conditions) > 0 {
			fmt.Fprintf(w, "    keys  %s\n", strings.Join(p.Conditions, ", "))
		}
	}
}
