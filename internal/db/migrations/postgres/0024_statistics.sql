-- Column statistics, the runs that compute them, and the settings of such runs.

-- +goose Up
-- One row for all columns of a table, or of a partition.
CREATE TABLE glue_statistics (
    table_id BIGINT NOT NULL,
    layout   BIGINT NOT NULL, -- of okey; -1 for the table's own
    okey     BYTEA NOT NULL, -- the partition's key, empty for the table's own
    doc      BYTEA NOT NULL,
    PRIMARY KEY (table_id, layout, okey)
);

CREATE TABLE glue_statistics_run (
    account       BYTEA NOT NULL,
    id            BYTEA NOT NULL,
    database_name BYTEA NOT NULL,
    table_name    BYTEA NOT NULL,
    created       BIGINT NOT NULL, -- ms
    doc           BYTEA NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE INDEX glue_statistics_run_by_time ON glue_statistics_run (account, created, id);
CREATE INDEX glue_statistics_run_by_table ON glue_statistics_run (account, database_name, table_name, created, id);

CREATE TABLE glue_statistics_settings (
    table_id BIGINT NOT NULL PRIMARY KEY,
    doc      BYTEA NOT NULL
);

-- +goose Down
DROP TABLE glue_statistics_settings;
DROP TABLE glue_statistics_run;
DROP TABLE glue_statistics;
