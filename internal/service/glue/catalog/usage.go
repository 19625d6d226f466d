package catalog

import (
	"context"

	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Usage counts what each account has, all its catalogs together, and holds it
// against the quotas. The count of an account is spread over shards, so that
// writers of different tables do not wait for one row.
type Usage struct{ Quotas terms.Quotas }

// shards is how many rows an account's count has.
const shards = 16

// Add changes the counts of a catalog's account. id is that of the row that is
// made or deleted: it chooses the shard.
func (u Usage) Add(ctx context.Context, tx *db.Tx, catalog string, id int64, change terms.Usage) error {
	account := terms.Owner(catalog)
	var now terms.Usage
	err := tx.QueryRow(ctx, `INSERT INTO glue_usage (account, shard, databases, tables, versions) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (account, shard) DO UPDATE SET databases = glue_usage.databases + excluded.databases,
			tables = glue_usage.tables + excluded.tables, versions = glue_usage.versions + excluded.versions
		RETURNING databases, tables, versions`,
		account, id%shards, change.Databases, change.Tables, change.Versions).Scan(&now.Databases, &now.Tables, &now.Versions)
	if err != nil {
		return err
	}
	if !u.near(change, now) {
		return nil
	}
	total, err := count(ctx, tx, account)
	if err != nil {
		return err
	}
	return u.check(change, total)
}

// near reports whether a shard's count says that the account may be over a
// quota. Ids are random and shards fill evenly, so the others are not read
// before this one has half of its share. Deleting a database takes all its
// tables from one shard: one below zero says nothing of the others.
func (u Usage) near(change, shard terms.Usage) bool {
	close := func(change, shard, quota int64) bool {
		return change > 0 && (shard*shards*2 >= quota || shard < 0)
	}
	return close(change.Databases, shard.Databases, u.Quotas.Databases) ||
		close(change.Tables, shard.Tables, u.Quotas.Tables) ||
		close(change.Versions, shard.Versions, u.Quotas.Versions)
}

func (u Usage) check(change, total terms.Usage) error {
	switch {
	case change.Databases > 0 && total.Databases > u.Quotas.Databases:
		return terms.TooMany("Number of databases exceeds the limit of %d.", u.Quotas.Databases)
	case change.Tables > 0 && total.Tables > u.Quotas.Tables:
		return terms.TooMany("Number of tables exceeds the limit of %d.", u.Quotas.Tables)
	case change.Versions > 0 && total.Versions > u.Quotas.Versions:
		return terms.TooMany("Number of table versions exceeds the limit of %d.", u.Quotas.Versions)
	}
	return nil
}

func count(ctx context.Context, tx *db.Tx, account string) (total terms.Usage, err error) {
	err = tx.QueryRow(ctx, `SELECT CAST(COALESCE(SUM(databases), 0) AS BIGINT), CAST(COALESCE(SUM(tables), 0) AS BIGINT),
		CAST(COALESCE(SUM(versions), 0) AS BIGINT) FROM glue_usage WHERE account = ?`, account).
		Scan(&total.Databases, &total.Tables, &total.Versions)
	return total, err
}
