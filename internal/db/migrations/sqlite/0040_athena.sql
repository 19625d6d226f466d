-- Athena: workgroups and query executions.

-- +goose Up
CREATE TABLE athena_workgroup (
    account BLOB NOT NULL,
    name    BLOB NOT NULL,
    doc     BLOB NOT NULL, -- WorkGroup
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

-- token and request are NULL unless the client gave a ClientRequestToken: request then is
-- a hash of the parameters. caller is sealed. result is NULL until rows were written.
CREATE TABLE athena_execution (
    account   BLOB NOT NULL,
    id        BLOB NOT NULL, -- UUID
    workgroup BLOB NOT NULL,
    submitted INTEGER NOT NULL, -- ms
    token     BLOB,
    request   BLOB,
    doc       BLOB NOT NULL, -- QueryExecution
    caller    BLOB NOT NULL,
    result    BLOB,
    PRIMARY KEY (account, id)
);
CREATE UNIQUE INDEX athena_execution_by_token ON athena_execution (account, token);
CREATE INDEX athena_execution_by_workgroup ON athena_execution (account, workgroup, submitted, id);
CREATE INDEX athena_execution_by_age ON athena_execution (submitted);

-- +goose Down
DROP TABLE athena_execution;
DROP TABLE athena_workgroup;
