-- +goose Up
-- May an organisation work, and if not, why? Suspending is the operator's
-- judgement, stopping a switch for emergencies; both leave verifying untouched.
ALTER TABLE organisation ADD COLUMN state TEXT NOT NULL DEFAULT 'active'; -- waiting, active, refused
ALTER TABLE organisation ADD COLUMN state_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE organisation ADD COLUMN decided_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE organisation ADD COLUMN suspended_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE organisation ADD COLUMN suspension_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE organisation ADD COLUMN stopped_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE organisation ADD COLUMN stop_reason TEXT NOT NULL DEFAULT '';
CREATE INDEX organisation_state ON organisation (state) WHERE state <> 'active';

-- What the operator has decided for the whole installation: one row.
CREATE TABLE installation_policy (
    id          BIGINT PRIMARY KEY,
    approval    TEXT NOT NULL DEFAULT 'auto', -- auto: all but the first organisation; always; never
    stopped_at  BIGINT NOT NULL DEFAULT 0,
    stop_reason TEXT NOT NULL DEFAULT ''
);
INSERT INTO installation_policy (id) VALUES (1);

CREATE TABLE department (
    id              {{pk}},
    public_id       BYTEA NOT NULL UNIQUE,
    organisation_id BIGINT NOT NULL REFERENCES organisation (id),
    parent_id       BIGINT NOT NULL DEFAULT 0, -- 0: right below the organisation
    name            TEXT NOT NULL,
    created_at      BIGINT NOT NULL
);
CREATE INDEX department_organisation ON department (organisation_id);
CREATE UNIQUE INDEX department_name ON department (organisation_id, parent_id, name);

ALTER TABLE badge ADD COLUMN department_id BIGINT NOT NULL DEFAULT 0; -- 0: the whole organisation's

CREATE TABLE custom_role (
    id              {{pk}},
    public_id       BYTEA NOT NULL UNIQUE,
    organisation_id BIGINT NOT NULL REFERENCES organisation (id),
    name            TEXT NOT NULL,
    permissions     TEXT NOT NULL, -- separated by spaces
    created_at      BIGINT NOT NULL,
    UNIQUE (organisation_id, name)
);

ALTER TABLE member ADD COLUMN custom_role_id BIGINT NOT NULL DEFAULT 0; -- with the role "custom"

-- Departments that a member's role is limited to; a member without rows here
-- has it for the whole organisation.
CREATE TABLE member_department (
    organisation_id BIGINT NOT NULL,
    account_id      BIGINT NOT NULL,
    department_id   BIGINT NOT NULL REFERENCES department (id),
    PRIMARY KEY (organisation_id, account_id, department_id)
);
CREATE INDEX member_department_department ON member_department (department_id);

-- Open invitations. One that is accepted or withdrawn is deleted: the audit log
-- knows of it, without the address.
CREATE TABLE invitation (
    id              {{pk}},
    public_id       BYTEA NOT NULL UNIQUE,
    organisation_id BIGINT NOT NULL REFERENCES organisation (id),
    address         TEXT NOT NULL,
    address_key     TEXT NOT NULL, -- lower-cased in Go
    role            TEXT NOT NULL,
    custom_role_id  BIGINT NOT NULL DEFAULT 0,
    departments     TEXT NOT NULL DEFAULT '[]', -- JSON list of department ids
    secret_hash     BYTEA NOT NULL UNIQUE,
    invited_by      BIGINT NOT NULL REFERENCES account (id),
    created_at      BIGINT NOT NULL,
    sent_at         BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    UNIQUE (organisation_id, address_key)
);
CREATE INDEX invitation_address ON invitation (address_key);

-- Programs of an organisation: they own tokens and cannot sign in.
CREATE TABLE service_account (
    id              {{pk}},
    public_id       BYTEA NOT NULL UNIQUE,
    organisation_id BIGINT NOT NULL REFERENCES organisation (id),
    name            TEXT NOT NULL,
    created_by      BIGINT NOT NULL REFERENCES account (id),
    created_at      BIGINT NOT NULL,
    disabled_at     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX service_account_organisation ON service_account (organisation_id);
CREATE UNIQUE INDEX service_account_name ON service_account (organisation_id, name) WHERE disabled_at = 0;

-- Tokens that are there already keep doing what they were made for.
ALTER TABLE api_token ADD COLUMN scopes TEXT NOT NULL DEFAULT 'badge.view award.view award.issue award.withdraw';
ALTER TABLE api_token ADD COLUMN service_account_id BIGINT NOT NULL DEFAULT 0; -- 0: its maker's own

-- Domains that an organisation says are its own.
CREATE TABLE organisation_domain (
    id              {{pk}},
    public_id       BYTEA NOT NULL UNIQUE,
    organisation_id BIGINT NOT NULL REFERENCES organisation (id),
    domain          TEXT NOT NULL, -- in ASCII, lower case
    token           TEXT NOT NULL, -- what the DNS record or the file holds
    created_at      BIGINT NOT NULL,
    checked_at      BIGINT NOT NULL DEFAULT 0,
    proven_at       BIGINT NOT NULL DEFAULT 0, -- the proof was first found; 0: none in force
    missing_since   BIGINT NOT NULL DEFAULT 0, -- the proof in force has not been found since then
    method          TEXT NOT NULL DEFAULT '',  -- dns, file
    problem         TEXT NOT NULL DEFAULT '',  -- what was wrong when it was last looked for
    UNIQUE (organisation_id, domain)
);

-- +goose Down
SELECT 1;
