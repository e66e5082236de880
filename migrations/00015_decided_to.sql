-- +goose Up

-- Up to when everything was decided as a reconciliation of what was new listed the
-- accounts: the next one goes on there. Null: not known.
alter table reconciliations add column decided_to timestamptz;

-- +goose Down
alter table reconciliations drop column decided_to;
