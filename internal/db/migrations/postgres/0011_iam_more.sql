-- IAM: what accounts, users and roles have beside policies and keys.

-- +goose Up

-- An alias is unique over all accounts; an account has one.
CREATE TABLE iam_alias (
    alias   BYTEA NOT NULL PRIMARY KEY,
    account BYTEA NOT NULL
);
CREATE UNIQUE INDEX iam_alias_by_account ON iam_alias (account);

CREATE TABLE iam_profile_role (
    profile_id BYTEA NOT NULL PRIMARY KEY, -- AIPA…; it holds one role
    role_id    BYTEA NOT NULL
);
CREATE INDEX iam_profile_role_by_role ON iam_profile_role (role_id);

-- Passwords and seeds of MFA devices, sealed. owner is the id of a user, or the account
-- for its root, empty for a device that nobody has; name is the user id for a password, the
-- serial number for a device.
CREATE TABLE iam_credential (
    account BYTEA NOT NULL,
    kind    BYTEA NOT NULL,
    name    BYTEA NOT NULL,
    owner   BYTEA NOT NULL,
    doc     BYTEA NOT NULL, -- sealed
    PRIMARY KEY (account, kind, name)
);
CREATE INDEX iam_credential_by_owner ON iam_credential (owner, kind);

-- One document of a kind in an account: password policy, reports, tasks.
CREATE TABLE iam_document (
    account BYTEA NOT NULL,
    kind    BYTEA NOT NULL,
    name    BYTEA NOT NULL,
    doc     BYTEA NOT NULL,
    PRIMARY KEY (account, kind, name)
);

-- When an access key, a user, a role or an account's root last called a service.
CREATE TABLE iam_use (
    subject BYTEA NOT NULL, -- AKIA…, AIDA…, AROA… or an account id
    service BYTEA NOT NULL, -- "glue"
    at      BIGINT NOT NULL, -- ms
    region  BYTEA NOT NULL,
    PRIMARY KEY (subject, service)
);

-- +goose Down
DROP TABLE iam_use;
DROP TABLE iam_document;
DROP TABLE iam_credential;
DROP TABLE iam_profile_role;
DROP TABLE iam_alias;
