-- Glue Data Catalog: the resource policy of each account, and the index of SearchTables.

-- +goose Up
CREATE TABLE glue_policy (
    account BLOB NOT NULL PRIMARY KEY,
    doc     BLOB NOT NULL
) WITHOUT ROWID;

-- The index. A term is the hash of a word together with what it is a word of (package search).
-- Tables are numbered as they come, so that new entries of a common word lie side by side.
CREATE TABLE glue_search_term (
    term   INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (term, number)
) WITHOUT ROWID;

-- What is indexed of a table: where it is, what results are ordered by, and its terms.
CREATE TABLE glue_search_table (
    number   INTEGER PRIMARY KEY,
    table_id INTEGER NOT NULL,
    account  BLOB NOT NULL,
    database BLOB NOT NULL,
    name     BLOB NOT NULL,
    created  INTEGER NOT NULL, -- ms
    updated  INTEGER NOT NULL, -- ms
    terms    BLOB NOT NULL  -- eight bytes each
);
CREATE UNIQUE INDEX glue_search_table_by_id ON glue_search_table (table_id);
CREATE INDEX glue_search_table_by_account ON glue_search_table (account, number);

-- Tables whose index is behind. The database notes every change of glue_table itself, in the
-- transaction that makes it, so that no writer of tables can forget to.
CREATE TABLE glue_search_due (
    seq      INTEGER PRIMARY KEY,
    table_id INTEGER NOT NULL
);

-- +goose StatementBegin
CREATE TRIGGER glue_search_created AFTER INSERT ON glue_table BEGIN
    INSERT INTO glue_search_due (table_id) VALUES (NEW.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER glue_search_changed AFTER UPDATE OF doc ON glue_table BEGIN
    INSERT INTO glue_search_due (table_id) VALUES (NEW.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER glue_search_deleted AFTER DELETE ON glue_table BEGIN
    INSERT INTO glue_search_due (table_id) VALUES (OLD.id);
END;
-- +goose StatementEnd

INSERT INTO glue_search_due (table_id) SELECT id FROM glue_table;

-- +goose Down
DROP TRIGGER glue_search_deleted;
DROP TRIGGER glue_search_changed;
DROP TRIGGER glue_search_created;
DROP TABLE glue_search_due;
DROP TABLE glue_search_table;
DROP TABLE glue_search_term;
DROP TABLE glue_policy;
