package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/bindery-project/bindery/internal/app"
	"github.com/bindery-project/bindery/internal/config"
	"github.com/bindery-project/bindery/internal/db"
)

func fsckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "fsck --data DIR", Short: "Verify everything in a data folder that no server is using", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := config.Load(c.Flags())
			if err != nil {
				return err
			}
			damaged := 0
			checked, err := app.Fsck(c.Context(), cfg, slog.New(slog.DiscardHandler), func(e *db.CorruptError) {
				damaged++
				fmt.Fprintln(c.OutOrStdout(), e)
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%d documents checked, %d damaged\n", checked, damaged)
			if damaged > 0 {
				return errors.New("the store is damaged: restore the named rows from a backup")
			}
			return nil
		},
	}
	config.Flags(cmd.Flags())
	return cmd
}
