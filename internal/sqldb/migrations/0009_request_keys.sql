-- +goose Up
-- Requests that may be sent again: the same key and body find what was made the
-- first time. Written in the transaction that makes it. Awards and credentials
-- keep their keys in tables of their own.
CREATE TABLE request_key (
    organisation_id BIGINT NOT NULL,
    endpoint        TEXT NOT NULL,
    key             TEXT NOT NULL,
    request_hash    BYTEA NOT NULL, -- SHA-256 of the body
    subject         BIGINT NOT NULL, -- key of what was made
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, endpoint, key)
);
CREATE INDEX request_key_age ON request_key (created_at);

-- +goose Down
SELECT 1;
