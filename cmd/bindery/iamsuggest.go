package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindery-project/bindery/internal/client"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/policy/suggest"
)

// suggested is everything that the command found out.
type suggested struct {
	Deeds       int
	Policy      any
	Applied     []suggest.Applied
	NewlyDenied []suggest.Deed
	NoLonger    []accessEntry // what the principal may do now on these resources and would not any more
}

func suggestCommand() *cobra.Command {
	var raw bool
	var since time.Duration
	var rules []string
	cmd := &cobra.Command{
		Use: "suggest PRINCIPAL", Short: "Write the smallest policy for what a user or role did", Args: cobra.ExactArgs(1),
		Long: "Writes a policy that allows exactly what the user or role (its ARN) did: the actions on the very resources, passed roles and keys\n" +
			"included. Resources become patterns only by the rules of --rule: objects (5 or more objects of a folder become the folder) and\n" +
			"tables (5 or more tables of a database become all of it). What was done is then replayed against the suggestion.\n" +
			"It needs the rights to bindery:ListTraffic and bindery:ListAccess.",
		Example: "  bindery iam suggest arn:aws:iam::111122223333:role/nightly --since 720h --rule objects",
	}
	connect := server(cmd)
	cmd.Flags().BoolVar(&raw, "json", false, "print JSON")
	cmd.Flags().DurationVar(&since, "since", 0, "only what was done in this `time` up to now (default: everything recorded)")
	cmd.Flags().StringSliceVar(&rules, "rule", nil, "`rule` by which resources may become patterns: objects, tables")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		s, err := connect()
		if err != nil {
			return err
		}
		found, err := makeSuggestion(c.Context(), s, args[0], since, rules)
		if err != nil {
			return err
		}
		if raw {
			return printJSON(c.OutOrStdout(), found)
		}
		found.tell(c.OutOrStdout())
		return nil
	}
	return cmd
}

// errNoTraffic: nothing can be written from nothing.
var errNoTraffic = errors.New("nothing is recorded for this principal; its name is the ARN of a user or role")

func makeSuggestion(ctx context.Context, s *client.Client, principal string, since time.Duration, rules []string) (*suggested, error) {
	chosen, err := readRules(rules)
	if err != nil {
		return nil, err
	}
	deeds, err := listTraffic(ctx, s, principal, since)
	if err != nil {
		return nil, err
	}
	if len(deeds) == 0 {
		return nil, errNoTraffic
	}
	written, err := suggest.Write(deeds, chosen...)
	if err != nil {
		return nil, err
	}
	out := &suggested{Deeds: len(deeds), Policy: written.Policy, Applied: written.Applied}
	if out.NewlyDenied, err = suggest.Replay(written.Policy, deeds); err != nil {
		return nil, err
	}
	out.NoLonger, err = noLonger(ctx, s, principal, deeds, written.Policy)
	return out, err
}

func readRules(names []string) ([]suggest.Rule, error) {
	var out []suggest.Rule
	for _, name := range names {
		if !slices.Contains(suggest.Rules, suggest.Rule(name)) {
			return nil, fmt.Errorf("--rule %q: the rules are objects and tables", name)
		}
		out = append(out, suggest.Rule(name))
	}
	return out, nil
}

func listTraffic(ctx context.Context, s *client.Client, principal string, since time.Duration) ([]suggest.Deed, error) {
	body := map[string]any{"PrincipalArn": principal}
	if since > 0 {
		body["Since"] = clock.System().Now().Add(-since).Unix()
	}
	var out struct {
		Records []struct{ Action, ResourceArn, PassedToService string }
	}
	err := s.JSON(ctx, "bindery", "Bindery.ListTraffic", body, &out)
	var deeds []suggest.Deed
	for _, r := range out.Records {
		deeds = append(deeds, suggest.Deed{Action: r.Action, Resource: r.ResourceArn, Passed: r.PassedToService})
	}
	return deeds, err
}

// maxAsked bounds the resources about which noLonger asks.
const maxAsked = 200

// noLonger finds the actions that the principal may do now on the resources that it used, and
// that the suggestion does not allow.
func noLonger(ctx context.Context, s *client.Client, principal string, deeds []suggest.Deed, text []byte) ([]accessEntry, error) {
	services := map[string][]string{}
	for _, d := range deeds {
		prefix, _, _ := strings.Cut(d.Action, ":")
		if !slices.Contains(services[d.Resource], prefix) {
			services[d.Resource] = append(services[d.Resource], prefix)
		}
	}
	var lost []accessEntry
	asked := 0
	for _, d := range deeds {
		prefixes := services[d.Resource]
		delete(services, d.Resource)
		for _, prefix := range prefixes {
			if asked++; asked > maxAsked {
				return lost, nil
			}
			entries, err := listAccess(ctx, s, actionsOf(prefix), d.Resource, principal)
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				gone, err := suggest.Replay(text, []suggest.Deed{{Action: e.Action, Resource: d.Resource}})
				if err != nil {
					return nil, err
				}
				if e.may() && len(gone) > 0 && !slices.ContainsFunc(deeds, func(x suggest.Deed) bool { return x.Action == e.Action && x.Resource == d.Resource }) {
					e.PolicyId = d.Resource
					lost = append(lost, e)
				}
			}
		}
	}
	return lost, nil
}

func (x *suggested) tell(w io.Writer) {
	fmt.Fprintf(w, "%s\n\n", x.Policy)
	for _, a := range x.Applied {
		fmt.Fprintf(w, "rule %s: %s on %s instead of %d resources\n", a.Rule, a.Action, a.Pattern, a.Instead)
	}
	fmt.Fprintf(w, "replayed      %d recorded calls: %d would be denied\n", x.Deeds, len(x.NewlyDenied))
	for _, d := range x.NewlyDenied {
		fmt.Fprintf(w, "  %s on %s\n", d.Action, d.Resource)
	}
	byResource := map[string][]string{}
	var order []string
	for _, e := range x.NoLonger {
		if byResource[e.PolicyId] == nil {
			order = append(order, e.PolicyId)
		}
		_, name, _ := strings.Cut(e.Action, ":")
		byResource[e.PolicyId] = append(byResource[e.PolicyId], name)
	}
	fmt.Fprintf(w, "no longer     %d actions on these resources that the principal may do now\n", len(x.NoLonger))
	for _, resource := range order {
		names := byResource[resource]
		more := ""
		if len(names) > 8 {
			more = fmt.Sprintf(" and %d more", len(names)-8)
			names = names[:8]
		}
		fmt.Fprintf(w, "  %s: %s%s\n", resource, strings.Join(names, ", "), more)
	}
}
