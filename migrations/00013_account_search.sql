-- +goose Up

-- What accounts are found by: a row an account, folded by the server
-- (ledger/searchterms.go), so that a search depends on no locale of the cluster and on
-- no extension. terms hold three letters in a row of id and name, and one and
-- two at the beginning of each word. It is a table of its own because the row in
-- accounts is written anew with every decision. Accounts that stand are added
-- after the migrations and by every server, in pieces.
create table account_search (
    account_id text collate "C" primary key,
    created_at timestamptz not null,
    folded     text        not null,
    terms      text[]      not null
);
create index account_search_terms on account_search using gin (terms);
create index account_search_time on account_search (created_at, account_id);
drop index accounts_name;

grant select on account_search to spillway_app, spillway_reader;
grant insert on account_search to spillway_app;

-- +goose Down
drop table account_search;
create index accounts_name on accounts ((lower(name)) collate "C", account_id);
