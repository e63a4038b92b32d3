-- +goose Up
-- What has served its purpose is found without reading what is kept.
CREATE INDEX outbox_mail_sent ON outbox_mail (sent_at) WHERE state = 'sent' AND recipient <> '';
CREATE INDEX idempotency_age ON idempotency (created_at);

-- +goose Down
SELECT 1;
