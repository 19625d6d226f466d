-- Named catalogs, resource links, quotas of an account, the import of old catalogs.
-- The account columns of 0020 hold the catalog's id: the account, or account:name.

-- +goose Up
ALTER TABLE glue_database ADD COLUMN link INTEGER NOT NULL DEFAULT 0; -- 1: a resource link
ALTER TABLE glue_table ADD COLUMN link INTEGER NOT NULL DEFAULT 0;

CREATE TABLE glue_catalog (
    account BLOB NOT NULL,
    name    BLOB NOT NULL,
    doc     BLOB NOT NULL, -- the answer's JSON
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

-- How much an account has, all its catalogs together: the sum of its shards. A change
-- goes to the shard of the changed row's id, so that writers seldom meet.
CREATE TABLE glue_usage (
    account   BLOB NOT NULL,
    shard     INTEGER NOT NULL, -- 0..15
    databases INTEGER NOT NULL,
    tables    INTEGER NOT NULL,
    versions  INTEGER NOT NULL, -- archived ones
    PRIMARY KEY (account, shard)
) WITHOUT ROWID;

-- The accounts that have run ImportCatalogToGlue.
CREATE TABLE glue_import (
    account BLOB NOT NULL PRIMARY KEY,
    doc     BLOB NOT NULL
) WITHOUT ROWID;

-- What is there is split evenly.
INSERT INTO glue_usage (account, shard, databases, tables, versions)
SELECT a.account, s.n, a.databases / 16 + CASE WHEN s.n < a.databases % 16 THEN 1 ELSE 0 END,
    a.tables / 16 + CASE WHEN s.n < a.tables % 16 THEN 1 ELSE 0 END,
    a.versions / 16 + CASE WHEN s.n < a.versions % 16 THEN 1 ELSE 0 END
FROM (SELECT d.account AS account, CAST(COUNT(*) AS INTEGER) AS databases, CAST(SUM(d.tables) AS INTEGER) AS tables,
        CAST(COALESCE(SUM((SELECT SUM(t.archived) FROM glue_table t WHERE t.database_id = d.id)), 0) AS INTEGER) AS versions
    FROM glue_database d GROUP BY d.account) a
CROSS JOIN (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
    UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10 UNION ALL SELECT 11
    UNION ALL SELECT 12 UNION ALL SELECT 13 UNION ALL SELECT 14 UNION ALL SELECT 15) s;

-- +goose Down
DROP TABLE glue_import;
DROP TABLE glue_usage;
DROP TABLE glue_catalog;
ALTER TABLE glue_table DROP COLUMN link;
ALTER TABLE glue_database DROP COLUMN link;
