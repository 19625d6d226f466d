package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/policy/compare"
)

// What a comparison ends with when it did not prove that nothing is new.
var (
	errNewAccess = errors.New("the new policy gives access that the old one does not")
	errUnknown   = errors.New("whether the new policy gives more access is not known")
)

func compareCommand() *cobra.Command {
	var raw bool
	cmd := &cobra.Command{
		Use: "compare OLD NEW", Short: "Prove that a policy gives no new access, or show a request that is newly allowed", Args: cobra.ExactArgs(2),
		Long: "Compares two policies over all actions, resources and contexts. The answer is a proof, or a request that the new policy allows and\n" +
			"the old one refuses, or \"unknown\" with the kinds of conditions that stand in the way. It needs no server.\n" +
			"The exit status is 0 only when there is no new access.",
		Example: "  bindery iam compare before.json after.json",
	}
	cmd.Flags().BoolVar(&raw, "json", false, "print JSON")
	kind := kindFlag(cmd)
	cmd.RunE = func(c *cobra.Command, args []string) error {
		k, err := kind()
		if err != nil {
			return err
		}
		var both [2]*policy.Policy
		for i, name := range args {
			text, err := readPolicy(c.InOrStdin(), name)
			if err != nil {
				return err
			}
			if both[i], err = policy.Parse(text, k); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		result, err := compare.Compare(both[0], both[1])
		if err != nil {
			return err
		}
		if raw {
			err = printJSON(c.OutOrStdout(), result)
		} else {
			tellComparison(c.OutOrStdout(), &result, both[1])
		}
		return errors.Join(err, outcomeOf[result.Verdict])
	}
	return cmd
}

var outcomeOf = map[compare.Verdict]error{compare.NoNewAccess: nil, compare.NewAccess: errNewAccess, compare.Unknown: errUnknown}

func tellComparison(w io.Writer, r *compare.Result, newer *policy.Policy) {
	switch r.Verdict {
	case compare.NoNewAccess:
		fmt.Fprintln(w, "no new access")
	case compare.Unknown:
		fmt.Fprintf(w, "unknown   because of %s\n", strings.Join(r.Why, "; "))
	case compare.NewAccess:
		q := r.Request
		fmt.Fprintf(w, "new       %s on %s\n", q.Action, q.Resource)
		if q.Principal != "" {
			fmt.Fprintf(w, "by        %s\n", q.Principal)
		}
		for _, key := range slices.Sorted(maps.Keys(q.Context)) {
			fmt.Fprintf(w, "with      %s = %s\n", key, strings.Join(q.Context[key], ", "))
		}
		at := newer.Statement(q.Statement)
		fmt.Fprintf(w, "allowed by statement %d %s at line %d; it was %s\n", q.Statement+1, at.Sid, at.Start.Line, was[q.Was])
	}
}

var was = map[string]string{"implicitDeny": "not allowed before", "explicitDeny": "denied before"}
