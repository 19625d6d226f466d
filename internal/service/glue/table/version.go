package table

import (
	"context"
	"errors"
	"strconv"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/arn"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// GetTableVersion reads a version, the present one when none is named.
func (t *Tables) GetTableVersion(ctx context.Context, in *glueapi.GetTableVersionInput) (*glueapi.GetTableVersionOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	v := &glueapi.TableVersion{}
	err = t.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := t.find(ctx, tx, catalog, arn.Fold(in.DatabaseName), arn.Fold(in.TableName))
		if err != nil {
			return err
		}
		number := r.version
		if in.VersionId != nil {
			if number, err = versionNumber(*in.VersionId); err != nil {
				return err
			}
		}
		v.VersionId = new(strconv.FormatInt(number, 10))
		v.RawTable, err = r.versionJSON(ctx, tx, number)
		return err
	})
	if err != nil {
		return nil, err
	}
	if terms.WantsStructs(ctx) {
		v.Table, err = terms.Parse[glueapi.Table](glueapi.ShapeTable, v.RawTable)
		v.RawTable = nil
	}
	return &glueapi.GetTableVersionOutput{TableVersion: v}, err
}

// versionNumber reads a VersionId. What is no number is no version.
func versionNumber(id string) (int64, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != id {
		return 0, noVersion(id)
	}
	return n, nil
}

func noVersion(id string) error { return terms.NotFound("Version %s not found.", id) }

// GetTableVersions lists the versions, newest first; the present one is among them.
func (t *Tables) GetTableVersions(ctx context.Context, in *glueapi.GetTableVersionsInput) (*glueapi.GetTableVersionsOutput, error) {
	call := op.CallFrom(ctx)
	catalog, err := terms.Catalog(call, in.CatalogId)
	if err != nil {
		return nil, err
	}
	parameters := *in
	parameters.NextToken, parameters.MaxResults = nil, nil
	position, err := t.Pages.After(call, catalog, &parameters, in.NextToken)
	if err != nil {
		return nil, err
	}
	var found []glueapi.TableVersion
	err = t.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := t.find(ctx, tx, catalog, arn.Fold(in.DatabaseName), arn.Fold(in.TableName))
		if err != nil {
			return err
		}
		found, err = r.versions(ctx, tx, string(position), terms.Size(in.MaxResults, maxPage)+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &glueapi.GetTableVersionsOutput{}
	if out.TableVersions = cutVersions(found, terms.Size(in.MaxResults, maxPage)); len(out.TableVersions) < len(found) {
		last := *out.TableVersions[len(out.TableVersions)-1].VersionId
		if out.NextToken, err = t.Pages.Next(call, catalog, &parameters, []byte(last)); err != nil {
			return nil, err
		}
	}
	if terms.WantsStructs(ctx) {
		return out, parseVersions(out.TableVersions)
	}
	return out, nil
}

// cutVersions is the part that a page has room for, at least one.
func cutVersions(all []glueapi.TableVersion, size int) []glueapi.TableVersion {
	bytes := 0
	for i := range all {
		if bytes += len(all[i].RawTable); i == size || (i > 0 && bytes > terms.PageBytes) {
			return all[:i]
		}
	}
	return all
}

func parseVersions(list []glueapi.TableVersion) (err error) {
	for i := range list {
		v := &list[i]
		if v.Table, err = terms.Parse[glueapi.Table](glueapi.ShapeTable, v.RawTable); err != nil {
			return err
		}
		v.RawTable = nil
	}
	return nil
}

// DeleteTableVersion deletes an archived version.
func (t *Tables) DeleteTableVersion(ctx context.Context, in *glueapi.DeleteTableVersionInput) (*glueapi.DeleteTableVersionOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	err = t.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := t.find(ctx, tx, catalog, arn.Fold(in.DatabaseName), arn.Fold(in.TableName))
		if err != nil {
			return err
		}
		return t.deleteVersion(ctx, tx, r, in.VersionId)
	})
	return &glueapi.DeleteTableVersionOutput{}, err
}

