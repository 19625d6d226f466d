-- Athena: workgroups and query executions.

-- +goose Up
CREATE TABLE athena_workgroup (
    account BYTEA NOT NULL,
    name    BYTEA NOT NULL,
    doc     BYTEA NOT NULL, -- WorkGroup
    PRIMARY KEY (account, name)
);

-- token and request are NULL unless the client gave a ClientRequestToken: request then is
-- a hash of the parameters. caller is sealed. result is NULL until rows were written.
CREATE TABLE athena_execution (
    account   BYTEA NOT NULL,
    id        BYTEA NOT NULL, -- UUID
    workgroup BYTEA NOT NULL,
    submitted BIGINT NOT NULL, -- ms
    token     BYTEA,
    request   BYTEA,
    doc       BYTEA NOT NULL, -- QueryExecution
    caller    BYTEA NOT NULL,
    result    BYTEA,
    PRIMARY KEY (account, id)
);
CREATE UNIQUE INDEX athena_execution_by_token ON athena_execution (account, token);
CREATE INDEX athena_execution_by_workgroup ON athena_execution (account, workgroup, submitted, id);
CREATE INDEX athena_execution_by_age ON athena_execution (submitted);

-- +goose Down
DROP TABLE athena_execution;
DROP TABLE athena_workgroup;
