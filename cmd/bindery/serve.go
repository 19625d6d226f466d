package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/bindery-project/bindery/internal/app"
	"github.com/bindery-project/bindery/internal/config"
)

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve --data DIR", Short: "Serve every AWS service on one address", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := config.Load(c.Flags())
			if err != nil {
				return err
			}
			return serve(c.Context(), cfg)
		},
	}
	config.Flags(cmd.Flags())
	return cmd
}

func serve(ctx context.Context, cfg *config.Server) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		return fmt.Errorf("--log-level %q: %w", cfg.LogLevel, err)
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	a, err := app.Open(ctx, cfg, log)
	if err != nil {
		return err
	}
	log.Info("serving", "url", a.URL(), "account", a.Account(), "region", cfg.Region, "data", cfg.Data, "version", version)
	return errors.Join(a.Run(ctx), a.Close())
}
