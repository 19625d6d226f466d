-- KMS: keys, their material, aliases and grants.

-- +goose Up
CREATE TABLE kms_key (
    id      BYTEA NOT NULL PRIMARY KEY, -- a UUID as text; unique over all accounts
    account BYTEA NOT NULL,
    doc     BYTEA NOT NULL
);
CREATE INDEX kms_key_by_account ON kms_key (account, id);

-- Each rotation adds a version; the older ones still decrypt. Documents are sealed by the root keyset.
CREATE TABLE kms_material (
    key_id  BYTEA NOT NULL,
    version BIGINT NOT NULL,
    doc     BYTEA NOT NULL,
    PRIMARY KEY (key_id, version)
);

CREATE TABLE kms_alias (
    account BYTEA NOT NULL,
    name    BYTEA NOT NULL, -- with its prefix, "alias/sales"
    key_id  BYTEA NOT NULL,
    doc     BYTEA NOT NULL,
    PRIMARY KEY (account, name)
);
CREATE INDEX kms_alias_by_key ON kms_alias (key_id, name);

CREATE TABLE kms_grant (
    key_id   BYTEA NOT NULL,
    id       BYTEA NOT NULL,
    retiring BYTEA NOT NULL, -- the principal that may retire it; empty: none was named
    doc      BYTEA NOT NULL,
    PRIMARY KEY (key_id, id)
);
CREATE INDEX kms_grant_by_retiring ON kms_grant (retiring, key_id, id);

-- +goose Down
DROP TABLE kms_grant;
DROP TABLE kms_alias;
DROP TABLE kms_material;
DROP TABLE kms_key;
