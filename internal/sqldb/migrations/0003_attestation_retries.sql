-- +goose Up
-- What makes a credential of the VC API safe to ask for again. Only requests
-- that come with a key keep their document: what is to be signed, and from
-- signed_at on what was.
ALTER TABLE attestation ADD COLUMN retry_key TEXT NOT NULL DEFAULT ''; -- Idempotency-Key
ALTER TABLE attestation ADD COLUMN request_hash BYTEA;                 -- with a key: SHA-256 of the request
ALTER TABLE attestation ADD COLUMN document BYTEA;
-- Set when no signature came: no other can come any more, and whoever knew the
-- credential would find it revoked.
ALTER TABLE attestation ADD COLUMN given_up_at BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX attestation_retry ON attestation (organisation_id, retry_key) WHERE retry_key <> '' AND given_up_at = 0;
CREATE INDEX attestation_intent ON attestation (id) WHERE signed_at = 0 AND given_up_at = 0;

-- +goose Down
SELECT 1;
