package scalar

import (
	"errors"

	"github.com/99designs/gqlgen/graphql"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// enum translates between the small integers of the records and the names of
// the contract. Names are matched exactly.
type enum[T ~uint8] struct {
	first T
	out   []written // from first on
	in    map[string]T
	err   error
}

func newEnum[T ~uint8](what string, first T, names ...string) *enum[T] {
	e := &enum[T]{first: first, in: make(map[string]T, len(names)), err: errors.New("must be one of the values of " + what)}
	for i, name := range names {
		e.in[name] = first + T(i)
		e.out = append(e.out, written(`"`+name+`"`))
	}
	return e
}

// append writes null for what has no name.
func (e *enum[T]) append(b []byte, v T) []byte {
	if !e.has(v) {
		return append(b, "null"...)
	}
	return append(b, e.out[v-e.first]...)
}

// marshal answers null for what has no name, which the schema turns into a
// fault.
func (e *enum[T]) marshal(v T) graphql.Marshaler {
	if !e.has(v) {
		return graphql.Null
	}
	return e.out[v-e.first]
}

func (e *enum[T]) has(v T) bool { return v >= e.first && int(v-e.first) < len(e.out) }

func (e *enum[T]) unmarshal(v any) (T, error) {
	name, _ := v.(string)
	if t, ok := e.in[name]; ok {
		return t, nil
	}
	return 0, e.err
}

// namesOf are the names of the values first … last.
func namesOf[T interface {
	~uint8
	String() string
}](first, last T) []string {
	var names []string
	for v := first; v <= last; v++ {
		names = append(names, v.String())
	}
	return names
}

var (
	kinds    = newEnum("BucketKind", waterfall.RateLimit, namesOf(waterfall.RateLimit, waterfall.Credit)...)
	reasons  = newEnum("Reason", waterfall.Funded, namesOf(waterfall.Funded, waterfall.AccountSuspended)...)
	scopes   = newEnum("BucketScope", waterfall.PerUser, "USER", "ACCOUNT")
	periods  = newEnum("CalendarPeriod", waterfall.Day, "DAY", "WEEK", "MONTH")
	statuses = newEnum("DecisionStatus", ledger.StatusAllowed, namesOf(ledger.StatusAllowed, ledger.StatusExpired)...)
	accounts = newEnum("AccountStatus", ledger.Active, namesOf(ledger.Active, ledger.Suspended)...)
	postings = newEnum("BalanceUpdateKind", book.Grant, namesOf(book.Grant, book.Adjustment)...)
	counters = newEnum("LedgerAccount", book.Purchases, namesOf(book.Purchases, book.Adjustments)...)
	unusual  = newEnum("AnomalyKind", ledger.SpendSpike, namesOf(ledger.SpendSpike, ledger.StaleHolds)...)
)

// AppendBucketKind writes a BucketKind.
func AppendBucketKind(b []byte, v waterfall.Kind) []byte { return kinds.append(b, v) }

// MarshalBucketKind writes a BucketKind.
func MarshalBucketKind(v waterfall.Kind) graphql.Marshaler { return kinds.marshal(v) }

// UnmarshalBucketKind reads a BucketKind.
func UnmarshalBucketKind(v any) (waterfall.Kind, error) { return kinds.unmarshal(v) }

// AppendReason writes a Reason.
func AppendReason(b []byte, v waterfall.Reason) []byte { return reasons.append(b, v) }

// MarshalReason writes a Reason.
func MarshalReason(v waterfall.Reason) graphql.Marshaler { return reasons.marshal(v) }

// UnmarshalReason reads a Reason.
func UnmarshalReason(v any) (waterfall.Reason, error) { return reasons.unmarshal(v) }

// MarshalBucketScope writes a BucketScope.
func MarshalBucketScope(v waterfall.Scope) graphql.Marshaler { return scopes.marshal(v) }

// UnmarshalBucketScope reads a BucketScope.
func UnmarshalBucketScope(v any) (waterfall.Scope, error) { return scopes.unmarshal(v) }

// MarshalCalendarPeriod writes a CalendarPeriod.
func MarshalCalendarPeriod(v waterfall.Period) graphql.Marshaler { return periods.marshal(v) }

// UnmarshalCalendarPeriod reads a CalendarPeriod.
func UnmarshalCalendarPeriod(v any) (waterfall.Period, error) { return periods.unmarshal(v) }

// AppendDecisionStatus writes a DecisionStatus.
func AppendDecisionStatus(b []byte, v ledger.Status) []byte { return statuses.append(b, v) }

// MarshalDecisionStatus writes a DecisionStatus.
func MarshalDecisionStatus(v ledger.Status) graphql.Marshaler { return statuses.marshal(v) }

// UnmarshalDecisionStatus reads a DecisionStatus.
func UnmarshalDecisionStatus(v any) (ledger.Status, error) { return statuses.unmarshal(v) }

// MarshalAccountStatus writes an AccountStatus.
func MarshalAccountStatus(v ledger.AccountStatus) graphql.Marshaler { return accounts.marshal(v) }

// UnmarshalAccountStatus reads an AccountStatus.
func UnmarshalAccountStatus(v any) (ledger.AccountStatus, error) { return accounts.unmarshal(v) }

// MarshalBalanceUpdateKind writes a BalanceUpdateKind.
func MarshalBalanceUpdateKind(v book.Kind) graphql.Marshaler { return postings.marshal(v) }

// UnmarshalBalanceUpdateKind reads a BalanceUpdateKind.
func UnmarshalBalanceUpdateKind(v any) (book.Kind, error) { return postings.unmarshal(v) }

// MarshalLedgerAccount writes a LedgerAccount.
func MarshalLedgerAccount(v book.Counter) graphql.Marshaler { return counters.marshal(v) }

// UnmarshalLedgerAccount reads a LedgerAccount.
func UnmarshalLedgerAccount(v any) (book.Counter, error) { return counters.unmarshal(v) }

// MarshalAnomalyKind writes an AnomalyKind.
func MarshalAnomalyKind(v ledger.AnomalyKind) graphql.Marshaler { return unusual.marshal(v) }

// UnmarshalAnomalyKind reads an AnomalyKind.
func UnmarshalAnomalyKind(v any) (ledger.AnomalyKind, error) { return unusual.unmarshal(v) }

// AppendErrorCode writes an ErrorCode.
func AppendErrorCode(b []byte, v engine.Code) []byte { return AppendString(b, string(v)) }

// MarshalErrorCode writes an ErrorCode.
func MarshalErrorCode(v engine.Code) graphql.Marshaler { return written(`"` + string(v) + `"`) }

// UnmarshalErrorCode reads an ErrorCode. No argument takes one.
func UnmarshalErrorCode(v any) (engine.Code, error) {
	name, err := UnmarshalString(v)
	return engine.Code(name), err
}
