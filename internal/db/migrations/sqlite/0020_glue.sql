-- Glue Data Catalog: databases, tables, table versions, partitions.
-- Ids are random surrogates: what is deleted becomes unreachable with its id, and is
-- removed later, piece by piece (glue_tombstone).

-- +goose Up
CREATE TABLE glue_database (
    account BLOB NOT NULL, -- of the catalog
    name    BLOB NOT NULL, -- folded
    id      INTEGER NOT NULL,
    tables  INTEGER NOT NULL, -- how many it has
    doc     BLOB NOT NULL, -- the answer's JSON
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE glue_table (
    database_id INTEGER NOT NULL,
    name        BLOB NOT NULL, -- folded
    id          INTEGER NOT NULL,
    version     INTEGER NOT NULL, -- of doc
    archived    INTEGER NOT NULL, -- how many older versions are kept
    layout      BLOB NOT NULL, -- partition keys, and how the partitions' keys are built
    doc         BLOB NOT NULL, -- the answer's JSON
    PRIMARY KEY (database_id, name)
);
CREATE UNIQUE INDEX glue_table_by_id ON glue_table (id);

CREATE TABLE glue_table_version (
    table_id INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    doc      BLOB NOT NULL,
    PRIMARY KEY (table_id, version)
);

-- What partitions share of their storage descriptors, once per distinct content.
CREATE TABLE glue_descriptor (
    account BLOB NOT NULL,
    hash    BLOB NOT NULL,
    doc     BLOB NOT NULL,
    PRIMARY KEY (account, hash)
);

-- okey is the typed order of the values and their identity in one (package partkey).
-- layout numbers the key types that okey was built with.
CREATE TABLE glue_partition (
    table_id INTEGER NOT NULL,
    layout   INTEGER NOT NULL,
    okey     BLOB NOT NULL,
    bucket   INTEGER NOT NULL, -- 0..2519, by hash of the values
    doc      BLOB NOT NULL,
    PRIMARY KEY (table_id, layout, okey)
) WITHOUT ROWID;

-- Values that do not parse as their key's type: filters on that key must fail.
CREATE TABLE glue_partition_unparsable (
    table_id INTEGER NOT NULL,
    layout   INTEGER NOT NULL,
    position INTEGER NOT NULL, -- of the key, from 0
    okey     BLOB NOT NULL,
    value    BLOB NOT NULL,
    PRIMARY KEY (table_id, layout, position, okey)
) WITHOUT ROWID;

-- What is deleted and not yet removed. kind is "database" or "table".
CREATE TABLE glue_tombstone (
    id   INTEGER NOT NULL PRIMARY KEY,
    kind BLOB NOT NULL,
    at   INTEGER NOT NULL -- ms
);

-- +goose Down
DROP TABLE glue_tombstone;
DROP TABLE glue_partition_unparsable;
DROP TABLE glue_partition;
DROP TABLE glue_descriptor;
DROP TABLE glue_table_version;
DROP TABLE glue_table;
DROP TABLE glue_database;
