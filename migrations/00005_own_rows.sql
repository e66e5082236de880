-- +goose Up

-- The second wall: what is read for a person is read as spillway_user, to whom
-- the rows of one account exist, that of the setting spillway.account, and none
-- where it is not set. The server's own role and the reader see all rows as
-- before; to them the policy is a constant and costs no plan anything.
-- +goose StatementBegin
do $$
begin
    if not exists (select from pg_roles where rolname = 'spillway_user') then
        create role spillway_user nologin;
    end if;
exception when duplicate_object or unique_violation then
    null; -- another migration of the same cluster was faster
end
$$;
-- +goose StatementEnd
grant spillway_user to spillway_app; -- whoever may work as the one may as the other

grant usage on schema public to spillway_user;
grant select on accounts, grants, usage_events, monetization_events, balance_updates, features, prices, plans, catalog_version to spillway_user;

-- +goose StatementBegin
do $$
declare
    name text;
begin
    foreach name in array array['accounts', 'grants', 'usage_events', 'monetization_events', 'balance_updates'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy every_row on %I to spillway_app, spillway_reader using (true) with check (true)', name);
        execute format('create policy own_rows on %I for select to spillway_user using (account_id = current_setting(''spillway.account'', true))', name);
    end loop;
end
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
do $$
declare
    name text;
begin
    foreach name in array array['accounts', 'grants', 'usage_events', 'monetization_events', 'balance_updates'] loop
        execute format('drop policy own_rows on %I', name);
        execute format('drop policy every_row on %I', name);
        execute format('alter table %I disable row level security', name);
    end loop;
end
$$;
-- +goose StatementEnd
revoke select on accounts, grants, usage_events, monetization_events, balance_updates, features, prices, plans, catalog_version from spillway_user;
revoke usage on schema public from spillway_user;
