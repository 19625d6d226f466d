-- Work in the background: one row for each piece that waits or runs.

-- +goose Up
CREATE TABLE work_item (
    id        BLOB NOT NULL PRIMARY KEY,
    kind      BLOB NOT NULL,
    account   BLOB NOT NULL,
    due       INTEGER NOT NULL, -- ms; when it may be claimed: not before, or the end of its lease
    owner     BLOB NOT NULL,    -- the runner that holds the lease, empty while it waits
    attempts  INTEGER NOT NULL, -- how often it was claimed
    cancelled INTEGER NOT NULL, -- 1 when its runner has been asked to stop
    created   INTEGER NOT NULL, -- ms
    doc       BLOB NOT NULL     -- payload
) WITHOUT ROWID;
CREATE INDEX work_item_due ON work_item (kind, due, created, id);

-- +goose Down
DROP TABLE work_item;
