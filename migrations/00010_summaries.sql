-- +goose Up

-- What is found by its time is found by the summaries of usage_events_time and
-- balance_updates_time, a line for each 32 pages of the table. Only VACUUM
-- writes them for new pages, and until it comes every look for the newest rows
-- reads all that were written since the last one. So the server has them written
-- while it works, which takes the owner of the index: this function can do
-- nothing else.
--
-- It goes on at a page, as far as whole ranges go, a tenth of a second at most,
-- and returns the page to go on at. A range that has its summary costs a few
-- microseconds. The lock that writing one takes, VACUUM takes too: it is held
-- for a range at a time, and not waited for longer than what waits for an
-- autovacuum may (deadlock_timeout) before that is broken off. The function
-- gives up then: VACUUM writes the summaries itself. A table that is distributed
-- has no page here.
-- +goose StatementBegin
create function summarize_times(table_name text, page bigint) returns bigint language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set lock_timeout = '50ms'
as $$
declare
    began  constant timestamptz := clock_timestamp();
    ranges constant regclass := case table_name when 'usage_events' then 'public.usage_events_time'
                                                when 'balance_updates' then 'public.balance_updates_time' end;
    pages  constant bigint := pg_relation_size((select indrelid from pg_index where indexrelid = ranges)) / current_setting('block_size')::bigint;
    whole  constant bigint := pages - pages % 32;
begin
    page := least(page, whole); -- the table was restored from an older copy
    while page < whole and clock_timestamp() < began + interval '100 ms' loop
        perform brin_summarize_range(ranges, page);
        page := page + 32;
    end loop;
    return page;
exception when lock_not_available then
    return page;
end
$$;
-- +goose StatementEnd
revoke execute on function summarize_times from public;
grant execute on function summarize_times to spillway_app;

-- +goose Down
drop function summarize_times;
