package ledger

// spentSQL and deniedSQL are what a usage event counts for: a hold is spent
// when it is settled.
const (
	spentSQL  = `case when u.kind = 2 or u.kind = 1 and u.status = 1 then u.charged else 0 end`
	deniedSQL = `case when u.kind = 1 and u.status = 2 then 1 else 0 end`
)

// clearedSQL is what a reconciliation r must be to clear the account k: of all
// its records, begun later, and without a fault of it.
const clearedSQL = `r.id >= k.first and r.started_at > k.since and r.finished_at is not null and r.scope = 1
				and not exists (select from mismatches m where m.account_id = r.account_id and m.reconciliation_id = r.id
					and m.at_account = k.account_id and (m.check_name = $5) = $4)`

const dayColumns = `account_id, day - date '1970-01-01', hours, peak_spent, peak_denials`

// The statements of a pass of the watch. What they cost depends on what has
// happened since the last, and on the accounts they name.
const (
	sqlPaces = `select account_id, feature, least(spent, 9223372036854775807)::bigint, denials::bigint
		from (select u.account_id, u.feature, sum(` + spentSQL + `) as spent, sum(` + deniedSQL + `) as denials
			from usage_events u where u.created_at >= $1 and u.created_at < $2 group by 1, 2) f
		where spent > 0 or denials > 0`

	sqlCountDays = `select account_id, slot::date - date '1970-01-01', bit_or(hour),
			least(max(spent), 9223372036854775807)::bigint, max(denials)::bigint
		from (select u.account_id, date_bin('10 minutes', u.created_at, 'epoch') at time zone 'UTC' as slot,
				bit_or(case when u.kind = 1 then 1 << extract(hour from u.created_at at time zone 'UTC')::integer else 0 end) as hour,
				sum(` + spentSQL + `) as spent, sum(` + deniedSQL + `) as denials
			from usage_events u where u.created_at >= $1 and u.created_at < $2 group by 1, 2) s
		group by 1, 2 having bit_or(hour) <> 0 or max(spent) > 0`

	sqlLastUse = `select a.account_id, u.created_at from accounts a cross join lateral (
			select created_at from usage_events u where u.account_id = a.account_id and u.decision_id is null order by u.id desc limit 1) u
		where a.account_id = any($1) and a.status = 1`

	sqlOverdue = `select k.account_id, h.count, h.oldest from (
			select account_id from (select account_id from (select account_id, expires_at from holds where expires_at < $1 order by expires_at limit $2) h
				group by account_id order by min(expires_at), account_id limit $3) worst
			union select unnest($4::text[])) k(account_id)
		cross join lateral (select count(*), min(expires_at) as oldest from holds h where h.account_id = k.account_id and h.expires_at < $1) h
		where h.count > 0 order by h.oldest, k.account_id`

	sqlCleared = `select distinct on (k.account_id) k.account_id, r.finished_at from unnest($1::text[], $2::timestamptz[], $3::uuid[]) k(account_id, since, first)
		cross join lateral (
			(select r.finished_at from reconciliations r where r.account_id = k.account_id and ` + clearedSQL + ` order by r.id desc limit 1)
			union all
			(select r.finished_at from reconciliations r where r.account_id = '' and not $4 and r.mismatches <= $6 and ` + clearedSQL + ` order by r.id desc limit 1)) r
		order by k.account_id, r.finished_at desc`

	sqlFaults = `select m.at_account, m.counters, m.count, r.started_at, r.finished_at
		from reconciliations r cross join lateral (select m.at_account, m.check_name = $3 as counters, count(*) from mismatches m
			where m.account_id = r.account_id and m.reconciliation_id = r.id group by 1, 2) m
		where r.id >= $1 and r.finished_at >= $2 and r.mismatches > 0 and 0 = (select count(*) from anomalies a
			where a.account_id = m.at_account and a.kind = case when m.counters then $4::smallint else $5 end and a.resolved_at > r.finished_at)
		order by r.id, m.at_account`

	sqlDays = `select d.* from unnest($1::text[]) k(account_id)
		cross join lateral (select ` + dayColumns + ` from account_days d where d.account_id = k.account_id
			and day >= date '1970-01-01' + $2::integer and day < date '1970-01-01' + $3::integer order by day limit $3 - $2) d`

	sqlGoneSilent = `select ` + dayColumns + ` from account_days where account_id in (
			select account_id from account_days where day >= date '1970-01-01' + $1::integer
			group by account_id having count(*) >= 7 and max(day) <= date '1970-01-01' + $2::integer
				and not bool_or(day = date '1970-01-01' + $2::integer and hours >> ($3::integer + 1) <> 0))
		and day >= date '1970-01-01' + $1::integer order by account_id, day`

	sqlConflicts = `select account_id, sum(conflicts)::bigint from key_conflicts where minute > $1
		group by account_id order by account_id`
)
