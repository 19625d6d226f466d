-- Glue's user-defined functions and connections.

-- +goose Up
-- A function belongs to a database by id: what is left of a deleted one is found by nobody. The
-- names are here again so that an account's functions are listed in order without asking
-- each database.
CREATE TABLE glue_function (
    database_id INTEGER NOT NULL,
    name        BLOB NOT NULL, -- folded
    account     BLOB NOT NULL, -- of the catalog
    parent      BLOB NOT NULL, -- folded
    doc         BLOB NOT NULL,
    PRIMARY KEY (database_id, name)
) WITHOUT ROWID;
CREATE INDEX glue_function_by_name ON glue_function (account, parent, name);

CREATE TABLE glue_connection (
    account BLOB NOT NULL, -- of the catalog
    name    BLOB NOT NULL,
    doc     BLOB NOT NULL, -- sealed: it holds passwords
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE glue_connection;
DROP TABLE glue_function;
