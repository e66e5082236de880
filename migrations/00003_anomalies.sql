-- +goose Up

-- What the server noticed by itself. Its rows are written by one process at a
-- time, which holds an advisory lock from its look at the data to its commit.
create table anomalies (
    account_id  text collate "C" not null,       -- '' for what belongs to no account
    id          uuid             not null,       -- UUIDv7 of opened_at
    change      bigint           not null check (change > 0), -- ascends with every opening and resolution
    opened_at   timestamptz      not null,
    resolved_at timestamptz      check (resolved_at >= opened_at),
    since       timestamptz      not null,       -- when the cause began
    observed    double precision not null,
    expected    double precision not null,
    kind        smallint         not null check (kind between 1 and 7), -- ledger/anomalies.go names them
    feature     text             not null,       -- '' where no single one is at fault
    message     text             not null,
    primary key (account_id, id)
);
-- One at a time of a kind, and each cause once.
create unique index anomalies_at_once on anomalies (account_id, kind) where resolved_at is null;
create unique index anomalies_cause on anomalies (account_id, kind, since);
create index anomalies_time on anomalies (id);
create index anomalies_open on anomalies (id) where resolved_at is null;
create index anomalies_resolved on anomalies (id) where resolved_at is not null;
create unique index anomalies_change on anomalies (change);

-- What an account usually does, a row for each UTC day on which it asked for
-- anything: counted from usage_events, and only of the days that the watch
-- compares with.
create table account_days (
    account_id   text collate "C" not null,
    day          date    not null,
    hours        integer not null check (hours between 0 and 16777215),      -- bit h: something was asked for in hour h
    peak_spent   bigint  not null check (peak_spent >= 0),                   -- millionths, in the ten minutes that cost most
    peak_denials bigint  not null check (peak_denials >= 0),                 -- in the ten minutes that had most
    primary key (account_id, day)
) with (fillfactor = 50);
create index account_days_day on account_days (day);

-- Keys that were sent again with another request, by minute, added up over all
-- processes.
create table key_conflicts (
    account_id text collate "C" not null,
    minute     timestamptz not null,
    conflicts  bigint      not null check (conflicts > 0),
    primary key (account_id, minute)
) with (fillfactor = 50);

-- How far the watch has come: a single row.
create table anomaly_watch (
    singleton     boolean primary key default true check (singleton),
    counted_to    timestamptz not null,          -- account_days holds what happened before
    reconciled_to timestamptz not null,          -- what reconciliations found before was looked at
    next_at       timestamptz not null           -- no process begins a pass earlier
);
insert into anomaly_watch (counted_to, reconciled_to, next_at) values ('epoch', 'epoch', 'epoch');

grant select on anomalies, account_days, key_conflicts, anomaly_watch to spillway_app, spillway_reader;
grant insert, update on anomalies, account_days, key_conflicts to spillway_app;
grant delete on account_days, key_conflicts to spillway_app;
grant update on anomaly_watch to spillway_app;

-- +goose Down
drop table anomaly_watch, key_conflicts, account_days, anomalies;
