-- S3: buckets. Names are global; the objects are files, see package blob.

-- +goose Up
CREATE TABLE s3_bucket (
    name    BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL, -- the owner
    created INTEGER NOT NULL, -- ms
    doc     BLOB NOT NULL  -- settings: policy, versioning, tags, …
) WITHOUT ROWID;
CREATE INDEX s3_bucket_by_account ON s3_bucket (account, name);

-- +goose Down
DROP TABLE s3_bucket;
