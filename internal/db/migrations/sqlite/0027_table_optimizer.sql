-- The optimizers of Iceberg tables, as they are configured.

-- +goose Up
CREATE TABLE glue_table_optimizer (
    table_id INTEGER NOT NULL,
    type     BLOB NOT NULL, -- compaction, retention or orphan_file_deletion
    doc      BLOB NOT NULL,
    PRIMARY KEY (table_id, type)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE glue_table_optimizer;
