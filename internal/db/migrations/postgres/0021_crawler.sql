-- Crawlers of Glue, and the crawls they made.

-- +goose Up
CREATE TABLE glue_crawler (
    account BYTEA NOT NULL,
    name    BYTEA NOT NULL,
    crawl   BYTEA NOT NULL, -- id of the crawl that is queued or running; empty when there is none
    started BIGINT NOT NULL, -- ms; of that crawl
    doc     BYTEA NOT NULL,
    PRIMARY KEY (account, name)
);

CREATE TABLE glue_crawl (
    account BYTEA NOT NULL,
    crawler BYTEA NOT NULL,
    started BIGINT NOT NULL, -- ms
    id      BYTEA NOT NULL,
    doc     BYTEA NOT NULL,
    PRIMARY KEY (account, crawler, started, id)
);

-- The lines that a crawl wrote for people.
CREATE TABLE glue_crawl_log (
    account BYTEA NOT NULL,
    crawler BYTEA NOT NULL,
    id      BYTEA NOT NULL,
    doc     BYTEA NOT NULL,
    PRIMARY KEY (account, crawler, id)
);

-- What a crawler of new folders has seen: folders, and the distinct shapes of their files.
CREATE TABLE glue_crawl_folder (
    account BYTEA NOT NULL,
    crawler BYTEA NOT NULL,
    folder  BYTEA NOT NULL, -- bucket/key prefix
    shape   BYTEA NOT NULL,
    PRIMARY KEY (account, crawler, folder)
);

CREATE TABLE glue_crawl_shape (
    account BYTEA NOT NULL,
    crawler BYTEA NOT NULL,
    shape   BYTEA NOT NULL, -- hash of the document
    doc     BYTEA NOT NULL,
    PRIMARY KEY (account, crawler, shape)
);

-- Tags of Glue's resources, by ARN.
CREATE TABLE glue_tag (
    arn BYTEA NOT NULL PRIMARY KEY,
    doc BYTEA NOT NULL
);

-- +goose Down
DROP TABLE glue_tag;
DROP TABLE glue_crawl_shape;
DROP TABLE glue_crawl_folder;
DROP TABLE glue_crawl_log;
DROP TABLE glue_crawl;
DROP TABLE glue_crawler;
