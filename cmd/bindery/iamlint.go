package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/policy/lint"
)

// kindNames are the kinds of policies as flags name them.
var kindNames = map[string]policy.Kind{
	"identity": policy.Identity, "resource": policy.Resource, "trust": policy.Trust, "boundary": policy.Boundary,
	"session": policy.Session, "scp": policy.SCP, "rcp": policy.RCP,
}

// kindFlag adds --kind to a command, and answers how to read it.
func kindFlag(cmd *cobra.Command) func() (policy.Kind, error) {
	name := cmd.Flags().String("kind", "identity", "`kind` of policy: identity, resource, trust, boundary, session, scp or rcp")
	return func() (policy.Kind, error) {
		k, ok := kindNames[*name]
		if !ok {
			return k, fmt.Errorf("--kind %q: not a kind of policy", *name)
		}
		return k, nil
	}
}

// errFindings makes the program fail without another message.
var errFindings = errors.New("the policy has errors")

func lintCommand() *cobra.Command {
	var raw bool
	cmd := &cobra.Command{
		Use: "lint FILE", Short: "Find what is wrong or dangerous in a policy", Args: cobra.ExactArgs(1),
		Long: "Finds mistakes in a policy: syntax, actions and condition keys that do not exist, actions on resources that they do not act on,\n" +
			"rights that are wider than they look, statements without effect. FILE may be - for the standard input. It needs no server.\n" +
			"The exit status is 1 when a finding is an ERROR.",
		Example: "  bindery iam lint policy.json",
	}
	cmd.Flags().BoolVar(&raw, "json", false, "print JSON")
	kind := kindFlag(cmd)
	cmd.RunE = func(c *cobra.Command, args []string) error {
		k, err := kind()
		if err != nil {
			return err
		}
		text, err := readPolicy(c.InOrStdin(), args[0])
		if err != nil {
			return err
		}
		found := lint.Check(text, k)
		if err := tellFindings(c.OutOrStdout(), args[0], found, raw); err != nil {
			return err
		}
		if lint.Worst(found, lint.Error) {
			return errFindings
		}
		return nil
	}
	return cmd
}

func readPolicy(in io.Reader, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(name)
}

func tellFindings(w io.Writer, name string, found []lint.Finding, raw bool) error {
	if raw {
		if found == nil {
			found = []lint.Finding{}
		}
		return printJSON(w, found)
	}
	for _, f := range found {
		fmt.Fprintf(w, "%s:%d:%d: %s %s: %s\n", name, f.Start.Line, f.Start.Column+1, f.Level, f.Code, f.Message)
	}
	if len(found) == 0 {
		fmt.Fprintf(w, "%s: nothing found\n", name)
	}
	return nil
}
