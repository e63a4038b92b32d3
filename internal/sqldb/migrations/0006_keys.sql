-- +goose Up
-- Signing keys have a history: a key is prepared, signs, and is retired or, when
-- somebody else may have it, marked compromised. One signs for a purpose at a time.
ALTER TABLE signing_key ADD COLUMN kind TEXT NOT NULL DEFAULT 'ed25519'; -- ed25519, p256, p384, rsa2048
ALTER TABLE signing_key ADD COLUMN purpose TEXT NOT NULL DEFAULT 'badge'; -- badge (Data Integrity), token (JWT)
ALTER TABLE signing_key ADD COLUMN fragment TEXT NOT NULL DEFAULT '';     -- its name behind the # of a DID
ALTER TABLE signing_key ADD COLUMN imported BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE signing_key ADD COLUMN activated_at BIGINT NOT NULL DEFAULT 0;   -- 0: prepared, published but not signing
ALTER TABLE signing_key ADD COLUMN compromised_at BIGINT NOT NULL DEFAULT 0; -- not to be believed from then on
ALTER TABLE signing_key ADD COLUMN reported_at BIGINT NOT NULL DEFAULT 0;    -- when that was marked
UPDATE signing_key SET fragment = public_key, activated_at = CASE WHEN created_at = 0 THEN 1 ELSE created_at END;
-- Of several that signed so far, the newest did.
UPDATE signing_key SET retired_at = activated_at WHERE retired_at = 0 AND EXISTS
    (SELECT 1 FROM signing_key k WHERE k.organisation_id = signing_key.organisation_id AND k.retired_at = 0 AND k.id > signing_key.id);
CREATE UNIQUE INDEX signing_key_in_force ON signing_key (organisation_id, purpose) WHERE activated_at > 0 AND retired_at = 0;
CREATE UNIQUE INDEX signing_key_fragment ON signing_key (fragment);

-- The installation's own issuers are renewed too. Here kind says which place an
-- issuer has: a retired one makes room for the next.
ALTER TABLE issuer_key ADD COLUMN algorithm TEXT NOT NULL DEFAULT ''; -- ed25519, p256, p384
ALTER TABLE issuer_key ADD COLUMN retired_at BIGINT NOT NULL DEFAULT 0;
UPDATE issuer_key SET algorithm = kind;

-- Identities of organisations on domains of their own (did:web).
CREATE TABLE web_identity (
    id              {{pk}},
    organisation_id BIGINT NOT NULL REFERENCES organisation (id),
    did             TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    checked_at      BIGINT NOT NULL DEFAULT 0,
    good_at         BIGINT NOT NULL DEFAULT 0, -- when its file was last found right
    findings        TEXT NOT NULL DEFAULT '[]', -- JSON list: what was wrong at checked_at
    adopted_at      BIGINT NOT NULL DEFAULT 0, -- documents carry it from then on
    left_at         BIGINT NOT NULL DEFAULT 0, -- and no longer from then on
    UNIQUE (organisation_id, did)
);
CREATE UNIQUE INDEX web_identity_adopted ON web_identity (did) WHERE adopted_at > 0;
CREATE UNIQUE INDEX web_identity_in_use ON web_identity (organisation_id) WHERE adopted_at > 0 AND left_at = 0;

-- A list speaks for credentials of one issuer: '' is the organisation's identity
-- on our own host. signed_key signed the document that is there.
ALTER TABLE status_list ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE status_list ADD COLUMN signed_key BIGINT NOT NULL DEFAULT 0;
-- Made anew at the next request, and recorded then.
UPDATE status_list SET signed_at = 0;
UPDATE attestation_list SET signed_at = 0;

-- The journal: every signature that left the signer, written in the transaction
-- that keeps what was signed.
CREATE TABLE signature_record (
    id              {{pk}},
    kind            TEXT NOT NULL, -- credential, list, attestation, attestation_list
    organisation_id BIGINT NOT NULL,
    signing_key_id  BIGINT REFERENCES signing_key (id), -- of an organisation
    issuer_key_id   BIGINT REFERENCES issuer_key (id),  -- of the installation
    subject         BIGINT NOT NULL, -- id of the award, the list or the attestation
    digest          BYTEA NOT NULL,  -- SHA-256 of the signed document
    at              BIGINT NOT NULL,
    CHECK ((signing_key_id IS NULL) <> (issuer_key_id IS NULL)),
    CHECK (length(digest) = 32)
);
CREATE INDEX signature_record_key ON signature_record (signing_key_id, at);
CREATE INDEX signature_record_issuer ON signature_record (issuer_key_id, at);
CREATE INDEX signature_record_subject ON signature_record (subject, kind);
-- An award and an attestation are signed once.
CREATE UNIQUE INDEX signature_record_once ON signature_record (subject, kind) WHERE kind IN ('credential', 'attestation');

-- What was signed before there was a journal: up to these ids it may be missing.
INSERT INTO setting (key, value) SELECT 'journal.awards', CAST(coalesce(max(id), 0) AS TEXT) FROM award WHERE document IS NOT NULL;
INSERT INTO setting (key, value) SELECT 'journal.attestations', CAST(coalesce(max(id), 0) AS TEXT) FROM attestation WHERE signed_at > 0;

-- A key gets no record of a time at which it did not sign, and so nothing that
-- it signed then is kept; and no record is changed.
{{sqlite}}
-- +goose StatementBegin
CREATE TRIGGER signature_record_in_force BEFORE INSERT ON signature_record
WHEN NEW.signing_key_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM signing_key k WHERE k.id = NEW.signing_key_id
    AND k.organisation_id = NEW.organisation_id AND k.activated_at > 0 AND (k.retired_at = 0 OR NEW.at < k.retired_at))
  OR NEW.issuer_key_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM issuer_key k WHERE k.id = NEW.issuer_key_id
    AND (k.retired_at = 0 OR NEW.at < k.retired_at OR NEW.kind = 'attestation_list'))
BEGIN
    SELECT RAISE(ABORT, 'signature_record: this key does not sign');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER signature_record_kept BEFORE UPDATE ON signature_record
BEGIN
    SELECT RAISE(ABORT, 'signature_record: records are not changed');
END;
-- +goose StatementEnd
{{end}}
{{postgres}}
-- +goose StatementBegin
CREATE FUNCTION signature_record_check() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (SELECT 1 FROM (SELECT signing_key_id, issuer_key_id, organisation_id, kind = 'attestation_list' AS list, max(at) AS at
            FROM added GROUP BY 1, 2, 3, 4) r
        WHERE r.signing_key_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM signing_key k WHERE k.id = r.signing_key_id
                AND k.organisation_id = r.organisation_id AND k.activated_at > 0 AND (k.retired_at = 0 OR r.at < k.retired_at))
           OR r.issuer_key_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM issuer_key k WHERE k.id = r.issuer_key_id
                AND (k.retired_at = 0 OR r.at < k.retired_at OR r.list))) THEN
        RAISE EXCEPTION 'signature_record: this key does not sign' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$body$;
-- +goose StatementEnd
CREATE TRIGGER signature_record_in_force AFTER INSERT ON signature_record
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION signature_record_check();
-- +goose StatementBegin
CREATE FUNCTION signature_record_keep() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'signature_record: records are not changed' USING ERRCODE = 'check_violation';
END
$body$;
-- +goose StatementEnd
CREATE TRIGGER signature_record_kept BEFORE UPDATE ON signature_record FOR EACH ROW EXECUTE FUNCTION signature_record_keep();
{{end}}

-- +goose Down
SELECT 1;
