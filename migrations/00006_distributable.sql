-- +goose Up

-- Every unique key begins with account_id, so that the tables can be
-- distributed by account. What the unique index ensured, the watch does: it is
-- one process at a time that numbers the changes.
drop index anomalies_change;
create index anomalies_change on anomalies (change);

-- +goose Down
drop index anomalies_change;
create unique index anomalies_change on anomalies (change);
