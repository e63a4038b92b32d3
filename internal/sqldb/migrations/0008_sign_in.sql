-- +goose Up
-- Who else may say who somebody is: for the installation, or for one
-- organisation's own people.
CREATE TABLE signin_provider (
    id              {{pk}},
    public_id       BYTEA NOT NULL UNIQUE,
    organisation_id BIGINT NOT NULL, -- 0: the installation
    kind            TEXT NOT NULL,   -- oidc, saml
    name            TEXT NOT NULL,
    enabled         BOOLEAN NOT NULL DEFAULT FALSE,
    issuer          TEXT NOT NULL DEFAULT '', -- oidc: the issuer's address
    client_id       TEXT NOT NULL DEFAULT '',
    sealed          BYTEA,                    -- client secret, or our SAML key; never readable without the key-encryption key
    certificate     BYTEA,                    -- saml: ours, for that key
    scopes          TEXT NOT NULL DEFAULT '',
    address_claim   TEXT NOT NULL DEFAULT '',
    domains         TEXT NOT NULL DEFAULT '', -- that the installation's provider may vouch for
    authoritative   BOOLEAN NOT NULL DEFAULT FALSE,
    newcomers       BOOLEAN NOT NULL DEFAULT TRUE,
    second_factor   TEXT NOT NULL DEFAULT '', -- the values of acr, amr or AuthnContext that count as two factors
    default_role    TEXT NOT NULL DEFAULT '',
    metadata_url    TEXT NOT NULL DEFAULT '',
    metadata_cert   TEXT NOT NULL DEFAULT '', -- PEM: whose signature the metadata must have
    refreshed_at    BIGINT NOT NULL DEFAULT 0,
    valid_until     BIGINT NOT NULL DEFAULT 0,
    problem         TEXT NOT NULL DEFAULT '',
    created_at      BIGINT NOT NULL
);
CREATE INDEX signin_provider_organisation ON signin_provider (organisation_id);

-- Identity providers of SAML metadata: one, or those of a federation.
CREATE TABLE signin_house (
    id          {{pk}},
    provider_id BIGINT NOT NULL REFERENCES signin_provider (id),
    entity_id   TEXT NOT NULL,
    name        TEXT NOT NULL,
    name_key    TEXT NOT NULL, -- lower-cased in Go
    metadata    BYTEA NOT NULL, -- XML
    valid_until BIGINT NOT NULL, -- 0: no end
    UNIQUE (provider_id, entity_id)
);
CREATE INDEX signin_house_name ON signin_house (provider_id, name_key);

-- A sign-in that went to a provider. It works once, and in the browser that
-- began it: only hashes of what that browser has are kept.
CREATE TABLE signin_attempt (
    state_hash   BYTEA PRIMARY KEY,
    browser_hash BYTEA NOT NULL,
    provider_id  BIGINT NOT NULL,
    house_id     BIGINT NOT NULL DEFAULT 0,
    request_id   TEXT NOT NULL DEFAULT '', -- saml
    next         TEXT NOT NULL,
    account_id   BIGINT NOT NULL DEFAULT 0, -- who, already signed in, adds a way to sign in
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT NOT NULL DEFAULT 0,
    arrived      BYTEA -- saml: what was said, encrypted, until the browser comes for it
);
CREATE INDEX signin_attempt_expiry ON signin_attempt (expires_at);

-- Somebody whom a provider knows by an address that an account has: they show
-- that the account is theirs first.
CREATE TABLE signin_pending (
    secret_hash BYTEA PRIMARY KEY,
    provider_id BIGINT NOT NULL,
    account_id  BIGINT NOT NULL,
    arrived     BYTEA NOT NULL, -- encrypted
    expires_at  BIGINT NOT NULL
);
CREATE INDEX signin_pending_expiry ON signin_pending (expires_at);

-- Every sign-in by a provider that told what somebody is there.
CREATE TABLE signin_visit (
    id           {{pk}},
    provider_id  BIGINT NOT NULL,
    account_id   BIGINT NOT NULL REFERENCES account (id),
    at           BIGINT NOT NULL,
    affiliations TEXT NOT NULL -- as told, separated by spaces
);
CREATE INDEX signin_visit_account ON signin_visit (account_id, id);
CREATE INDEX signin_visit_at ON signin_visit (at);

-- What an organisation asks of members who sign in by a provider that speaks
-- for it, and when they last did.
CREATE TABLE signin_policy (
    organisation_id BIGINT PRIMARY KEY,
    affiliations    TEXT NOT NULL,  -- one of these, separated by spaces; '': none is asked for
    absent_days     BIGINT NOT NULL -- 0: for ever
);
CREATE TABLE signin_presence (
    organisation_id BIGINT NOT NULL,
    account_id      BIGINT NOT NULL REFERENCES account (id),
    provider_id     BIGINT NOT NULL,
    last_at         BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, account_id)
);
CREATE INDEX signin_presence_last ON signin_presence (organisation_id, last_at);

-- Members who may do nothing until their provider speaks for them again.
ALTER TABLE member ADD COLUMN paused_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
SELECT 1;
