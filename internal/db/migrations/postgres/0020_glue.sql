-- Glue Data Catalog: databases, tables, table versions, partitions.
-- Ids are random surrogates: what is deleted becomes unreachable with its id, and is
-- removed later, piece by piece (glue_tombstone).

-- +goose Up
CREATE TABLE glue_database (
    account BYTEA NOT NULL, -- of the catalog
    name    BYTEA NOT NULL, -- folded
    id      BIGINT NOT NULL,
    tables  BIGINT NOT NULL, -- how many it has
    doc     BYTEA NOT NULL, -- the answer's JSON
    PRIMARY KEY (account, name)
);

CREATE TABLE glue_table (
    database_id BIGINT NOT NULL,
    name        BYTEA NOT NULL, -- folded
    id          BIGINT NOT NULL,
    version     BIGINT NOT NULL, -- of doc
    archived    BIGINT NOT NULL, -- how many older versions are kept
    layout      BYTEA NOT NULL, -- partition keys, and how the partitions' keys are built
    doc         BYTEA NOT NULL, -- the answer's JSON
    PRIMARY KEY (database_id, name)
);
CREATE UNIQUE INDEX glue_table_by_id ON glue_table (id);

CREATE TABLE glue_table_version (
    table_id BIGINT NOT NULL,
    version  BIGINT NOT NULL,
    doc      BYTEA NOT NULL,
    PRIMARY KEY (table_id, version)
);

-- What partitions share of their storage descriptors, once per distinct content.
CREATE TABLE glue_descriptor (
    account BYTEA NOT NULL,
    hash    BYTEA NOT NULL,
    doc     BYTEA NOT NULL,
    PRIMARY KEY (account, hash)
);

-- okey is the typed order of the values and their identity in one (package partkey).
-- layout numbers the key types that okey was built with.
CREATE TABLE glue_partition (
    table_id BIGINT NOT NULL,
    layout   BIGINT NOT NULL,
    okey     BYTEA NOT NULL,
    bucket   BIGINT NOT NULL, -- 0..2519, by hash of the values
    doc      BYTEA NOT NULL,
    PRIMARY KEY (table_id, layout, okey)
);

-- Values that do not parse as their key's type: filters on that key must fail.
CREATE TABLE glue_partition_unparsable (
    table_id BIGINT NOT NULL,
    layout   BIGINT NOT NULL,
    position BIGINT NOT NULL, -- of the key, from 0
    okey     BYTEA NOT NULL,
    value    BYTEA NOT NULL,
    PRIMARY KEY (table_id, layout, position, okey)
);

-- What is deleted and not yet removed. kind is "database" or "table".
CREATE TABLE glue_tombstone (
    id   BIGINT NOT NULL PRIMARY KEY,
    kind BYTEA NOT NULL,
    at   BIGINT NOT NULL -- ms
);

-- +goose Down
DROP TABLE glue_tombstone;
DROP TABLE glue_partition_unparsable;
DROP TABLE glue_partition;
DROP TABLE glue_descriptor;
DROP TABLE glue_table_version;
DROP TABLE glue_table;
DROP TABLE glue_database;
