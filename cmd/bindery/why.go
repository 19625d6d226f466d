package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindery-project/bindery/internal/policy"
)

func iamCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "iam", Short: "Explain access decisions"}
	cmd.AddCommand(whyCommand(), permissionsCommand(), lintCommand(), compareCommand(), whoCanCommand(), matrixCommand(), suggestCommand())
	return cmd
}

func whyCommand() *cobra.Command {
	var raw bool
	cmd := &cobra.Command{
		Use: "why REQUEST_ID", Short: "Tell why a request was refused, layer by layer", Args: cobra.ExactArgs(1),
		Long: "Tells what was decided about a request and why. The request id is in every answer (x-amzn-RequestId): AWS SDKs carry it in their errors, the AWS CLI shows it with --debug.",
	}
	connect := server(cmd)
	cmd.Flags().BoolVar(&raw, "json", false, "print the audit records as they are")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		s, err := connect()
		if err != nil {
			return err
		}
		var out struct{ Records []string }
		if err := s.JSON(c.Context(), "bindery", "Bindery.GetDecision", map[string]string{"RequestId": args[0]}, &out); err != nil {
			return err
		}
		for _, text := range out.Records {
			if raw {
				fmt.Fprintln(c.OutOrStdout(), text)
				continue
			}
			if err := tell(c.OutOrStdout(), text); err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}

// auditRecord is the part of a record that people want to see.
type auditRecord struct {
	EventTime, EventSource, EventName, ErrorCode, ErrorMessage, SourceIPAddress string
	UserIdentity                                                                struct{ ARN, AccessKeyID string }
	Resources                                                                   []struct{ ARN string }
	AdditionalEventData                                                         struct{ Decision *policy.Explanation }
}

func tell(w io.Writer, text string) error {
	var r auditRecord
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s  %s:%s\n", r.EventTime, strings.TrimSuffix(r.EventSource, ".amazonaws.com"), r.EventName)
	fmt.Fprintf(w, "by        %s (key %s) from %s\n", r.UserIdentity.ARN, r.UserIdentity.AccessKeyID, r.SourceIPAddress)
	for _, res := range r.Resources {
		fmt.Fprintf(w, "on        %s\n", res.ARN)
	}
	if r.ErrorCode == "" {
		fmt.Fprintln(w, "result    allowed, and done")
		return nil
	}
	fmt.Fprintf(w, "result    %s: %s\n", r.ErrorCode, r.ErrorMessage)
	if d := r.AdditionalEventData.Decision; d != nil {
		tellDecision(w, d)
	}
	return nil
}

// tellDecision prints the layers in the order in which they are evaluated, the
// statements that denied, and what would have to be added.
func tellDecision(w io.Writer, d *policy.Explanation) {
	fmt.Fprintf(w, "decision  %s for %s on %s\n", d.Effect, d.Action, d.Resource)
	for _, l := range d.Layers {
		effect := l.Effect
		if len(l.Policies) == 0 {
			effect = "none"
		}
		fmt.Fprintf(w, "  %-28s %s\n", l.Layer, effect)
		for _, p := range l.Policies {
			tellPolicy(w, p)
		}
	}
	for _, s := range d.Denies {
		fmt.Fprintf(w, "denied by %s, statement %d %s at line %d, column %d\n", s.PolicyID, s.Statement+1, s.Sid, s.Start.Line, s.Start.Column)
	}
	if len(d.Blocking) > 0 {
		fmt.Fprintf(w, "blocking  %s\n", strings.Join(d.Blocking, ", "))
	}
	for _, m := range d.Missing {
		fmt.Fprintf(w, "missing   in the %s:\n            %s\n", m.Layer, m.Statement)
	}
}

// near tells how far a statement whose action matched came.
func near(s policy.StatementTrace) string {
	switch {
	case s.Matched:
		return "matches"
	case !s.Resource:
		return "does not match, the resource differs"
	case !s.Principal:
		return "does not match, the principal differs"
	}
	return "does not match, a condition does not hold"
}

// tellPolicy prints the statements of a policy that came near: those whose
// action matched.
func tellPolicy(w io.Writer, p policy.DocumentTrace) {
	for _, s := range p.Statements {
		if !s.Action {
			continue
		}
		fmt.Fprintf(w, "    %s, statement %d (%s): %s\n", s.PolicyID, s.Statement+1, s.Effect, near(s))
		for _, c := range s.Conditions {
			fmt.Fprintf(w, "      condition %s %s wanted %v, saw %v: holds=%t\n", c.Operator, c.Key, c.Wanted, c.Seen, c.Holds)
		}
	}
}
