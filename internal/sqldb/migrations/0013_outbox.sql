-- +goose Up
-- What has served its purpose is found without reading what is kept.
CREATE INDEX outbox_mail_sent ON outbox_mail (sent_at) WHERE state = 'sent' AND recipient <> '';
CREATE INDEX idempotency_age ON idempotency (created_at);

-- Without a mail server mails stay queued; that they wait for one is shown, not stored.
UPDATE outbox_mail SET state = 'queued', next_at = 0 WHERE state = 'waiting';

-- +goose Down
SELECT 1;
