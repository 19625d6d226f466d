-- The store's own tables. All text is stored as bytes: see the package comment of db.

-- +goose Up
CREATE TABLE change (
    seq        INTEGER PRIMARY KEY,
    account    BLOB NOT NULL,
    kind       BLOB NOT NULL,
    key        BLOB NOT NULL,
    before_doc BLOB,
    after_doc  BLOB,
    request_id BLOB NOT NULL,
    principal  BLOB NOT NULL,
    at         INTEGER NOT NULL -- ms
);
CREATE INDEX change_by_entity ON change (account, kind, key, seq);

CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY,
    request_id BLOB NOT NULL,
    at         INTEGER NOT NULL, -- ms
    record     BLOB NOT NULL
);
CREATE INDEX audit_by_request ON audit (request_id);

CREATE TABLE outbox (
    id      INTEGER PRIMARY KEY,
    kind    BLOB NOT NULL,
    payload BLOB NOT NULL,
    at      INTEGER NOT NULL -- ms
);
CREATE INDEX outbox_by_kind ON outbox (kind, id);

CREATE TABLE epoch (
    name  BLOB PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

-- Facts about the store itself.
CREATE TABLE setting (
    name BLOB PRIMARY KEY,
    doc  BLOB NOT NULL
) WITHOUT ROWID;
