package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func catalogCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "catalog", Short: "Look into the Data Catalog"}
	cmd.AddCommand(explainFilterCommand())
	return cmd
}

func explainFilterCommand() *cobra.Command {
	in := map[string]*string{"CatalogId": new(""), "DatabaseName": new(""), "TableName": new(""), "Expression": new("")}
	cmd := &cobra.Command{
		Use: "explain-filter", Short: "Tell how GetPartitions finds what matches a filter", Args: cobra.NoArgs,
		Long: "Tells which ranges and partition indexes a filter can use, which one GetPartitions reads and why, and how much it reads for how many partitions.\n" +
			"It needs the right to glue:GetPartitions on the table.",
		Example: `  bindery catalog explain-filter --database sales --table orders --expression "year = 2026 AND city = 'Ulm'"`,
	}
	connect := server(cmd)
	cmd.Flags().StringVar(in["CatalogId"], "catalog", "", "`account` that owns the catalog (default the caller's)")
	cmd.Flags().StringVar(in["DatabaseName"], "database", "", "`name` of the database")
	cmd.Flags().StringVar(in["TableName"], "table", "", "`name` of the table")
	cmd.Flags().StringVar(in["Expression"], "expression", "", "the `filter`, as in GetPartitions")
	_ = cmd.MarkFlagRequired("database") // fails for flags that do not exist
	_ = cmd.MarkFlagRequired("table")
	cmd.RunE = func(c *cobra.Command, _ []string) error {
		s, err := connect()
		if err != nil {
			return err
		}
		body := map[string]string{}
		for name, value := range in {
			if *value != "" {
				body[name] = *value
			}
		}
		var out explained
		if err := s.JSON(c.Context(), "bindery", "Bindery.ExplainPartitionFilter", body, &out); err != nil {
			return err
		}
		out.tell(c.OutOrStdout())
		return nil
	}
	return cmd
}

// explained is the answer of ExplainPartitionFilter.
type explained struct {
	IndexName, Reason                                     string
	Ways                                                  []way
	Pages, RowsRead, EntriesRead, DocumentsRead, Returned int
	Complete                                              bool
}

type way struct {
	IndexName, Why string
	Keys           []struct{ Name, Bounds string }
	Ranges         int
	Usable, More   bool
	Entries        *int
}

func (w *way) name() string {
	if w.IndexName == "" {
		return "the partitions' own order"
	}
	return "index " + w.IndexName
}

func (x *explained) tell(w io.Writer) {
	chosen := way{IndexName: x.IndexName}
	fmt.Fprintf(w, "plan      read by %s: %s\n", chosen.name(), x.Reason)
	for i := range x.Ways {
		x.Ways[i].tell(w, x.Ways[i].IndexName == x.IndexName)
	}
	if x.IndexName == "" {
		fmt.Fprintf(w, "touched   %d rows\n", x.RowsRead)
	} else {
		fmt.Fprintf(w, "touched   %d entries of the index, %d rows\n", x.EntriesRead, x.DocumentsRead)
	}
	fmt.Fprintf(w, "returned  %d partitions on %d pages\n", x.Returned, x.Pages)
	if !x.Complete {
		fmt.Fprintln(w, "          and the list goes on: only its beginning was read")
	}
}

func (w *way) tell(out io.Writer, chosen bool) {
	mark := " "
	if chosen {
		mark = "*"
	}
	fmt.Fprintf(out, "%s %s: %s\n", mark, w.name(), w.Why)
	for _, k := range w.Keys {
		bounds := k.Bounds
		if bounds == "" {
			bounds = "any value"
		}
		fmt.Fprintf(out, "      %s %s\n", k.Name, bounds)
	}
	switch {
	case !w.Usable:
	case w.Entries == nil:
		fmt.Fprintf(out, "    %d ranges\n", w.Ranges)
	case w.More:
		fmt.Fprintf(out, "    %d ranges with more than %d rows\n", w.Ranges, *w.Entries)
	default:
		fmt.Fprintf(out, "    %d ranges with %d rows\n", w.Ranges, *w.Entries)
	}
}
