-- S3: buckets. Names are global; the objects are files, see package blob.

-- +goose Up
CREATE TABLE s3_bucket (
    name    BYTEA NOT NULL PRIMARY KEY,
    account BYTEA NOT NULL, -- the owner
    created BIGINT NOT NULL, -- ms
    doc     BYTEA NOT NULL  -- settings: policy, versioning, tags, …
);
CREATE INDEX s3_bucket_by_account ON s3_bucket (account, name);

-- +goose Down
DROP TABLE s3_bucket;
