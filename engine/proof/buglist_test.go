package proof_test

// bugs are mistakes that somebody could make tomorrow, in the protocol, in what
// counts and in what pays.
var bugs = []bug{
	// The protocol.
	{"an error of COMMIT is not looked at", "engine/batch.go",
		"	if err != nil {\n		return err\n	}\n	b.keep()\n", "	_ = err\n	b.keep()\n", storm},
	{"an unknown outcome counts as a failure", "engine/worker.go", "errors.As(err, &unknown) || ledger.Away(err):", "!errors.As(err, &unknown) && ledger.Away(err):", storm},
	{"an error at COMMIT counts as a refusal", "ledger/write.go",
		"	return &UnknownOutcomeError{err}\n", "	return fmt.Errorf(\"rolled back: %s\", err)\n", cuts},
	{"an earlier decision of the key is not looked for", "engine/funding.go", "	e := b.loaded.Earlier[ref]\n", "	var e *ledger.Event\n", storm},
	{"the same key twice in one batch is two decisions", "engine/funding.go", "if d := b.made[ref]; d != nil {", "if d := b.made[ref]; d != nil && false {", storm},
	{"another request under a used key is answered", "engine/funding.go",
		"	if e.Kind != kind || e.Fingerprint != print {\n		return nil, keyConflict(\"idempotencyKey\")\n	}\n	id :=", "	id :=", storm},
	{"accounts are read without a lock", "ledger/tx.go", "order by account_id for no key update) a`", "order by account_id) a`", "./ledger -run TestABatchHoldsItsAccounts"},
	{"the version of counters is not compared", "engine/load.go", "if p.Version != a.Version || p.Shape != a.shape {", "if p.Shape != a.shape {", storm},
	{"the shape of counters is not compared", "engine/load.go", "if p.Version != a.Version || p.Shape != a.shape {", "if p.Version != a.Version {", storm},
	{"what the worker remembers is not compared", "engine/load.go", "if known && a.Version == row.Version {", "if known {", storm},
	{"two batches are given the same state", "engine/states.go", "			s.lru.Remove(id)\n", "", "./engine -run TestAStateBelongsToOneBatch"},
	{"an account is in two batches", "engine/line.go", "		default:\n			l.behind[account] = append(l.behind[account], it)\n",
		"		default:\n			t.items = append(t.items, it)\n", "./engine -run TestMoreThanABatchOfAnAccount"},
	{"an account keeps its version", "engine/batch.go", "a.close(a.nextID(b.random()))", "a.nextID(b.random())\n		a.close(a.Version)", storm},
	{"an account's time follows the clock of whoever decides", "engine/account.go", "a.now = max(now, a.DecidedAt+1)", "a.now = now", storm},
	{"Redis sets fields whatever its version is", "engine/counters/redis.go", "if now[1] ~= ARGV[1] or now[2] ~= ARGV[4] then", "if false then", hashes},

	// Holds, refunds and grants.
	{"a hold that ended stays among the open ones", "engine/release.go",
		"	b.writes.HoldsEnd = append(b.writes.HoldsEnd, ledger.EventRef{Account: a.ID, ID: d.ID})\n", "", storm},
	{"a hold outlives its time", "engine/due.go", "if a.HoldDue != 0 && a.HoldDue <= a.now {", "if false {", storm},
	{"more is refunded than was drawn", "engine/refund.go", "case *o.Quantity > left:", "case *o.Quantity > left+1:", storm},
	{"what returns to a void grant can be spent", "engine/undo.go", "case t.VoidedAt != 0:", "case t.VoidedAt < 0:", storm},
	{"a price not heard of yet counts as none", "engine/undo.go", "if known || version == 0 {", "if known || version >= 0 {", prices},
	{"units go back where they were drawn first", "engine/waterfall/giveback.go",
		"for i := len(parts) - 1; i >= 0 && units > 0; i-- {\n		p := &parts[i]", "for j := len(parts) - 1; j >= 0 && units > 0; j-- {\n		i := len(parts) - 1 - j\n		p := &parts[i]", laws},
	{"everything rolls over", "engine/waterfall/renewal.go", "stays := g.Stays(g.Remaining)", "stays := g.Remaining", storm},
	{"a grant is issued a moment late", "engine/grants.go", "a.terms[lot].DueAt <= until {", "a.terms[lot].DueAt < until {", recurs},
	{"a month that lacks the day has none", "engine/waterfall/calendar.go", "		day := min(d, last)\n", "		day := d + 0*last\n", laws},

	// What counts, and what pays.
	{"a window is a second too short", "engine/waterfall/walk.go", "w.in.Used[i].Sum(w.second-window.Seconds, w.second))", "w.in.Used[i].Sum(w.second-window.Seconds+1, w.second))", laws},
	{"ceilings count refunds", "engine/account.go", "if len(r.Ceilings) > 0 && e.Kind != ledger.Refunded {", "if len(r.Ceilings) > 0 {", storm},
	{"weeks begin on Sunday", "engine/waterfall/calendar.go", "(day/secondsPerDay + 3) % 7", "(day/secondsPerDay + 4) % 7", laws},
	{"a charge is rounded down", "engine/waterfall/money.go", "	if rest > 0 {\n		q++\n	}\n", "", laws},
	{"the spend cap is not asked", "engine/waterfall/walk.go", "if kind == Credit && w.capRoom < credits {", "if kind == Credit && w.capRoom < 0 {", laws},
	{"grants are spent the youngest first", "engine/waterfall/grant.go", "		return g.CreatedAt < h.CreatedAt\n", "		return g.CreatedAt > h.CreatedAt\n", laws},
	{"the counters of a user are everybody's", "engine/account.go", "	if b.Scope == waterfall.PerAccount {\n		user = \"\"\n	}\n	return counters.Field", "	user = \"\"\n	return counters.Field", storm},

	// Feeds.
	{"the highest id that completed is taken for the next", "ledger/feed.go", "pg_snapshot_xmin(s)::text::bigint + age(pg_snapshot_xmin(s)::xid)", "pg_snapshot_xmax(s)::text::bigint", feeds},
	{"a mark forgets what is under way", "engine/watermark.go", "if w.seen[i].next <= bounds.Oldest {", "if w.seen[i].next > 0 {", feeds},
	{"a server decides by its own clock", "engine/watermark.go", "return min(max(now, database-clockTolerance), database+clockTolerance)", "return now", feeds},
	{"the end of an anomaly is no change", "ledger/anomaly_record.go", "resolved_at = greatest(opened_at, $3), change = $4 where", "resolved_at = greatest(opened_at, $3), change = $4 - $4 + change where",
		"./engine -run TestFeedsLoseNoAnomaly"},

	// The proofs, and the edges.
	{"the chain leaves the ordinal out", "ledger/book/chain.go", "	b = number(b, int64(p.Ordinal))\n", "", books},
	{"units count as credits", "ledger/book/posting.go", "	if !p.Units {\n		if balance, ok", "	{\n		if balance, ok", books},
	{"what grants paid is told as if it cost nothing", "ledger/costless.go", " && e.Postings == 0\n", "\n", tampered},
	{"verify believes every charge", "ledger/verify_event.go", "if !book.Charged(m.Quantity, price.Micros, max(1, price.Per), m.Credits) {", "if m.Quantity < 0 {", tampered},
	{"an amount may have seven digits", "graph/scalar/credits.go", "n > fractionDigits ||", "n > fractionDigits+1 ||", scalars},
	{"a token that has expired is let in", "server/signin/signin.go", "	case !now.Before(c.Expires.Time):\n", "	case now.IsZero():\n", tokens},
}
