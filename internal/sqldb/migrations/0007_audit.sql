-- +goose Up
-- Who did what, when and from where. Rows are only ever added; what may be
-- emptied later is the network address, to which the digest commits with a salt.
CREATE TABLE audit_entry (
    id              {{pk}},
    organisation_id BIGINT NOT NULL, -- 0: the installation
    at              BIGINT NOT NULL,
    action          TEXT NOT NULL,   -- noun.past, for example member.added
    subject         TEXT NOT NULL,
    subject_id      BIGINT NOT NULL,
    account_id      BIGINT NOT NULL, -- who; 0 when no person
    token_id        BIGINT NOT NULL, -- the API token that asked
    service         TEXT NOT NULL,   -- what acted when no person did: job, cli, holder …
    address         TEXT NOT NULL,   -- from where; emptied after a while
    salt            BYTEA NOT NULL,  -- 16 bytes; from then on SHA-256(salt, address)
    request_id      TEXT NOT NULL,
    data            TEXT NOT NULL,   -- JSON object of ids and codes
    digest          BYTEA NOT NULL   -- SHA-256 of all of the above, see docs/formats.md
);
CREATE INDEX audit_entry_organisation ON audit_entry (organisation_id, id);
CREATE INDEX audit_entry_subject ON audit_entry (subject_id, subject);
CREATE INDEX audit_entry_action ON audit_entry (organisation_id, action, id);
CREATE INDEX audit_entry_account ON audit_entry (account_id, id) WHERE account_id > 0;
CREATE INDEX audit_entry_address ON audit_entry (at) WHERE address <> '';

-- The chain of each organisation, a row for every run of entries that were
-- sealed at once. members holds the id and the digest of each.
CREATE TABLE audit_seal (
    organisation_id BIGINT NOT NULL,
    position        BIGINT NOT NULL, -- of the last entry in the chain, the first is 1
    entries         BIGINT NOT NULL,
    members         BYTEA NOT NULL,
    hash            BYTEA NOT NULL,  -- of the chain up to here
    mac             BYTEA NOT NULL,  -- of place and hash, with a secret that is not in the database
    sealed_at       BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, position)
);

-- Up to which entry everything is sealed.
CREATE TABLE audit_cursor (
    id      BIGINT PRIMARY KEY,
    last_id BIGINT NOT NULL
);
INSERT INTO audit_cursor (id, last_id) VALUES (1, 0);

-- What ACME gave: certificates with their keys, and the account's key. Shared by
-- all nodes, encrypted under the key-encryption key.
CREATE TABLE certificate (
    name       TEXT PRIMARY KEY,
    content    BYTEA NOT NULL,
    changed_at BIGINT NOT NULL
);

-- +goose Down
SELECT 1;
