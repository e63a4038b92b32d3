-- +goose Up
-- When a person's data was erased on request. The row stays, without the person:
-- its places in the status lists are taken for good.
ALTER TABLE award ADD COLUMN erased_at BIGINT NOT NULL DEFAULT 0;

-- From closed_at on nobody is given a place: the installation was restored from
-- a backup, and nobody knows which places were taken after that.
ALTER TABLE status_list ADD COLUMN closed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attestation_list ADD COLUMN closed_at BIGINT NOT NULL DEFAULT 0;

-- Every erasure, so that it can be repeated on a backup that is older. The
-- address itself is not in it.
CREATE TABLE erasure (
    id              {{pk}},
    public_id       BYTEA NOT NULL UNIQUE,
    organisation_id BIGINT NOT NULL, -- 0: all organisations
    address_hash    BYTEA NOT NULL,  -- with the installation's salt
    awards          TEXT NOT NULL,   -- JSON list of public ids
    keep_documents  BOOLEAN NOT NULL,
    actor           BIGINT NOT NULL DEFAULT 0, -- 0: on the command line, or while restoring
    at              BIGINT NOT NULL
);

-- Places in status lists that stay set although the award they belong to is
-- not here: it was issued after the backup that this installation was restored
-- from, and withdrawn or paused.
CREATE TABLE status_kept (
    list_id  BIGINT NOT NULL REFERENCES status_list (id),
    position BIGINT NOT NULL,
    PRIMARY KEY (list_id, position)
);

CREATE TABLE attestation_kept (
    list_id  BIGINT NOT NULL REFERENCES attestation_list (id),
    position BIGINT NOT NULL,
    value    BIGINT NOT NULL,
    PRIMARY KEY (list_id, position)
);

-- Which journals beside the backups go on from this data: one row. A restored
-- copy gets a generation of its own, for it counts its events anew.
CREATE TABLE journal (
    id         BIGINT PRIMARY KEY,
    generation TEXT NOT NULL,
    salt       BYTEA NOT NULL, -- of the addresses' hashes; stays the same
    created_at BIGINT NOT NULL
);

-- +goose Down
SELECT 1;
