-- +goose Up
-- The organisation whose own provider said who the person is, 0 for none: such
-- a session is good for that organisation, until the person has shown by means
-- of their own that it is they.
ALTER TABLE session ADD COLUMN vouched_by BIGINT NOT NULL DEFAULT 0;

-- +goose Down
SELECT 1;
