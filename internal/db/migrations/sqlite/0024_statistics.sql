-- Column statistics, the runs that compute them, and the settings of such runs.

-- +goose Up
-- One row for all columns of a table, or of a partition.
CREATE TABLE glue_statistics (
    table_id INTEGER NOT NULL,
    layout   INTEGER NOT NULL, -- of okey; -1 for the table's own
    okey     BLOB NOT NULL, -- the partition's key, empty for the table's own
    doc      BLOB NOT NULL,
    PRIMARY KEY (table_id, layout, okey)
) WITHOUT ROWID;

CREATE TABLE glue_statistics_run (
    account       BLOB NOT NULL,
    id            BLOB NOT NULL,
    database_name BLOB NOT NULL,
    table_name    BLOB NOT NULL,
    created       INTEGER NOT NULL, -- ms
    doc           BLOB NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE INDEX glue_statistics_run_by_time ON glue_statistics_run (account, created, id);
CREATE INDEX glue_statistics_run_by_table ON glue_statistics_run (account, database_name, table_name, created, id);

CREATE TABLE glue_statistics_settings (
    table_id INTEGER NOT NULL PRIMARY KEY,
    doc      BLOB NOT NULL
);

-- +goose Down
DROP TABLE glue_statistics_settings;
DROP TABLE glue_statistics_run;
DROP TABLE glue_statistics;
