-- Named catalogs, resource links, quotas of an account, the import of old catalogs.
-- The account columns of 0020 hold the catalog's id: the account, or account:name.

-- +goose Up
ALTER TABLE glue_database ADD COLUMN link BIGINT NOT NULL DEFAULT 0; -- 1: a resource link
ALTER TABLE glue_table ADD COLUMN link BIGINT NOT NULL DEFAULT 0;

CREATE TABLE glue_catalog (
    account BYTEA NOT NULL,
    name    BYTEA NOT NULL,
    doc     BYTEA NOT NULL, -- the answer's JSON
    PRIMARY KEY (account, name)
);

-- How much an account has, all its catalogs together: the sum of its shards. A change
-- goes to the shard of the changed row's id, so that writers seldom meet.
CREATE TABLE glue_usage (
    account   BYTEA NOT NULL,
    shard     BIGINT NOT NULL, -- 0..15
    databases BIGINT NOT NULL,
    tables    BIGINT NOT NULL,
    versions  BIGINT NOT NULL, -- archived ones
    PRIMARY KEY (account, shard)
);

-- The accounts that have run ImportCatalogToGlue.
CREATE TABLE glue_import (
    account BYTEA NOT NULL PRIMARY KEY,
    doc     BYTEA NOT NULL
);

-- What is there is split evenly.
INSERT INTO glue_usage (account, shard, databases, tables, versions)
SELECT a.account, s.n, a.databases / 16 + CASE WHEN s.n < a.databases % 16 THEN 1 ELSE 0 END,
    a.tables / 16 + CASE WHEN s.n < a.tables % 16 THEN 1 ELSE 0 END,
    a.versions / 16 + CASE WHEN s.n < a.versions % 16 THEN 1 ELSE 0 END
FROM (SELECT d.account AS account, CAST(COUNT(*) AS BIGINT) AS databases, CAST(SUM(d.tables) AS BIGINT) AS tables,
        CAST(COALESCE(SUM((SELECT SUM(t.archived) FROM glue_table t WHERE t.database_id = d.id)), 0) AS BIGINT) AS versions
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
