-- KMS: keys, their material, aliases and grants.

-- +goose Up
CREATE TABLE kms_key (
    id      BLOB NOT NULL PRIMARY KEY, -- a UUID as text; unique over all accounts
    account BLOB NOT NULL,
    doc     BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX kms_key_by_account ON kms_key (account, id);

-- Each rotation adds a version; the older ones still decrypt. Documents are sealed by the root keyset.
CREATE TABLE kms_material (
    key_id  BLOB NOT NULL,
    version INTEGER NOT NULL,
    doc     BLOB NOT NULL,
    PRIMARY KEY (key_id, version)
) WITHOUT ROWID;

CREATE TABLE kms_alias (
    account BLOB NOT NULL,
    name    BLOB NOT NULL, -- with its prefix, "alias/sales"
    key_id  BLOB NOT NULL,
    doc     BLOB NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;
CREATE INDEX kms_alias_by_key ON kms_alias (key_id, name);

CREATE TABLE kms_grant (
    key_id   BLOB NOT NULL,
    id       BLOB NOT NULL,
    retiring BLOB NOT NULL, -- the principal that may retire it; empty: none was named
    doc      BLOB NOT NULL,
    PRIMARY KEY (key_id, id)
) WITHOUT ROWID;
CREATE INDEX kms_grant_by_retiring ON kms_grant (retiring, key_id, id);

-- +goose Down
DROP TABLE kms_grant;
DROP TABLE kms_alias;
DROP TABLE kms_material;
DROP TABLE kms_key;
