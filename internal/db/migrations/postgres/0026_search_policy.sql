-- Glue Data Catalog: the resource policy of each account, and the index of SearchTables.

-- +goose Up
CREATE TABLE glue_policy (
    account BYTEA NOT NULL PRIMARY KEY,
    doc     BYTEA NOT NULL
);

-- The index. A term is the hash of a word together with what it is a word of (package search).
-- Tables are numbered as they come, so that new entries of a common word lie side by side.
CREATE TABLE glue_search_term (
    term   BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (term, number)
);

-- What is indexed of a table: where it is, what results are ordered by, and its terms.
CREATE TABLE glue_search_table (
    number   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_id BIGINT NOT NULL,
    account  BYTEA NOT NULL,
    database BYTEA NOT NULL,
    name     BYTEA NOT NULL,
    created  BIGINT NOT NULL, -- ms
    updated  BIGINT NOT NULL, -- ms
    terms    BYTEA NOT NULL  -- eight bytes each
);
CREATE UNIQUE INDEX glue_search_table_by_id ON glue_search_table (table_id);
CREATE INDEX glue_search_table_by_account ON glue_search_table (account, number);

-- Tables whose index is behind. The database notes every change of glue_table itself, in the
-- transaction that makes it, so that no writer of tables can forget to.
CREATE TABLE glue_search_due (
    seq      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_id BIGINT NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION glue_search_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO glue_search_due (table_id) VALUES (OLD.id);
    ELSE
        INSERT INTO glue_search_due (table_id) VALUES (NEW.id);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER glue_search_note AFTER INSERT OR UPDATE OF doc OR DELETE ON glue_table
    FOR EACH ROW EXECUTE FUNCTION glue_search_note();

INSERT INTO glue_search_due (table_id) SELECT id FROM glue_table;

-- +goose Down
DROP TRIGGER glue_search_note ON glue_table;
DROP FUNCTION glue_search_note;
DROP TABLE glue_search_due;
DROP TABLE glue_search_table;
DROP TABLE glue_search_term;
DROP TABLE glue_policy;
