-- +goose Up

-- What a rate limit or the free tier paid alone costs nothing, and its rows here
-- repeated the steps of the usage event. From now on they are told by these
-- (ledger/costless.go), and verify names such a row as a fault; so nobody of an
-- earlier version may go on writing them. The space is used again by what is
-- written next.
delete from monetization_events m using usage_events u
    where u.account_id = m.account_id and u.id = m.usage_event_id
        and u.kind = 1 and u.status = 1 and u.postings = 0; -- authorized, allowed
comment on table monetization_events is
    'What each funded part of a usage event costs; the parts of an event that is allowed without postings cost nothing, are its steps, and are not here.';

-- +goose Down

-- Each step of these that gave something is a row again, as it was: the kind's
-- letter with the bucket's key, what was available, what was taken.
insert into monetization_events (account_id, usage_event_id, part, kind, bucket, quantity, credits, price_version)
    select u.account_id, u.id, row_number() over (partition by u.account_id, u.id order by s.place) - 1,
        strpos('RTPEC', upper(left(s.step, 1))), substr(split_part(s.step, ',', 1), 2), split_part(s.step, ',', 3)::bigint, 0, null
    from usage_events u cross join lateral string_to_table(u.steps, ';') with ordinality s(step, place)
    where u.kind = 1 and u.status = 1 and u.postings = 0 and split_part(s.step, ',', 3) <> '';
comment on table monetization_events is null;
