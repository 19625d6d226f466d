package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/bindery-project/bindery/internal/app"
	"github.com/bindery-project/bindery/internal/config"
)

func fsckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "fsck --data DIR", Short: "Verify the store and the audit trail of a data folder that no server is using", Args: cobra.NoArgs,
		Long: "Verifies every stored document, the database's own structure, and the chain of the audit trail. The objects' bytes are not read.",
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := config.Load(c.Flags())
			if err != nil {
				return err
			}
			damaged := 0
			checked, err := app.Fsck(c.Context(), cfg, slog.New(slog.DiscardHandler), func(e error) {
				damaged++
				fmt.Fprintln(c.OutOrStdout(), e)
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%d documents checked, %d damaged\n", checked, damaged)
			if damaged > 0 {
				return errors.New("the folder is damaged: restore what is named from a backup")
			}
			return nil
		},
	}
	config.Flags(cmd.Flags())
	return cmd
}
