-- Partition indexes of the Glue Data Catalog.

-- +goose Up
CREATE TABLE glue_partition_index (
    table_id INTEGER NOT NULL,
    id       INTEGER NOT NULL, -- random surrogate
    doc      BLOB NOT NULL,
    PRIMARY KEY (table_id, id)
);

-- One row for each partition in an index: the components of the index's keys, and
-- the partition's own key (glue_partition.okey).
CREATE TABLE glue_partition_index_row (
    index_id INTEGER NOT NULL,
    ikey     BLOB NOT NULL,
    okey     BLOB NOT NULL,
    bucket   INTEGER NOT NULL,
    PRIMARY KEY (index_id, ikey, okey)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE glue_partition_index_row;
DROP TABLE glue_partition_index;
