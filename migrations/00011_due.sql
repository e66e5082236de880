-- +goose Up

-- What is due is done by the account's next batch before it decides. When its
-- next hold ends, the row that is locked anyway says: no open hold ends earlier.
alter table accounts add column hold_due timestamptz;
update accounts a set hold_due = h.hold_due
    from (select account_id, min(expires_at) as hold_due from holds group by account_id) h where h.account_id = a.account_id;
grant update (hold_due) on accounts to spillway_app;

-- What a recurring grant had when it was last issued; null: its amount. And how
-- much more could have been left over at its newest renewals, the oldest first;
-- null: nothing was held then.
alter table grants add column opening bigint check (opening > 0);
alter table grants add column rooms bigint[];

-- From then on grants are spent as what is left of them would be lost, and what
-- a hold returns counts to the issue that it was drawn from. verify holds earlier
-- records to what was right then.
create table rules_since (
    singleton boolean primary key default true check (singleton),
    renewals  timestamptz not null
);
insert into rules_since (renewals) values (case when exists (select from usage_events) then now() else 'epoch' end);
grant select on rules_since to spillway_app, spillway_reader;

-- The rows that a batch writes.
alter type lot_row add attribute opening bigint;
alter type lot_row add attribute rooms bigint[];
alter type head_row add attribute hold_due timestamptz;

-- Who reads their own account sees which of its holds are over.
grant select on holds to spillway_user;
alter table holds enable row level security;
create policy every_row on holds to spillway_app, spillway_reader using (true) with check (true);
create policy own_rows on holds for select to spillway_user using (account_id = current_setting('spillway.account', true));

-- What was used of the grants that stand and are spent, for the buckets.
create index grants_spent on grants (account_id) where closed and voided_at is null and expired_at is null;

-- +goose Down
drop index grants_spent;
drop policy own_rows on holds;
drop policy every_row on holds;
alter table holds disable row level security;
revoke select on holds from spillway_user;
alter type head_row drop attribute hold_due;
alter type lot_row drop attribute rooms;
alter type lot_row drop attribute opening;
drop table rules_since;
alter table grants drop column rooms;
alter table grants drop column opening;
alter table accounts drop column hold_due;
