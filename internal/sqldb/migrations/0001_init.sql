-- +goose Up
-- One text for both engines. {{pk}} becomes the engine's automatic integer key.
-- Times are milliseconds since 1970 from the server's clock; public ids are 16
-- random bytes; signed documents are kept as exact bytes.

-- What belongs to the installation as a whole: secrets' fingerprints, set-up state.
CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- People. -------------------------------------------------------------------

CREATE TABLE account (
    id            {{pk}},
    public_id     BYTEA NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE account_address (
    id          {{pk}},
    account_id  BIGINT NOT NULL REFERENCES account (id),
    address     TEXT NOT NULL,
    address_key TEXT NOT NULL UNIQUE, -- lower-cased in Go
    verified_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX account_address_account ON account_address (account_id);

CREATE TABLE session (
    secret_hash  BYTEA PRIMARY KEY,
    account_id   BIGINT NOT NULL REFERENCES account (id),
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    user_agent   TEXT NOT NULL DEFAULT ''
);
CREATE INDEX session_account ON session (account_id);

-- Links that work once: first set-up, and a forgotten password.
CREATE TABLE one_time_link (
    secret_hash BYTEA PRIMARY KEY,
    purpose     TEXT NOT NULL, -- setup, reset
    account_id  BIGINT NOT NULL DEFAULT 0,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT NOT NULL DEFAULT 0
);

-- Organisations. ------------------------------------------------------------

CREATE TABLE organisation (
    id               {{pk}},
    public_id        BYTEA NOT NULL UNIQUE,
    slug             TEXT NOT NULL UNIQUE,
    name             TEXT NOT NULL,
    website          TEXT NOT NULL DEFAULT '',
    email            TEXT NOT NULL DEFAULT '',
    description      TEXT NOT NULL DEFAULT '',
    country          TEXT NOT NULL DEFAULT '',
    linkedin_id      TEXT NOT NULL DEFAULT '',
    accent           TEXT NOT NULL DEFAULT '',
    logo_key         TEXT NOT NULL DEFAULT '', -- blob of a PNG
    logo_alt         TEXT NOT NULL DEFAULT '',
    is_sample        BOOLEAN NOT NULL DEFAULT FALSE,
    -- What enters the signed document beyond the hashed address, and on what basis.
    include_name     BOOLEAN NOT NULL DEFAULT FALSE,
    include_evidence BOOLEAN NOT NULL DEFAULT FALSE,
    lawful_basis     TEXT NOT NULL DEFAULT '',
    created_at       BIGINT NOT NULL
);

CREATE TABLE member (
    organisation_id BIGINT NOT NULL REFERENCES organisation (id),
    account_id      BIGINT NOT NULL REFERENCES account (id),
    role            TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, account_id)
);
CREATE INDEX member_account ON member (account_id);

CREATE TABLE api_token (
    id              {{pk}},
    public_id       BYTEA NOT NULL UNIQUE,
    organisation_id BIGINT NOT NULL REFERENCES organisation (id),
    name            TEXT NOT NULL,
    secret_hash     BYTEA NOT NULL UNIQUE,
    created_by      BIGINT NOT NULL REFERENCES account (id),
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL DEFAULT 0,
    last_used_at    BIGINT NOT NULL DEFAULT 0,
    revoked_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX api_token_organisation ON api_token (organisation_id);

CREATE TABLE signing_key (
    id              {{pk}},
    organisation_id BIGINT NOT NULL REFERENCES organisation (id),
    public_key      TEXT NOT NULL UNIQUE, -- Multikey
    sealed_private  BYTEA NOT NULL,       -- envelope: never readable without the key-encryption key
    created_at      BIGINT NOT NULL,
    retired_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX signing_key_organisation ON signing_key (organisation_id);

-- Badges. -------------------------------------------------------------------

CREATE TABLE badge (
    id              {{pk}},
    public_id       BYTEA NOT NULL UNIQUE,
    organisation_id BIGINT NOT NULL REFERENCES organisation (id),
    archived_at     BIGINT NOT NULL DEFAULT 0,
    created_at      BIGINT NOT NULL
);
CREATE INDEX badge_organisation ON badge (organisation_id);

-- A version is a draft until published_at is set, and never changes after that.
CREATE TABLE badge_version (
    id               {{pk}},
    badge_id         BIGINT NOT NULL REFERENCES badge (id),
    number           BIGINT NOT NULL,
    name             TEXT NOT NULL,
    description      TEXT NOT NULL DEFAULT '',
    criteria         TEXT NOT NULL DEFAULT '', -- Markdown
    criteria_url     TEXT NOT NULL DEFAULT '',
    achievement_type TEXT NOT NULL DEFAULT '',
    tags             TEXT NOT NULL DEFAULT '[]', -- JSON list
    language         TEXT NOT NULL DEFAULT '',
    design           TEXT NOT NULL DEFAULT '',   -- JSON of the designer, empty when a picture was uploaded
    picture_svg      TEXT NOT NULL DEFAULT '',   -- blob keys
    picture_png      TEXT NOT NULL DEFAULT '',
    picture_alt      TEXT NOT NULL DEFAULT '',
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    published_at     BIGINT NOT NULL DEFAULT 0,
    UNIQUE (badge_id, number)
);

-- Awards. -------------------------------------------------------------------

CREATE TABLE status_list (
    id              {{pk}},
    public_id       BYTEA NOT NULL UNIQUE,
    organisation_id BIGINT NOT NULL REFERENCES organisation (id),
    purpose         TEXT NOT NULL,   -- revocation, suspension
    entries         BIGINT NOT NULL,
    secret          BYTEA NOT NULL,  -- keys the permutation that draws positions
    drawn           BIGINT NOT NULL DEFAULT 0,
    version         BIGINT NOT NULL DEFAULT 1, -- grows with every change of a bit
    signed_version  BIGINT NOT NULL DEFAULT 0,
    signed_at       BIGINT NOT NULL DEFAULT 0,
    document        BYTEA
);
CREATE INDEX status_list_organisation ON status_list (organisation_id, purpose);

CREATE TABLE award_batch (
    id               {{pk}},
    public_id        BYTEA NOT NULL UNIQUE,
    organisation_id  BIGINT NOT NULL REFERENCES organisation (id),
    badge_version_id BIGINT NOT NULL REFERENCES badge_version (id),
    state            TEXT NOT NULL,   -- mapping, checked, running, done
    file_name        TEXT NOT NULL,
    header           TEXT NOT NULL,   -- JSON list of column names
    notes            TEXT NOT NULL DEFAULT '[]', -- JSON list: what was noticed while reading
    mapping          TEXT NOT NULL DEFAULT '{}', -- JSON: field -> column
    date_order       TEXT NOT NULL DEFAULT '', -- sheet.Order
    duplicates       TEXT NOT NULL DEFAULT 'skip', -- skip, replace, allow
    total            BIGINT NOT NULL DEFAULT 0,
    created_by       BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    confirmed_at     BIGINT NOT NULL DEFAULT 0,
    finished_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX award_batch_organisation ON award_batch (organisation_id);

CREATE TABLE award (
    id                BIGINT PRIMARY KEY, -- drawn from award_number in the reserving transaction
    public_id         BYTEA NOT NULL UNIQUE,
    organisation_id   BIGINT NOT NULL REFERENCES organisation (id),
    badge_version_id  BIGINT NOT NULL REFERENCES badge_version (id),
    batch_id          BIGINT NOT NULL DEFAULT 0,
    trial             BOOLEAN NOT NULL,
    recipient_name    TEXT NOT NULL,
    recipient_email   TEXT NOT NULL,
    recipient_key     TEXT NOT NULL, -- the address lower-cased in Go
    salt              TEXT NOT NULL,
    details           TEXT NOT NULL DEFAULT '{}', -- JSON: evidence, result, narrative
    valid_from        BIGINT NOT NULL,
    valid_until       BIGINT NOT NULL DEFAULT 0,
    revocation_list   BIGINT NOT NULL DEFAULT 0,
    revocation_index  BIGINT NOT NULL DEFAULT 0,
    suspension_list   BIGINT NOT NULL DEFAULT 0,
    suspension_index  BIGINT NOT NULL DEFAULT 0,
    created_by        BIGINT NOT NULL DEFAULT 0,
    created_at        BIGINT NOT NULL,
    issued_at         BIGINT NOT NULL DEFAULT 0,
    revoked_at        BIGINT NOT NULL DEFAULT 0,
    suspended_at      BIGINT NOT NULL DEFAULT 0,
    reason            TEXT NOT NULL DEFAULT '', -- public, from the short list
    private_note      TEXT NOT NULL DEFAULT '',
    replaced_by       BIGINT NOT NULL DEFAULT 0,
    claim_state       TEXT NOT NULL DEFAULT 'waiting', -- waiting, accepted, declined
    claimed_at        BIGINT NOT NULL DEFAULT 0,
    published_at      BIGINT NOT NULL DEFAULT 0,
    -- NULL while only the intent is recorded. Last, so that whoever reads the
    -- columns before it need not walk through the document.
    document          BYTEA
);
CREATE INDEX award_of_organisation ON award (organisation_id, id);
CREATE INDEX award_of_recipient ON award (organisation_id, recipient_key);
CREATE INDEX award_of_version ON award (badge_version_id, recipient_key);
CREATE INDEX award_of_batch ON award (batch_id) WHERE batch_id > 0;
CREATE INDEX award_intent ON award (id) WHERE document IS NULL;
CREATE UNIQUE INDEX award_revocation ON award (revocation_list, revocation_index) WHERE revocation_list > 0;
CREATE UNIQUE INDEX award_suspension ON award (suspension_list, suspension_index) WHERE suspension_list > 0;

-- The next free award key: one row, so that a batch draws a run of keys at once.
CREATE TABLE award_number (
    id   BIGINT PRIMARY KEY,
    next BIGINT NOT NULL
);
INSERT INTO award_number (id, next) VALUES (1, 1);

CREATE TABLE award_batch_row (
    batch_id BIGINT NOT NULL REFERENCES award_batch (id),
    number   BIGINT NOT NULL,  -- the row's number in the file, 1 is the first under the header
    cells    TEXT NOT NULL,    -- JSON list, as read or as mended
    state    TEXT NOT NULL,    -- new, good, bad, skipped, awarded
    problems TEXT NOT NULL DEFAULT '[]', -- JSON list of {column, message}
    award_id BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (batch_id, number)
);
CREATE INDEX award_batch_row_state ON award_batch_row (batch_id, state, number);

-- What the claim mail's link opens. Only the hash of the secret is kept.
CREATE TABLE claim_secret (
    secret_hash BYTEA PRIMARY KEY,
    award_id    BIGINT NOT NULL REFERENCES award (id),
    created_at  BIGINT NOT NULL
);
CREATE INDEX claim_secret_award ON claim_secret (award_id);

-- A request that may be retried: the same key and body replay the same answer.
CREATE TABLE idempotency (
    organisation_id BIGINT NOT NULL,
    endpoint        TEXT NOT NULL,
    key             TEXT NOT NULL,
    request_hash    BYTEA NOT NULL,
    award_id        BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, endpoint, key)
);

-- What happened, and what is still to be done. ------------------------------

CREATE TABLE event (
    id              {{pk}},
    organisation_id BIGINT NOT NULL,
    kind            TEXT NOT NULL,
    subject         BIGINT NOT NULL,
    actor           BIGINT NOT NULL DEFAULT 0,
    data            TEXT NOT NULL DEFAULT '{}',
    at              BIGINT NOT NULL
);

CREATE INDEX event_subject ON event (subject, kind);

CREATE TABLE consumer_cursor (
    name   TEXT PRIMARY KEY,
    cursor BIGINT NOT NULL
);

CREATE TABLE job (
    id           {{pk}},
    kind         TEXT NOT NULL,
    key          TEXT NOT NULL DEFAULT '',
    payload      TEXT NOT NULL,
    run_at       BIGINT NOT NULL,
    attempts     BIGINT NOT NULL DEFAULT 0,
    leased_until BIGINT NOT NULL DEFAULT 0,
    again_at     BIGINT NOT NULL DEFAULT 0, -- asked for once more while it runs
    parked_at    BIGINT NOT NULL DEFAULT 0,
    last_error   TEXT NOT NULL DEFAULT '',
    created_at   BIGINT NOT NULL
);
CREATE INDEX job_due ON job (run_at) WHERE parked_at = 0;
CREATE UNIQUE INDEX job_key ON job (kind, key) WHERE key <> '';

CREATE TABLE outbox_mail (
    id              {{pk}},
    public_id       BYTEA NOT NULL UNIQUE,
    organisation_id BIGINT NOT NULL,
    award_id        BIGINT NOT NULL DEFAULT 0,
    sender_name     TEXT NOT NULL DEFAULT '',
    reply_to        TEXT NOT NULL DEFAULT '',
    recipient       TEXT NOT NULL,
    subject         TEXT NOT NULL,
    body_text       TEXT NOT NULL, -- emptied once the mail is handed over: it holds a secret link
    body_html       TEXT NOT NULL,
    sealed          BYTEA,         -- the secret link of the mail, encrypted; emptied with the text
    picture_key     TEXT NOT NULL DEFAULT '', -- blob of the PNG shown in the mail
    state           TEXT NOT NULL, -- waiting (no SMTP settings), queued, sent, failed
    attempts        BIGINT NOT NULL DEFAULT 0,
    last_error      TEXT NOT NULL DEFAULT '',
    next_at         BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    sent_at         BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX outbox_mail_organisation ON outbox_mail (organisation_id, id);
CREATE INDEX outbox_mail_award ON outbox_mail (award_id) WHERE award_id > 0;
CREATE INDEX outbox_mail_due ON outbox_mail (next_at) WHERE state = 'queued';

-- +goose Down
SELECT 1;
