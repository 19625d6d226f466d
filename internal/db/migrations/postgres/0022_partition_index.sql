-- Partition indexes of the Glue Data Catalog.

-- +goose Up
CREATE TABLE glue_partition_index (
    table_id BIGINT NOT NULL,
    id       BIGINT NOT NULL, -- random surrogate
    doc      BYTEA NOT NULL,
    PRIMARY KEY (table_id, id)
);

-- One row for each partition in an index: the components of the index's keys, and
-- the partition's own key (glue_partition.okey).
CREATE TABLE glue_partition_index_row (
    index_id BIGINT NOT NULL,
    ikey     BYTEA NOT NULL,
    okey     BYTEA NOT NULL,
    bucket   BIGINT NOT NULL,
    PRIMARY KEY (index_id, ikey, okey)
);

-- +goose Down
DROP TABLE glue_partition_index_row;
DROP TABLE glue_partition_index;
