-- Glue's user-defined functions and connections.

-- +goose Up
-- A function belongs to a database by id: what is left of a deleted one is found by nobody. The
-- names are here again so that an account's functions are listed in order without asking
-- each database.
CREATE TABLE glue_function (
    database_id BIGINT NOT NULL,
    name        BYTEA NOT NULL, -- folded
    account     BYTEA NOT NULL, -- of the catalog
    parent      BYTEA NOT NULL, -- folded
    doc         BYTEA NOT NULL,
    PRIMARY KEY (database_id, name)
);
CREATE INDEX glue_function_by_name ON glue_function (account, parent, name);

CREATE TABLE glue_connection (
    account BYTEA NOT NULL, -- of the catalog
    name    BYTEA NOT NULL,
    doc     BYTEA NOT NULL, -- sealed: it holds passwords
    PRIMARY KEY (account, name)
);

-- +goose Down
DROP TABLE glue_connection;
DROP TABLE glue_function;
