package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/bindery-project/bindery/internal/audit"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/config"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/athena"
	"github.com/bindery-project/bindery/internal/service/glue"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
	"github.com/bindery-project/bindery/internal/service/kms"
	"github.com/bindery-project/bindery/internal/service/secretsmanager"
	"github.com/bindery-project/bindery/internal/work/queue"
)

// stored lists every table of every service that holds documents.
func stored() []db.StoredTable {
	var all []db.StoredTable
	for _, tables := range [][]db.StoredTable{directory.Stored(), glue.Stored(), athena.Stored(), kms.Stored(), secretsmanager.Stored(), queue.Tables()} {
		all = append(all, tables...)
	}
	return all
}

// Fsck verifies every stored document against its checksum and key, the
// database's own structure, and the chain of the audit trail. Objects are not
// read. The folder must not be in use. It calls report for each damaged row and
// returns how many documents it looked at.
func Fsck(ctx context.Context, cfg *config.Server, log *slog.Logger, report func(error)) (checked int64, err error) {
	if _, err := os.Stat(filepath.Join(cfg.Data, "FORMAT")); err != nil {
		return 0, fmt.Errorf("%s is no data folder of bindery: %w", cfg.Data, err)
	}
	a := &App{cfg: cfg, log: log, clock: clock.System()}
	for _, step := range []func(context.Context) error{a.openFolder, a.openKeys, a.openStore} {
		if err := step(ctx); err != nil {
			return 0, errors.Join(err, a.Close())
		}
	}
	if _, err := audit.Verify(a.folder.File("audit")); err != nil {
		report(fmt.Errorf("audit trail: %w", err))
	}
	checked, err = a.db.Fsck(ctx, stored(), func(e *db.CorruptError) error { report(e); return nil })
	return checked, errors.Join(err, a.Close())
}
