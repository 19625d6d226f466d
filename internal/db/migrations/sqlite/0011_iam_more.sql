-- IAM: what accounts, users and roles have beside policies and keys.

-- +goose Up

-- An alias is unique over all accounts; an account has one.
CREATE TABLE iam_alias (
    alias   BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX iam_alias_by_account ON iam_alias (account);

CREATE TABLE iam_profile_role (
    profile_id BLOB NOT NULL PRIMARY KEY, -- AIPA…; it holds one role
    role_id    BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX iam_profile_role_by_role ON iam_profile_role (role_id);

-- Passwords and seeds of MFA devices, sealed. owner is the id of a user, or the account
-- for its root, empty for a device that nobody has; name is the user id for a password, the
-- serial number for a device.
CREATE TABLE iam_credential (
    account BLOB NOT NULL,
    kind    BLOB NOT NULL,
    name    BLOB NOT NULL,
    owner   BLOB NOT NULL,
    doc     BLOB NOT NULL, -- sealed
    PRIMARY KEY (account, kind, name)
) WITHOUT ROWID;
CREATE INDEX iam_credential_by_owner ON iam_credential (owner, kind);

-- One document of a kind in an account: password policy, reports, tasks.
CREATE TABLE iam_document (
    account BLOB NOT NULL,
    kind    BLOB NOT NULL,
    name    BLOB NOT NULL,
    doc     BLOB NOT NULL,
    PRIMARY KEY (account, kind, name)
) WITHOUT ROWID;

-- When an access key, a user, a role or an account's root last called a service.
CREATE TABLE iam_use (
    subject BLOB NOT NULL, -- AKIA…, AIDA…, AROA… or an account id
    service BLOB NOT NULL, -- "glue"
    at      INTEGER NOT NULL, -- ms
    region  BLOB NOT NULL,
    PRIMARY KEY (subject, service)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE iam_use;
DROP TABLE iam_document;
DROP TABLE iam_credential;
DROP TABLE iam_profile_role;
DROP TABLE iam_alias;
