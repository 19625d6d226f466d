-- What principals did and were allowed to, so that policies can be written for it.

-- +goose Up
-- One row per principal, action and resource. The principal of a session is its role.
CREATE TABLE traffic (
    principal BYTEA NOT NULL,
    action    BYTEA NOT NULL,
    resource  BYTEA NOT NULL,
    passed    BYTEA NOT NULL, -- iam:PassedToService, empty when there is none
    account   BYTEA NOT NULL,
    calls     BIGINT NOT NULL,
    first     BIGINT NOT NULL, -- ms
    last      BIGINT NOT NULL, -- ms
    PRIMARY KEY (principal, action, resource, passed)
);

-- +goose Down
DROP TABLE traffic;
