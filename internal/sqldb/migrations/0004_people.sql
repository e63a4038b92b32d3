-- +goose Up
-- Addresses that nobody has shown to be theirs are not unique: a stranger who
-- enters somebody's address must not keep that person from it.
CREATE TABLE account_address_new (
    id          {{pk}},
    account_id  BIGINT NOT NULL REFERENCES account (id),
    address     TEXT NOT NULL,
    address_key TEXT NOT NULL, -- lower-cased in Go
    verified_at BIGINT NOT NULL DEFAULT 0,
    first       BOOLEAN NOT NULL DEFAULT FALSE, -- the one that is shown and written to first
    UNIQUE (account_id, address_key)
);
INSERT INTO account_address_new (account_id, address, address_key, verified_at, first)
    SELECT account_id, address, address_key, verified_at, TRUE FROM account_address ORDER BY id;
DROP TABLE account_address;
ALTER TABLE account_address_new RENAME TO account_address;
CREATE UNIQUE INDEX account_address_verified ON account_address (address_key) WHERE verified_at > 0;
CREATE INDEX account_address_key ON account_address (address_key);

ALTER TABLE account ADD COLUMN is_operator BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE account ADD COLUMN disabled_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN deleted_at BIGINT NOT NULL DEFAULT 0;
UPDATE account SET is_operator = TRUE WHERE id = (SELECT min(id) FROM account);

ALTER TABLE organisation ADD COLUMN second_factor_required BOOLEAN NOT NULL DEFAULT FALSE;

-- How somebody came in, how sure that makes us, and when they last showed it.
ALTER TABLE session ADD COLUMN method TEXT NOT NULL DEFAULT 'password';
ALTER TABLE session ADD COLUMN assurance BIGINT NOT NULL DEFAULT 1; -- 1: one factor, 2: two
ALTER TABLE session ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0;

-- The address that a link was mailed to, and which following it therefore
-- shows to be theirs.
ALTER TABLE one_time_link ADD COLUMN address TEXT NOT NULL DEFAULT '';
CREATE INDEX one_time_link_account ON one_time_link (account_id);

-- A sign-in that has shown one factor and still owes the second.
CREATE TABLE signin_step (
    secret_hash BYTEA PRIMARY KEY,
    account_id  BIGINT NOT NULL REFERENCES account (id),
    method      TEXT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX signin_step_account ON signin_step (account_id);

-- A code by mail, bound to the browser that asked for it. There is a row
-- whether or not the address is known; code_hash stays empty when it is not.
CREATE TABLE signin_code (
    id           {{pk}},
    browser_hash BYTEA NOT NULL UNIQUE,
    address_key  TEXT NOT NULL,
    account_id   BIGINT NOT NULL DEFAULT 0,
    code_hash    BYTEA,
    tries        BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX signin_code_expiry ON signin_code (expires_at);

-- Failed tries and the wait they bring. What was tried is kept as a hash.
CREATE TABLE signin_try (
    kind     TEXT NOT NULL, -- address, device, client, factor, letter
    key_hash BYTEA NOT NULL,
    failures BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    next_at  BIGINT NOT NULL, -- no try counts before
    PRIMARY KEY (kind, key_hash)
);
CREATE INDEX signin_try_last ON signin_try (last_at);

-- Browsers in which somebody has signed in before.
CREATE TABLE known_device (
    secret_hash  BYTEA PRIMARY KEY,
    account_id   BIGINT NOT NULL REFERENCES account (id),
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL
);
CREATE INDEX known_device_account ON known_device (account_id);

CREATE TABLE account_totp (
    account_id   BIGINT PRIMARY KEY REFERENCES account (id),
    sealed       BYTEA NOT NULL,            -- never readable without the key-encryption key
    last_step    BIGINT NOT NULL DEFAULT 0, -- no code of this time step or an earlier one counts again
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE recovery_code (
    code_hash  BYTEA PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (id),
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX recovery_code_account ON recovery_code (account_id);

CREATE TABLE passkey (
    id            {{pk}},
    public_id     BYTEA NOT NULL UNIQUE,
    account_id    BIGINT NOT NULL REFERENCES account (id),
    credential_id BYTEA NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    credential    TEXT NOT NULL, -- JSON: public key and flags
    sign_count    BIGINT NOT NULL DEFAULT 0,
    created_at    BIGINT NOT NULL,
    last_used_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX passkey_account ON passkey (account_id);

-- A passkey that was asked for and has not answered. Each is answered once.
CREATE TABLE passkey_ceremony (
    secret_hash BYTEA PRIMARY KEY,
    account_id  BIGINT NOT NULL DEFAULT 0, -- 0: whoever signs in
    data        TEXT NOT NULL,             -- JSON: challenge and what was asked
    expires_at  BIGINT NOT NULL
);

-- Who somebody is at another provider.
CREATE TABLE account_identity (
    id         {{pk}},
    account_id BIGINT NOT NULL REFERENCES account (id),
    provider   TEXT NOT NULL,
    subject    TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (provider, subject)
);
CREATE INDEX account_identity_account ON account_identity (account_id);

-- +goose Down
SELECT 1;
