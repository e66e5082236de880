-- +goose Up

-- What a batch writes comes as one array of rows for each table. As one array
-- for each column the database made, filled and joined as many lists: 24 for
-- an event.
create type event_row as (
    account_id text, id uuid, decision_id uuid, created_at timestamptz, fingerprint bigint, requested bigint, granted bigint,
    charged bigint, first_sequence bigint, hold_until timestamptz, retry_at timestamptz, plan_version integer, price_version integer,
    postings smallint, kind smallint, status smallint, reason smallint, allow_partial boolean, idempotency_key text, user_id text,
    feature text, plan_key text, steps text, metadata text
);
create type monetization_row as (
    account_id text, usage_event_id uuid, part smallint, kind smallint, bucket text, quantity bigint, credits bigint,
    price_version integer
);
create type posting_row as (
    account_id text, sequence bigint, grant_id uuid, source_id uuid, amount bigint, balance_after bigint,
    account_balance_after bigint, created_at timestamptz, ordinal integer, kind smallint, counter_account smallint, part smallint,
    hash bytea
);
create type lot_row as (
    account_id text, id uuid, remaining bigint, held bigint, voided_at timestamptz, expired_at timestamptz, due_at timestamptz,
    issues integer, postings integer, closed boolean
);
create type head_row as (
    account_id text, version uuid, decided_at timestamptz, sequence bigint, balance bigint, chain bytea, events bigint
);

-- +goose Down
drop type head_row, lot_row, posting_row, monetization_row, event_row;