// BatchDeleteTableVersion deletes the versions that can be, and names the others.
func (t *Tables) BatchDeleteTableVersion(ctx context.Context, in *glueapi.BatchDeleteTableVersionInput) (*glueapi.BatchDeleteTableVersionOutput, error) {
	catalog, err := terms.Catalog(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	name := arn.Fold(in.TableName)
	var failed []glueapi.TableVersionError
	err = t.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		failed = []glueapi.TableVersionError{}
		r, err := t.find(ctx, tx, catalog, arn.Fold(in.DatabaseName), name)
		if err != nil {
			return err
		}
		for _, id := range in.VersionIds {
			var refused op.Modeled
			switch err := t.deleteVersion(ctx, tx, r, id); {
			case errors.As(err, &refused):
				failed = append(failed, glueapi.TableVersionError{TableName: &name, VersionId: new(id), ErrorDetail: terms.Detail(refused)})
			case err != nil:
				return err
			}
		}
		return nil
	})
	return &glueapi.BatchDeleteTableVersionOutput{Errors: failed}, err
}

// The SQL of versions.

// versionJSON is the document of a version: the table's own, or an archived one.
func (r *row) versionJSON(ctx context.Context, tx *db.Tx, number int64) (op.Raw, error) {
	if number == r.version {
		return r.json()
	}
	var doc []byte
	err := tx.QueryRow(ctx, `SELECT doc FROM glue_table_version WHERE table_id = ? AND version = ?`, r.id, number).Scan(&doc)
	if errors.Is(err, db.ErrNotFound) {
		return nil, noVersion(strconv.FormatInt(number, 10))
	}
	if err != nil {
		return nil, err
	}
	return db.DecodeBytes(versionPlace(r.id, number), doc)
}

// versions reads up to limit versions older than the one named, or from the
// present one on.
func (r *row) versions(ctx context.Context, tx *db.Tx, after string, limit int) ([]glueapi.TableVersion, error) {
	var out []glueapi.TableVersion
	before := r.version
	if after == "" {
		raw, err := r.json()
		if err != nil {
			return nil, err
		}
		out = append(out, version(r.version, raw))
	} else {
		var err error
		if before, err = versionNumber(after); err != nil {
			return nil, err
		}
	}
	rows, err := tx.Query(ctx, `SELECT version, doc FROM glue_table_version WHERE table_id = ? AND version < ? ORDER BY version DESC LIMIT ?`,
		r.id, before, limit-len(out))
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var number int64
		var doc []byte
		if err := rows.Scan(&number, &doc); err != nil {
			return nil, err
		}
		raw, err := db.DecodeBytes(versionPlace(r.id, number), doc)
		if err != nil {
			return nil, err
		}
		out = append(out, version(number, raw))
	}
	return out, rows.Err()
}

func version(number int64, raw op.Raw) glueapi.TableVersion {
	return glueapi.TableVersion{VersionId: new(strconv.FormatInt(number, 10)), RawTable: raw}
}

func (t *Tables) deleteVersion(ctx context.Context, tx *db.Tx, r *row, id string) error {
	number, err := versionNumber(id)
	if err != nil {
		return err
	}
	if number == r.version {
		return terms.Invalid("Version %s is the current version of table %s and cannot be deleted.", id, r.name)
	}
	var doc []byte
	err = tx.QueryRow(ctx, `DELETE FROM glue_table_version WHERE table_id = ? AND version = ? RETURNING doc`, r.id, number).Scan(&doc)
	if errors.Is(err, db.ErrNotFound) {
		return noVersion(id)
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE glue_table SET archived = archived - 1 WHERE database_id = ? AND name = ?`, r.databaseID, r.name); err != nil {
		return err
	}
	if err := t.Usage.Add(ctx, tx, r.catalog, r.id, terms.Usage{Versions: -1}); err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{
		Account: terms.Owner(r.catalog), Kind: "glue:tableVersion", Key: terms.CatalogKey(r.catalog, r.database, r.name, id), Before: doc,
	})
}
