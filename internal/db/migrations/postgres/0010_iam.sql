-- IAM: accounts, users, groups, roles, policies and access keys.
-- An entity's own columns are what is searched, ordered or locked; the rest is its document.

-- +goose Up
CREATE TABLE iam_account (
    account BYTEA NOT NULL PRIMARY KEY,
    created BIGINT NOT NULL, -- ms
    doc     BYTEA NOT NULL
);

-- kind is user, group, role or policy; names are unique without regard to letter case.
CREATE TABLE iam_entity (
    account  BYTEA NOT NULL,
    kind     BYTEA NOT NULL,
    name_key BYTEA NOT NULL, -- folded name
    id       BYTEA NOT NULL, -- AIDA…, AGPA…, AROA…, ANPA…
    path     BYTEA NOT NULL,
    doc      BYTEA NOT NULL,
    PRIMARY KEY (account, kind, name_key)
);
CREATE UNIQUE INDEX iam_entity_by_id ON iam_entity (id);

CREATE TABLE iam_access_key (
    id      BYTEA NOT NULL PRIMARY KEY, -- AKIA…
    account BYTEA NOT NULL,
    owner   BYTEA NOT NULL, -- user id, or the account for its root
    created BIGINT NOT NULL, -- ms
    doc     BYTEA NOT NULL  -- sealed
);
CREATE INDEX iam_access_key_by_owner ON iam_access_key (owner, created);

CREATE TABLE iam_member (
    group_id BYTEA NOT NULL,
    user_id  BYTEA NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX iam_member_by_user ON iam_member (user_id);

-- owner is the id of the user, group or role.
CREATE TABLE iam_attachment (
    owner      BYTEA NOT NULL,
    policy_arn BYTEA NOT NULL,
    account    BYTEA NOT NULL,
    PRIMARY KEY (owner, policy_arn)
);
CREATE INDEX iam_attachment_by_policy ON iam_attachment (account, policy_arn);

CREATE TABLE iam_inline (
    owner BYTEA NOT NULL,
    name  BYTEA NOT NULL,
    doc   BYTEA NOT NULL,
    PRIMARY KEY (owner, name)
);

CREATE TABLE iam_policy_version (
    policy_id  BYTEA NOT NULL,
    version    BIGINT NOT NULL,
    is_default BIGINT NOT NULL,
    doc        BYTEA NOT NULL,
    PRIMARY KEY (policy_id, version)
);

-- +goose Down
DROP TABLE iam_policy_version;
DROP TABLE iam_inline;
DROP TABLE iam_attachment;
DROP TABLE iam_member;
DROP TABLE iam_access_key;
DROP TABLE iam_entity;
DROP TABLE iam_account;
