-- The optimizers of Iceberg tables, as they are configured.

-- +goose Up
CREATE TABLE glue_table_optimizer (
    table_id BIGINT NOT NULL,
    type     BYTEA NOT NULL, -- compaction, retention or orphan_file_deletion
    doc      BYTEA NOT NULL,
    PRIMARY KEY (table_id, type)
);

-- +goose Down
DROP TABLE glue_table_optimizer;
