package view

import (
	"context"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/graph/caller"
	"spillway/graph/scalar"
	"spillway/ledger"
)

// Account shows an account.
type Account struct {
	from *Source
	row  *ledger.Account
	list *accountList
}

// accountList are accounts that are answered together.
type accountList struct {
	ids []string
	// rows are set where the accounts themselves were asked for.
	rows map[string]*ledger.Account
	together
}

// NewAccount shows an account.
func NewAccount(from *Source, row *ledger.Account) *Account {
	return newAccounts(from, row)[0]
}

// newAccounts shows the accounts of a list.
func newAccounts(from *Source, rows ...*ledger.Account) []*Account {
	list := &accountList{ids: make([]string, len(rows)), rows: make(map[string]*ledger.Account, len(rows))}
	accounts := make([]*Account, len(rows))
	for i, row := range rows {
		list.ids[i], list.rows[row.ID] = row.ID, row
		accounts[i] = &Account{from, row, list}
	}
	return accounts
}

// ofEach is what a field of this account is, read for all of the list.
func ofEach[T any](ctx context.Context, a *Account, read func(accounts []string) (map[string]T, error)) (T, error) {
	all, err := once(&a.list.together, thisField(ctx), func() (map[string]T, error) { return read(a.list.ids) })
	return all[a.row.ID], err
}

// ID is the account's id.
func (a *Account) ID() string { return a.row.ID }

// Name is its name.
func (a *Account) Name() string { return a.row.Name }

// Status tells whether it may spend.
func (a *Account) Status() ledger.AccountStatus { return a.row.Status }

// CreatedAt is when it was created.
func (a *Account) CreatedAt() waterfall.Instant { return a.row.CreatedAt }

// Plan is the newest version of its plan. An account may be assigned a plan a
// moment before this process hears of it.
func (a *Account) Plan() (*Plan, error) {
	if p := a.from.Engine.Catalog().Newest(a.row.Plan); p != nil {
		return &Plan{a.from, p}, nil
	}
	return nil, &engine.Fault{Code: engine.CodeUnavailable, Message: "the plan was published a moment ago; try again"}
}

// Balance is its credits now.
func (a *Account) Balance(ctx context.Context) (*Balance, error) {
	b, err := ofEach(ctx, a, func(accounts []string) (map[string]*engine.Balance, error) {
		return a.from.Engine.Balances(ctx, accounts)
	})
	return NewBalance(b), err
}

// BalanceAt is its credits at a moment.
func (a *Account) BalanceAt(ctx context.Context, at waterfall.Instant) (*Balance, error) {
	b, err := ofEach(ctx, a, func(accounts []string) (map[string]*engine.Balance, error) {
		return a.from.Engine.BalancesAt(ctx, accounts, at)
	})
	return NewBalance(b), err
}

// NewBalance shows a balance; nil for nil.
func NewBalance(b *engine.Balance) *Balance {
	if b == nil {
		return nil
	}
	return &Balance{
		Available: scalar.Millionths(b.Available), Held: scalar.Millionths(b.Held), ExpiringSoon: scalar.Millionths(b.ExpiringSoon),
		NextExpiryAt: optional(b.NextExpiryAt), Sequence: b.Sequence, AsOf: b.AsOf,
	}
}

// Forecast is how its credits go in the days to come.
func (a *Account) Forecast(ctx context.Context, days int) (*Forecast, error) {
	f, err := ofEach(ctx, a, func(accounts []string) (map[string]*engine.Forecast, error) {
		return a.from.Engine.Forecasts(ctx, accounts, days)
	})
	if f == nil || err != nil {
		return nil, err
	}
	shown := &Forecast{
		RunsOutAt: optional(f.RunsOutAt), RunsOutEarliest: optional(f.RunsOutEarliest), RunsOutLatest: optional(f.RunsOutLatest),
		PerDay: scalar.Millionths(f.PerDay), Basis: f.Basis, Points: make([]ForecastPoint, len(f.Points)),
	}
	for i, p := range f.Points {
		shown.Points[i] = ForecastPoint{
			At: p.At, Available: scalar.Millionths(p.Available), Expiring: scalar.Millionths(p.Expiring), Issued: scalar.Millionths(p.Issued),
		}
	}
	return shown, nil
}

// SpendCap is its own limit on credits, nil: none.
func (a *Account) SpendCap(ctx context.Context) (*SpendCap, error) {
	s, err := ofEach(ctx, a, func(accounts []string) (map[string]*engine.SpendState, error) {
		return a.from.Engine.SpendCaps(ctx, accounts)
	})
	if s == nil || err != nil {
		return nil, err
	}
	return &SpendCap{
		Limit: scalar.Millionths(s.Limit), Period: s.Period, Spent: scalar.Millionths(s.Spent),
		ResetsAt: waterfall.AtSecond(s.ResetsAt),
	}, nil
}

