-- Crawlers of Glue, and the crawls they made.

-- +goose Up
CREATE TABLE glue_crawler (
    account BLOB NOT NULL,
    name    BLOB NOT NULL,
    crawl   BLOB NOT NULL, -- id of the crawl that is queued or running; empty when there is none
    started INTEGER NOT NULL, -- ms; of that crawl
    doc     BLOB NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE glue_crawl (
    account BLOB NOT NULL,
    crawler BLOB NOT NULL,
    started INTEGER NOT NULL, -- ms
    id      BLOB NOT NULL,
    doc     BLOB NOT NULL,
    PRIMARY KEY (account, crawler, started, id)
) WITHOUT ROWID;

-- The lines that a crawl wrote for people.
CREATE TABLE glue_crawl_log (
    account BLOB NOT NULL,
    crawler BLOB NOT NULL,
    id      BLOB NOT NULL,
    doc     BLOB NOT NULL,
    PRIMARY KEY (account, crawler, id)
);

-- What a crawler of new folders has seen: folders, and the distinct shapes of their files.
CREATE TABLE glue_crawl_folder (
    account BLOB NOT NULL,
    crawler BLOB NOT NULL,
    folder  BLOB NOT NULL, -- bucket/key prefix
    shape   BLOB NOT NULL,
    PRIMARY KEY (account, crawler, folder)
) WITHOUT ROWID;

CREATE TABLE glue_crawl_shape (
    account BLOB NOT NULL,
    crawler BLOB NOT NULL,
    shape   BLOB NOT NULL, -- hash of the document
    doc     BLOB NOT NULL,
    PRIMARY KEY (account, crawler, shape)
) WITHOUT ROWID;

-- Tags of Glue's resources, by ARN.
CREATE TABLE glue_tag (
    arn BLOB NOT NULL PRIMARY KEY,
    doc BLOB NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE glue_tag;
DROP TABLE glue_crawl_shape;
DROP TABLE glue_crawl_folder;
DROP TABLE glue_crawl_log;
DROP TABLE glue_crawl;
DROP TABLE glue_crawler;
