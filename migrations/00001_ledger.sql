-- +goose Up

-- The three roles: the owner runs this file; spillway_app is what the server
-- works as; spillway_reader may only look.
-- +goose StatementBegin
do $$
begin
    if not exists (select from pg_roles where rolname = 'spillway_app') then
        create role spillway_app nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'spillway_reader') then
        create role spillway_reader nologin;
    end if;
exception when duplicate_object or unique_violation then
    null; -- another migration of the same cluster was faster
end
$$;
-- +goose StatementEnd

-- One row an account: its settings and the heads of its books. Every writer
-- locks it first. No column that changes is in an index, and half of each page
-- stays free, so that updates stay on their page (HOT).
create table accounts (
    account_id       text collate "C" primary key check (account_id ~ '^[A-Za-z0-9._:@/-]{1,128}$'),
    name             text        not null,
    status           smallint    not null check (status in (1, 2)),          -- 1 active, 2 suspended
    plan_key         text        not null,
    spend_cap        bigint      check (spend_cap >= 0),                     -- millionths of a credit
    spend_cap_period smallint    check (spend_cap_period between 1 and 3),   -- 1 day, 2 week, 3 month
    version          uuid        not null,       -- fresh with every write; compared for equality only
    decided_at       timestamptz not null,       -- no later decision is earlier than this
    sequence         bigint      not null default 0 check (sequence >= 0),   -- of the newest posting
    balance          bigint      not null default 0,                         -- millionths, by the postings
    chain            bytea       not null default decode(repeat('00', 32), 'hex') check (length(chain) = 32),
    created_at       timestamptz not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
create index accounts_name on accounts ((lower(name)) collate "C");

-- Each request answered: what was asked, what was granted, step by step and
-- why. Settlements, releases, expiries and refunds are rows of their own that
-- name the decision they belong to.
create table usage_events (
    id              uuid        not null,        -- UUIDv7, ascending within an account
    decision_id     uuid,                        -- null: the row is the decision itself
    created_at      timestamptz not null,
    fingerprint     bigint      not null,        -- of the request
    requested       bigint      not null check (requested >= 0),
    granted         bigint      not null check (granted >= 0 and granted <= requested),
    charged         bigint      not null check (charged >= 0),               -- millionths of a credit
    first_sequence  bigint      check (first_sequence > 0),
    hold_until      timestamptz,
    retry_at        timestamptz,
    plan_version    integer     not null,
    price_version   integer     not null,        -- of the moment; 0: the feature has no price
    postings        smallint    not null check (postings >= 0),
    kind            smallint    not null check (kind between 1 and 5),       -- authorize, settle, release, expire, refund
    status          smallint    not null check (status between 1 and 6),
    reason          smallint    not null check (reason between 1 and 10),
    allow_partial   boolean     not null,
    account_id      text collate "C" not null,
    idempotency_key text collate "C" not null,
    user_id         text        not null,
    feature         text        not null,
    plan_key        text        not null,
    steps           text        not null,        -- ledger/steps.go says how to read it
    metadata        text,
    primary key (account_id, id),
    unique (account_id, idempotency_key)
);
create index usage_events_follow on usage_events (account_id, decision_id) where decision_id is not null;
create index usage_events_time on usage_events using brin (created_at) with (pages_per_range = 32);

-- What each funded part costs. Its key is that of the usage event and the
-- part's number.
create table monetization_events (
    usage_event_id uuid     not null,
    quantity       bigint   not null check (quantity > 0),
    credits        bigint   not null check (credits >= 0),                   -- millionths of a credit
    price_version  integer  check (price_version > 0),                       -- null: no price was charged
    part           smallint not null check (part >= 0),
    kind           smallint not null check (kind between 1 and 5),
    account_id     text collate "C" not null,
    bucket         text     not null,
    primary key (account_id, usage_event_id, part)
);

-- The postings: what each part, and each change of a grant, did to a grant.
-- The other side is the counter account; over both the amounts sum to zero.
create table balance_updates (
    sequence              bigint      not null check (sequence > 0),
    grant_id              uuid        not null,
    source_id             uuid        not null,  -- the usage event, or the grant for what happens to it by itself
    amount                bigint      not null,  -- signed; millionths of a credit or whole units
    balance_after         bigint      not null check (balance_after >= 0),
    account_balance_after bigint      not null check (account_balance_after >= 0),
    created_at            timestamptz not null,
    ordinal               integer     not null,  -- within the source
    kind                  smallint    not null check (kind between 1 and 8),
    counter_account       smallint    not null check (counter_account between 1 and 8),
    part                  smallint,              -- of the monetization event
    account_id            text collate "C" not null,
    hash                  bytea       not null check (length(hash) = 32),
    primary key (account_id, sequence)
);
create index balance_updates_time on balance_updates using brin (created_at) with (pages_per_range = 32);

-- The lots. amount and remaining are in the grant's denomination.
create table grants (
    id              uuid        not null,
    remaining       bigint      not null check (remaining >= 0),
    held            bigint      not null check (held >= 0),
    amount          bigint      not null check (amount > 0),
    effective_at    timestamptz not null,
    expires_at      timestamptz check (expires_at > effective_at),
    voided_at       timestamptz,
    expired_at      timestamptz,                 -- when its EXPIRY was posted
    due_at          timestamptz,                 -- when it next expires or is issued again
    created_at      timestamptz not null,
    rollover_limit  bigint      check (rollover_limit >= 0),
    fingerprint     bigint      not null,
    priority        integer     not null,
    issues          integer     not null check (issues >= 1),                -- how often it was issued
    postings        integer     not null check (postings >= 0),              -- that it is itself the source of
    kind            smallint    not null check (kind between 3 and 5),
    recurrence      smallint    check (recurrence between 1 and 3),
    units           boolean     not null,
    closed          boolean     not null,        -- nothing can be drawn from it any more
    account_id      text collate "C" not null,
    idempotency_key text collate "C" not null,
    features        text[],                      -- null: every feature
    reference       text,
    note            text,
    primary key (account_id, id),
    unique (account_id, idempotency_key)
) with (fillfactor = 50);
create index grants_open on grants (account_id) where not closed;
create index grants_due on grants (due_at) where due_at is not null;

-- The open holds: a row lives from the authorize to its settlement, release or
-- expiry.
create table holds (
    decision_id uuid        not null,
    expires_at  timestamptz not null,
    account_id  text collate "C" not null,
    primary key (account_id, decision_id)
);
create index holds_due on holds (expires_at);

-- Who changed what, and why: written with the change.
create table audit_log (
    id         uuid        not null,
    at         timestamptz not null,
    account_id text collate "C" not null,        -- '' for what belongs to no account
    actor      text        not null,
    action     text        not null,
    reason     text        not null,
    before     jsonb,
    after      jsonb,
    primary key (account_id, id)
);
create index audit_log_time on audit_log (id);

-- The catalog: features, prices and plans, in versions that never change.
create table features (
    feature_key text collate "C" primary key,
    name        text    not null,
    unit        text    not null,
    divisible   boolean not null
);
create table prices (
    feature_key    text collate "C" not null,
    version        integer     not null check (version > 0),
    credits        bigint      not null check (credits > 0),                 -- millionths for `per` units
    per            bigint      not null check (per > 0),
    effective_from timestamptz not null,
    primary key (feature_key, version)
);
create table plans (
    plan_key     text collate "C" not null,
    version      integer     not null check (version > 0),
    name         text        not null,
    features     jsonb       not null,
    published_at timestamptz not null,
    primary key (plan_key, version)
);
-- A single row whose change tells every process to read the catalog again.
create table catalog_version (
    singleton boolean primary key default true check (singleton),
    version   bigint not null
);
insert into catalog_version (version) values (1);

grant usage on schema public to spillway_app, spillway_reader;
grant select on all tables in schema public to spillway_app, spillway_reader; -- goose_db_version too
grant insert on usage_events, monetization_events, balance_updates, audit_log to spillway_app;
grant insert, update on accounts, grants, features, catalog_version to spillway_app;
grant insert on prices, plans to spillway_app;
grant insert, delete on holds to spillway_app;

-- +goose Down
drop table catalog_version, plans, prices, features, audit_log, holds, grants, balance_updates, monetization_events,
    usage_events, accounts;
