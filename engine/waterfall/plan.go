package waterfall

// MaxQuantity is the largest quantity that the API speaks of: 2^53−1, the
// largest integer that a JSON number carries exactly everywhere.
const MaxQuantity int64 = 1<<53 - 1

// Kind is the kind of a bucket. The values are stored; their order must not
// change.
type Kind uint8

// The kinds of buckets, in the order in which a plan usually asks them.
const (
	RateLimit Kind = iota + 1
	FreeTier
	Promotion
	Entitlement
	Credit
)

var kindNames = [...]string{"", "RATE_LIMIT", "FREE_TIER", "PROMOTION", "ENTITLEMENT", "CREDIT"}

// String is the kind's name in the public contract.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "UNKNOWN"
}

// Counted tells whether the bucket is a counter (a rate limit or a free tier)
// and not a pool of grants.
func (k Kind) Counted() bool { return k == RateLimit || k == FreeTier }

// Scope tells whose use a counter counts.
type Scope uint8

// The scopes of a bucket.
const (
	PerUser Scope = iota
	PerAccount
)

// Period is a calendar period in UTC; weeks begin on Monday.
type Period uint8

// The calendar periods.
const (
	NoPeriod Period = iota
	Day
	Week
	Month
)

// Window limits what may be taken within any Seconds consecutive whole
// seconds. Limit is 1 … MaxQuantity, Seconds 1 … 366 days.
type Window struct {
	Limit   int64
	Seconds int64
}

// Bucket is one source of units in a plan. Windows belong to RateLimit; Quota
// and Period to FreeTier; the other kinds draw on the account's grants.
type Bucket struct {
	Kind    Kind
	Key     string
	Scope   Scope
	Windows []Window
	Quota   int64
	Period  Period
}

// CounterScope is whose use the bucket's counter counts. A pool of grants has
// no counter: its scope, though a plan may give one, says nothing.
func (b *Bucket) CounterScope() Scope {
	if !b.Kind.Counted() {
		return PerUser
	}
	return b.Scope
}

// Rules is what one version of a plan says of one feature.
type Rules struct {
	Feature   string
	Divisible bool
	Buckets   []Bucket
	// Ceilings deny whatever could pay. They count what was granted over all
	// users of the account.
	Ceilings []Window
}

// HasCredit tells whether the feature can be paid with credits at last.
func (r *Rules) HasCredit() bool { return r.HasKind(Credit) }

// HasKind reports whether a bucket of the kind may pay for the feature.
func (r *Rules) HasKind(kind Kind) bool {
	for i := range r.Buckets {
		if r.Buckets[i].Kind == kind {
			return true
		}
	}
	return false
}

// Price is Micros millionths of a credit for every Per units. A Price with
// Version 0 stands for "no price".
type Price struct {
	Version int32
	Micros  int64
	Per     int64
}

// Horizon is how many seconds back the counters of the feature look.
func (r *Rules) Horizon() int64 {
	var longest int64
	for i := range r.Buckets {
		longest = max(longest, r.Buckets[i].Horizon())
	}
	for _, c := range r.Ceilings {
		longest = max(longest, c.Seconds)
	}
	return longest
}

// Horizon is how many seconds back the bucket's counter looks, 0 for the kinds
// that draw on grants.
func (b *Bucket) Horizon() int64 { return max(b.longestWindow(), b.Period.Longest()) }
