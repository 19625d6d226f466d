package catalog

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// The migration from Athena's old catalog, which has never been here: every
// account starts as AWS's new ones do, with the import done.

func importPlace(account string) db.Place { return db.At("glue_import", account) }

// ImportCatalogToGlue ends at once, since there is nothing to import, and the
// first time keeps who asked and when.
func (c *Catalogs) ImportCatalogToGlue(ctx context.Context, in *glueapi.ImportCatalogToGlueInput) (*glueapi.ImportCatalogToGlueOutput, error) {
	call := op.CallFrom(ctx)
	account, err := terms.Account(call, in.CatalogId)
	if err != nil {
		return nil, err
	}
	err = c.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		doc, err := terms.Write(glueapi.ShapeCatalogImportStatus, &glueapi.CatalogImportStatus{
			ImportCompleted: new(true), ImportTime: new(op.Millis(clock.Millis(tx.Now()))), ImportedBy: &call.Principal.ARN,
		})
		if err != nil {
			return err
		}
		stored := db.EncodeBytes(importPlace(account), doc)
		n, err := tx.Exec(ctx, `INSERT INTO glue_import (account, doc) VALUES (?, ?) ON CONFLICT (account) DO NOTHING`, account, stored)
		if err != nil || n == 0 {
			return err
		}
		return tx.Record(ctx, db.Change{Account: account, Kind: "glue:import", Key: []byte(account), After: stored})
	})
	return &glueapi.ImportCatalogToGlueOutput{}, err
}

// GetCatalogImportStatus says that nothing is left to import.
func (c *Catalogs) GetCatalogImportStatus(ctx context.Context, in *glueapi.GetCatalogImportStatusInput) (*glueapi.GetCatalogImportStatusOutput, error) {
	account, err := terms.Account(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetCatalogImportStatusOutput{
		ImportStatus: &glueapi.CatalogImportStatus{ImportCompleted: new(true), ImportedBy: new("StatusSetByDefault")},
	}
	err = c.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		var stored []byte
		err := tx.QueryRow(ctx, `SELECT doc FROM glue_import WHERE account = ?`, account).Scan(&stored)
		if errors.Is(err, db.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		raw, err := db.DecodeBytes(importPlace(account), stored)
		if err != nil {
			return err
		}
		out.ImportStatus, err = terms.Parse[glueapi.CatalogImportStatus](glueapi.ShapeCatalogImportStatus, raw)
		return err
	})
	return out, err
}
