-- +goose Up

-- Each list reads its page by an index that has its order. None of the columns
-- ever changes, so that updates of the rows stay on their page (HOT).
create index accounts_time on accounts (created_at, account_id);
drop index accounts_name;
create index accounts_name on accounts ((lower(name)) collate "C", account_id);
drop index grants_open;
create index grants_open on grants (account_id, id) where not closed;

-- +goose Down
drop index accounts_time, accounts_name, grants_open;
create index accounts_name on accounts ((lower(name)) collate "C");
create index grants_open on grants (account_id) where not closed;
