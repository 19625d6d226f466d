-- Secrets Manager: secrets with the labels of their versions, and the values.

-- +goose Up
CREATE TABLE secret (
    arn     BYTEA NOT NULL PRIMARY KEY, -- with the six random characters
    account BYTEA NOT NULL,
    name    BYTEA NOT NULL,
    doc     BYTEA NOT NULL,
    UNIQUE (account, name)
);

-- A value is encrypted under a data key of its own, which a key of KMS has wrapped.
CREATE TABLE secret_value (
    arn     BYTEA NOT NULL,
    version BYTEA NOT NULL,
    doc     BYTEA NOT NULL,
    PRIMARY KEY (arn, version)
);

-- +goose Down
DROP TABLE secret_value;
DROP TABLE secret;
