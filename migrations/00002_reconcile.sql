-- +goose Up

-- How many usage events the account has: a refusal leaves no other trace, so
-- that only the count tells when one was taken away.
alter table accounts add column events bigint not null default 0 check (events >= 0);
update accounts a set events = (select count(*) from usage_events u where u.account_id = a.account_id);

-- The verifications that were kept: of one account, or, with '', of all.
create table reconciliations (
    account_id          text collate "C" not null,
    id                  uuid        not null,    -- UUIDv7, ascending
    started_at          timestamptz not null,
    finished_at         timestamptz,             -- null: still running, or broken off
    scope               smallint    not null check (scope in (1, 2)),        -- 1 everything, 2 what was new since the last of these
    accounts            bigint      not null default 0,
    usage_events        bigint      not null default 0,
    monetization_events bigint      not null default 0,
    balance_updates     bigint      not null default 0,
    mismatches          bigint      not null default 0,                      -- found; the first thousand are kept
    primary key (account_id, id)
);
create index reconciliations_time on reconciliations (id);
create index reconciliations_new on reconciliations (started_at) where scope = 2 and finished_at is not null;

-- What did not add up. account_id is that of the reconciliation, so that the
-- rows of one lie together; at_account is whose records are at fault.
create table mismatches (
    account_id        text collate "C" not null,
    reconciliation_id uuid    not null,
    number            integer not null check (number >= 0),
    at_account        text    not null,
    check_name        text    not null,
    expected          text    not null,
    found             text    not null,
    reference         text    not null,          -- '' for the account as a whole
    primary key (account_id, reconciliation_id, number)
);

grant select on reconciliations, mismatches to spillway_app, spillway_reader;
grant insert, update on reconciliations to spillway_app;
grant insert on mismatches to spillway_app;

-- +goose Down
drop table mismatches, reconciliations;
alter table accounts drop column events;
