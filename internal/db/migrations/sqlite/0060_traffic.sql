-- What principals did and were allowed to, so that policies can be written for it.

-- +goose Up
-- One row per principal, action and resource. The principal of a session is its role.
CREATE TABLE traffic (
    principal BLOB NOT NULL,
    action    BLOB NOT NULL,
    resource  BLOB NOT NULL,
    passed    BLOB NOT NULL, -- iam:PassedToService, empty when there is none
    account   BLOB NOT NULL,
    calls     INTEGER NOT NULL,
    first     INTEGER NOT NULL, -- ms
    last      INTEGER NOT NULL, -- ms
    PRIMARY KEY (principal, action, resource, passed)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE traffic;