// Spent is what was drawn from its credits in [from, to), net of refunds.
func (a *Account) Spent(ctx context.Context, from, to waterfall.Instant) (scalar.Credits, error) {
	if from >= to {
		return scalar.Credits{}, &engine.Fault{Code: engine.CodeBadInput, Field: "to", Message: "must come after from"}
	}
	spent, err := ofEach(ctx, a, func(accounts []string) (map[string]string, error) {
		return a.from.Ledger.Spent(ctx, accounts, from, to)
	})
	if err != nil || spent == "" {
		return scalar.Credits{}, stored(err)
	}
	return scalar.ParseCredits(spent)
}

// Buckets are the plan's buckets as they stand. Who sees no account but their
// own sees their own windows where no user is named.
func (a *Account) Buckets(ctx context.Context, userID, feature *string) ([]BucketState, error) {
	if c := caller.From(ctx); userID == nil && c.OnlyUser() {
		userID = &c.User
	}
	if err := a.from.Engine.CheckFeature(ctx, "feature", feature); err != nil {
		return nil, err
	}
	query := engine.BucketQuery{User: userID}
	set(&query.Feature, feature)
	states, err := ofEach(ctx, a, func(accounts []string) (map[string][]engine.BucketState, error) {
		return a.from.Engine.BucketsOf(ctx, accounts, query)
	})
	return a.from.BucketStates(states), err
}

// Previews are what one unit of each feature would be answered now. Who sees no
// account but their own asks for themselves where no user is named.
func (a *Account) Previews(ctx context.Context, userID *string) ([]Preview, error) {
	c := caller.From(ctx)
	switch {
	case userID == nil && c.OnlyUser():
		userID = &c.User
	case userID == nil:
		return nil, &engine.Fault{Code: engine.CodeBadInput, Field: "userId", Message: "must name the user who would act"}
	}
	previews, err := ofEach(ctx, a, func(accounts []string) (map[string][]*engine.Preview, error) {
		return a.from.Engine.Previews(ctx, accounts, *userID)
	})
	shown := make([]Preview, len(previews))
	for i, p := range previews {
		shown[i] = *a.from.NewPreview(p)
	}
	return shown, err
}

// NewPreview shows what would be answered.
func (s *Source) NewPreview(p *engine.Preview) *Preview {
	return &Preview{
		Feature: s.Feature(p.Feature), Status: p.Status, Reason: p.Reason, Explanation: p.Explanation, Granted: p.Granted,
		Charged: scalar.Millionths(p.Charged), Steps: Steps(p.Steps), MaxQuantity: p.MaxQuantity, OneByOne: p.Singles.All,
		Included: p.Singles.Included, RetryAt: Second(p.RetryAt), AsOf: p.AsOf,
	}
}

// BucketStates shows buckets as they stand.
func (s *Source) BucketStates(states []engine.BucketState) []BucketState {
	shown := make([]BucketState, len(states))
	for i := range states {
		b := &states[i]
		shown[i] = BucketState{
			Kind: b.Bucket.Kind, Key: b.Bucket.Key, Feature: s.Feature(b.Feature), UserID: optional(b.User),
			Used: b.View.Used, Remaining: b.View.Remaining, Included: b.View.Remaining, IncludedUsed: b.View.Used, Windows: windows(b.View.Windows),
			NextRefillAt: Second(b.View.NextRefill), ResetsAt: Second(b.View.Reset),
		}
		if limit := b.View.Limit; limit >= 0 {
			shown[i].Limit = &limit
		}
		if !b.Bucket.Kind.Counted() {
			credits, used := scalar.Millionths(b.Purse.Credits), scalar.Millionths(b.Purse.CreditsUsed)
			shown[i].Included, shown[i].IncludedUsed, shown[i].RenewsAt = b.Purse.Units, b.Purse.UnitsUsed, optional(b.RenewsAt)
			shown[i].Credits, shown[i].CreditsUsed = &credits, &used
		}
	}
	return shown
}

func windows(views []waterfall.WindowView) []WindowState {
	shown := make([]WindowState, len(views))
	for i, w := range views {
		shown[i] = WindowState{
			Limit: w.Window.Limit, Duration: w.Window.Seconds, Used: w.Used, Remaining: w.Remaining,
			NextRefillAt: Second(w.NextRefill), ResetsAt: Second(w.Reset),
		}
	}
	return shown
}
