-- +goose Up
-- The installation's own issuers: one key of each kind. What they are called
-- is the key itself (did:key), so they vouch for nobody's name.
CREATE TABLE issuer_key (
    id             {{pk}},
    kind           TEXT NOT NULL UNIQUE, -- ed25519, p256, p384
    public_key     TEXT NOT NULL UNIQUE, -- Multikey
    sealed_private BYTEA NOT NULL,       -- envelope: never readable without the key-encryption key
    created_at     BIGINT NOT NULL
);

-- Credentials of any kind that these issuers signed for programs. A row is
-- written before anything is signed; signed_at stays 0 when the signing failed.
CREATE TABLE attestation (
    id              {{pk}},
    organisation_id BIGINT NOT NULL, -- whose token asked for it; 0 for nobody's, in development
    issuer_key_id   BIGINT NOT NULL REFERENCES issuer_key (id),
    credential_id   TEXT NOT NULL DEFAULT '',
    digest          BYTEA NOT NULL,  -- SHA-256 of the credential without its proof
    created_at      BIGINT NOT NULL,
    signed_at       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX attestation_credential ON attestation (organisation_id, credential_id) WHERE credential_id <> '';

-- Status lists of these issuers, one issuer's and one organisation's each.
CREATE TABLE attestation_list (
    id              {{pk}},
    public_id       BYTEA NOT NULL UNIQUE,
    organisation_id BIGINT NOT NULL,
    issuer_key_id   BIGINT NOT NULL REFERENCES issuer_key (id),
    purpose         TEXT NOT NULL,   -- revocation, suspension, refresh, message
    bits            BIGINT NOT NULL, -- of one entry
    entries         BIGINT NOT NULL,
    drawn           BIGINT NOT NULL DEFAULT 0,
    version         BIGINT NOT NULL DEFAULT 1, -- grows with every change of an entry
    signed_version  BIGINT NOT NULL DEFAULT 0,
    signed_at       BIGINT NOT NULL DEFAULT 0,
    document        BYTEA
);
CREATE INDEX attestation_list_open ON attestation_list (organisation_id, issuer_key_id, purpose, bits);

CREATE TABLE attestation_status (
    list_id        BIGINT NOT NULL REFERENCES attestation_list (id),
    position       BIGINT NOT NULL,
    attestation_id BIGINT NOT NULL REFERENCES attestation (id),
    value          BIGINT NOT NULL DEFAULT 0,
    changed_at     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (list_id, position)
);
CREATE INDEX attestation_status_of ON attestation_status (attestation_id);

-- +goose Down
SELECT 1;
