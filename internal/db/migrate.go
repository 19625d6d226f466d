package db

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrations embed.FS

// migrate brings the tables up to the embedded migrations. A migration that the store
// has and this program does not know means that a newer program wrote it: refused.
func migrate(ctx context.Context, conn *sql.DB, dialect goose.Dialect, files fs.FS) error {
	options := []goose.ProviderOption{
		goose.WithDisableGlobalRegistry(true),
		goose.WithAllowOutofOrder(true), // services number their files independently
	}
	if dialect == goose.DialectPostgres {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return fmt.Errorf("migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, conn, files, options...)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if err := refuseNewer(ctx, conn, dialect, provider); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the store: %w", err)
	}
	return nil
}

func refuseNewer(ctx context.Context, conn *sql.DB, dialect goose.Dialect, provider *goose.Provider) error {
	if _, err := provider.GetDBVersion(ctx); err != nil { // makes goose's table when absent
		return fmt.Errorf("read the migration table: %w", err)
	}
	store, err := database.NewStore(dialect, goose.DefaultTablename)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	applied, err := store.ListMigrations(ctx, conn)
	if err != nil {
		return fmt.Errorf("list applied migrations: %w", err)
	}
	known := map[int64]bool{0: true}
	for _, s := range provider.ListSources() {
		known[s.Version] = true
	}
	for _, m := range applied {
		if m.IsApplied && !known[m.Version] {
			return fmt.Errorf("%w: it has migration %d; start the newer program, or restore a backup", ErrNewer, m.Version)
		}
	}
	return nil
}
