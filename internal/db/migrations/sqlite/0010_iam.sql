-- IAM: accounts, users, groups, roles, policies and access keys.
-- An entity's own columns are what is searched, ordered or locked; the rest is its document.

-- +goose Up
CREATE TABLE iam_account (
    account BLOB NOT NULL PRIMARY KEY,
    created INTEGER NOT NULL, -- ms
    doc     BLOB NOT NULL
) WITHOUT ROWID;

-- kind is user, group, role or policy; names are unique without regard to letter case.
CREATE TABLE iam_entity (
    account  BLOB NOT NULL,
    kind     BLOB NOT NULL,
    name_key BLOB NOT NULL, -- folded name
    id       BLOB NOT NULL, -- AIDA…, AGPA…, AROA…, ANPA…
    path     BLOB NOT NULL,
    doc      BLOB NOT NULL,
    PRIMARY KEY (account, kind, name_key)
) WITHOUT ROWID;
CREATE UNIQUE INDEX iam_entity_by_id ON iam_entity (id);

CREATE TABLE iam_access_key (
    id      BLOB NOT NULL PRIMARY KEY, -- AKIA…
    account BLOB NOT NULL,
    owner   BLOB NOT NULL, -- user id, or the account for its root
    created INTEGER NOT NULL, -- ms
    doc     BLOB NOT NULL  -- sealed
) WITHOUT ROWID;
CREATE INDEX iam_access_key_by_owner ON iam_access_key (owner, created);

CREATE TABLE iam_member (
    group_id BLOB NOT NULL,
    user_id  BLOB NOT NULL,
    PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;
CREATE INDEX iam_member_by_user ON iam_member (user_id);

-- owner is the id of the user, group or role.
CREATE TABLE iam_attachment (
    owner      BLOB NOT NULL,
    policy_arn BLOB NOT NULL,
    account    BLOB NOT NULL,
    PRIMARY KEY (owner, policy_arn)
) WITHOUT ROWID;
CREATE INDEX iam_attachment_by_policy ON iam_attachment (account, policy_arn);

CREATE TABLE iam_inline (
    owner BLOB NOT NULL,
    name  BLOB NOT NULL,
    doc   BLOB NOT NULL,
    PRIMARY KEY (owner, name)
) WITHOUT ROWID;

CREATE TABLE iam_policy_version (
    policy_id  BLOB NOT NULL,
    version    INTEGER NOT NULL,
    is_default INTEGER NOT NULL,
    doc        BLOB NOT NULL,
    PRIMARY KEY (policy_id, version)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE iam_policy_version;
DROP TABLE iam_inline;
DROP TABLE iam_attachment;
DROP TABLE iam_member;
DROP TABLE iam_access_key;
DROP TABLE iam_entity;
DROP TABLE iam_account;
