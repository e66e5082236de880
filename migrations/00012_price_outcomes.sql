-- +goose Up

-- What became of a price that was set: it began to count, or it was withdrawn
-- before. The key lets one of the two happen and never the other, whichever
-- process is first; the price itself stays as it was set.
create table price_outcomes (
    feature_key text collate "C" not null,
    version     integer     not null,
    outcome     smallint    not null check (outcome in (1, 2)),              -- 1 begun, 2 withdrawn
    at          timestamptz not null,                                        -- when that was recorded
    primary key (feature_key, version)
);
insert into price_outcomes (feature_key, version, outcome, at)
    select feature_key, version, 1, effective_from from prices where effective_from <= now();

grant select on price_outcomes to spillway_app, spillway_reader, spillway_user;
grant insert on price_outcomes to spillway_app;

-- +goose Down
drop table price_outcomes;
