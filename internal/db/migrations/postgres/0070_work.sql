-- Work in the background: one row for each piece that waits or runs.

-- +goose Up
CREATE TABLE work_item (
    id        BYTEA NOT NULL PRIMARY KEY,
    kind      BYTEA NOT NULL,
    account   BYTEA NOT NULL,
    due       BIGINT NOT NULL, -- ms; when it may be claimed: not before, or the end of its lease
    owner     BYTEA NOT NULL,    -- the runner that holds the lease, empty while it waits
    attempts  BIGINT NOT NULL, -- how often it was claimed
    cancelled BIGINT NOT NULL, -- 1 when its runner has been asked to stop
    created   BIGINT NOT NULL, -- ms
    doc       BYTEA NOT NULL     -- payload
);
CREATE INDEX work_item_due ON work_item (kind, due, created, id);

-- +goose Down
DROP TABLE work_item;
