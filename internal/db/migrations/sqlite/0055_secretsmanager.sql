-- Secrets Manager: secrets with the labels of their versions, and the values.

-- +goose Up
CREATE TABLE secret (
    arn     BLOB NOT NULL PRIMARY KEY, -- with the six random characters
    account BLOB NOT NULL,
    name    BLOB NOT NULL,
    doc     BLOB NOT NULL,
    UNIQUE (account, name)
) WITHOUT ROWID;

-- A value is encrypted under a data key of its own, which a key of KMS has wrapped.
CREATE TABLE secret_value (
    arn     BLOB NOT NULL,
    version BLOB NOT NULL,
    doc     BLOB NOT NULL,
    PRIMARY KEY (arn, version)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE secret_value;
DROP TABLE secret;
