package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// WithPlan is a catalog of the same features and prices in which there is only
// one plan, at version 1.
func (c *Catalog) WithPlan(key string, features []waterfall.Rules) *Catalog {
	plan := &Plan{Key: key, Version: 1, Name: key, Features: append([]waterfall.Rules(nil), features...)}
	return NewCatalog(c.Version, c.Features, map[string][]*Plan{key: {plan}})
}

// EventsBetween lists an account's events of a time (from inclusive, to
// exclusive) in the order of their ids, behind the one named.
func (l *Ledger) EventsBetween(ctx context.Context, account string, after ID, from, to waterfall.Instant, limit int) ([]Event, error) {
	rows, err := l.reader(ctx).Query(ctx, `select `+eventColumns+` from usage_events u where u.account_id = $1 and u.id > $2 and u.id >= $3
			and u.id < $4 and u.created_at >= $5 and u.created_at < $6 order by u.id limit $7`,
		account, after, FirstID(from), FirstID(to+batchSpan), from.Time(), to.Time(), limit)
	return collect(rows, err, scanPlainEvent)
}

// UsageBetween reads an account's events as counters count them, from an
// instant up to another one.
func (l *Ledger) UsageBetween(ctx context.Context, account string, since, until waterfall.Instant, each func(*Event) error) error {
	return usageSince(ctx, l.reader(ctx), account, since, func(e *Event) error {
		if e.At >= until {
			return nil
		}
		return each(e)
	})
}

// DecisionsOf reads decisions of an account with all that followed.
func (l *Ledger) DecisionsOf(ctx context.Context, account string, ids []ID) (map[ID]*Decision, error) {
	accounts := make([]string, len(ids))
	for i := range accounts {
		accounts[i] = account
	}
	rows, err := l.reader(ctx).Query(ctx, sqlDecisions, accounts, ids)
	events, err := collect(rows, err, scanPlainEvent)
	if err != nil {
		return nil, err
	}
	found := make(map[ID]*Decision, len(ids))
	for _, d := range assemble(events) {
		found[d.ID] = d
	}
	return found, nil
}

// SettingsChange is an entry of the audit log that changed how an account is
// decided on, or voided a grant of it.
type SettingsChange struct {
	ID ID
	At waterfall.Instant
	// Void is the grant that was voided; zero for the other changes, which say
	// what the account was from then on.
	Void   ID
	Status AccountStatus
	Cap    *Cap
}

// SettingsBetween lists the changes of a time, the oldest first, and before
// them the last one that changed the account itself, if there is one.
func (l *Ledger) SettingsBetween(ctx context.Context, account string, from, to waterfall.Instant) ([]SettingsChange, error) {
	rows, err := l.reader(ctx).Query(ctx, `select * from ((select id, at, action, after::text from audit_log where account_id = $1 and at < $2
				and action in ('createAccount', 'setAccountStatus', 'assignPlan', 'setSpendCap') order by id desc limit 1)
			union all
			(select id, at, action, after::text from audit_log where account_id = $1 and at >= $2 and at < $3
				and action in ('createAccount', 'setAccountStatus', 'setSpendCap', 'voidGrant'))) x order by id`,
		account, from.Time(), to.Time())
	return collect(rows, err, scanSettingsChange)
}

func scanSettingsChange(row pgx.Row) (*SettingsChange, error) {
	c := &SettingsChange{Status: Active}
	var at time.Time
	var action, text string
	if err := row.Scan(&c.ID, &at, &action, &text); err != nil {
		return nil, err
	}
	c.At = waterfall.InstantOf(at)
	after, err := readChange([]byte(text))
	if err != nil {
		return nil, err
	}
	if action == "voidGrant" {
		c.Void, err = ParseID(after.ID)
		return c, err
	}
	c.Status, c.Cap = after.settings()
	return c, nil
}

// change is what the audit log keeps of an account or a grant.
type change struct {
	ID, Status, Plan, SpendCap, SpendCapPeriod string
}

var errChange = errors.New("ledger: an audit entry cannot be read")

func readChange(text []byte) (c change, err error) {
	if json.Unmarshal(text, &c) != nil {
		return c, errChange
	}
	return c, nil
}

func (c *change) settings() (status AccountStatus, spendCap *Cap) {
	status = Active
	if c.Status == Suspended.String() {
		status = Suspended
	}
	if limit, err := book.ParseCredits(c.SpendCap); err == nil {
		periods := map[string]waterfall.Period{"DAY": waterfall.Day, "WEEK": waterfall.Week, "MONTH": waterfall.Month}
		spendCap = &Cap{Limit: limit, Period: periods[c.SpendCapPeriod]}
	}
	return status, spendCap
}
