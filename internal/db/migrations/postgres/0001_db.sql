-- The store's own tables. All text is stored as bytes: see the package comment of db.

-- +goose Up
CREATE TABLE change (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account    BYTEA NOT NULL,
    kind       BYTEA NOT NULL,
    key        BYTEA NOT NULL,
    before_doc BYTEA,
    after_doc  BYTEA,
    request_id BYTEA NOT NULL,
    principal  BYTEA NOT NULL,
    at         BIGINT NOT NULL -- ms
);
CREATE INDEX change_by_entity ON change (account, kind, key, seq);

CREATE TABLE audit (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id BYTEA NOT NULL,
    at         BIGINT NOT NULL, -- ms
    record     BYTEA NOT NULL
);
CREATE INDEX audit_by_request ON audit (request_id);

CREATE TABLE outbox (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind    BYTEA NOT NULL,
    payload BYTEA NOT NULL,
    at      BIGINT NOT NULL -- ms
);
CREATE INDEX outbox_by_kind ON outbox (kind, id);

CREATE TABLE epoch (
    name  BYTEA PRIMARY KEY,
    value BIGINT NOT NULL
);

-- Facts about the store itself.
CREATE TABLE setting (
    name BYTEA PRIMARY KEY,
    doc  BYTEA NOT NULL
);
