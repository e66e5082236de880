package scalar

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode"

	"github.com/99designs/gqlgen/graphql"
	"pgregory.net/rapid"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

func text(m graphql.Marshaler) string {
	var b strings.Builder
	m.MarshalGQL(&b)
	return b.String()
}

// Each scalar reads what it means and refuses what resembles it. Values come
// as literals (int64, float64, string, bool) and variables (json.Number).
func TestWhatScalarsRead(t *testing.T) {
	const refused = "refused"
	read := func(v any, err error) any {
		if err != nil {
			return refused
		}
		return v
	}
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"String of a string", read(UnmarshalString("a")), "a"},
		{"String of 1.5", read(UnmarshalString(json.Number("1.5"))), refused},
		{"String of 1", read(UnmarshalString(int64(1))), refused},
		{"String of true", read(UnmarshalString(true)), refused},
		{"String of broken UTF-8", read(UnmarshalString("a\xff")), refused},
		{"ID of a string", read(UnmarshalID("a")), "a"},
		{"ID of 7", read(UnmarshalID(json.Number("7"))), "7"},
		{"ID of the literal 7", read(UnmarshalID(int64(7))), "7"},
		{"ID of 7.5", read(UnmarshalID(json.Number("7.5"))), refused},
		{"ID of 1e3", read(UnmarshalID(json.Number("1e3"))), refused},
		{"ID of null", read(UnmarshalID(nil)), refused},
		{"Int of 5", read(UnmarshalInt(json.Number("5"))), 5},
		{"Int of the default 5", read(UnmarshalInt(int64(5))), 5},
		{`Int of "5"`, read(UnmarshalInt("5")), refused},
		{"Int of 2^31", read(UnmarshalInt(json.Number("2147483648"))), refused},
		{"Int of -2^31", read(UnmarshalInt(json.Number("-2147483648"))), -2147483648},
		{"Int of 5.0", read(UnmarshalInt(json.Number("5.0"))), refused},
		{"Boolean of true", read(UnmarshalBoolean(true)), true},
		{`Boolean of "true"`, read(UnmarshalBoolean("true")), refused},
		{"Quantity of the default 1", read(UnmarshalQuantity(1)), int64(1)},
		{"Quantity of the literal 3", read(UnmarshalQuantity(int64(3))), int64(3)},
		{"Quantity of 2^53-1", read(UnmarshalQuantity(json.Number("9007199254740991"))), int64(1<<53 - 1)},
		{"Quantity of -1 is for the range check", read(UnmarshalQuantity(json.Number("-1"))), int64(-1)},
		{"Quantity of 10^30 is for the range check", read(UnmarshalQuantity(json.Number("1" + strings.Repeat("0", 30)))), int64(math.MaxInt64)},
		{"Quantity of -10^30 is for the range check", read(UnmarshalQuantity(json.Number("-1" + strings.Repeat("0", 30)))), int64(math.MinInt64)},
		{"Quantity of 1.5", read(UnmarshalQuantity(json.Number("1.5"))), refused},
		{"Quantity of the literal 1.5", read(UnmarshalQuantity(1.5)), refused},
		{"Quantity of 1e3", read(UnmarshalQuantity(json.Number("1e3"))), refused},
		{`Quantity of "3"`, read(UnmarshalQuantity("3")), refused},
		{"Quantity of null", read(UnmarshalQuantity(nil)), refused},
		{"Count of 3", read(UnmarshalCount(json.Number("3"))), int64(3)},
		{"DateTime", read(UnmarshalDateTime("2026-05-01T14:00:00.123456789+02:00")), waterfall.Instant(1777636800123456)},
		{"DateTime without an offset", read(UnmarshalDateTime("2026-05-01T14:00:00")), refused},
		{"DateTime without a time", read(UnmarshalDateTime("2026-05-01")), refused},
		{"DateTime of a day that is none", read(UnmarshalDateTime("2026-02-30T00:00:00Z")), refused},
		{"DateTime with a comma", read(UnmarshalDateTime("2026-05-01T14:00:00,5Z")), refused},
		{"DateTime of the year 0", read(UnmarshalDateTime("0000-05-01T14:00:00Z")), refused},
		{"DateTime of seconds", read(UnmarshalDateTime(json.Number("1777636800"))), refused},
		{"BucketKind", read(UnmarshalBucketKind("FREE_TIER")), waterfall.FreeTier},
		{"BucketKind in small letters", read(UnmarshalBucketKind("free_tier")), refused},
		{"BucketKind of a number", read(UnmarshalBucketKind(json.Number("2"))), refused},
		{"BucketScope", read(UnmarshalBucketScope("ACCOUNT")), waterfall.PerAccount},
		{"CalendarPeriod", read(UnmarshalCalendarPeriod("WEEK")), waterfall.Week},
		{"DecisionStatus", read(UnmarshalDecisionStatus("EXPIRED")), ledger.StatusExpired},
		{"AccountStatus", read(UnmarshalAccountStatus("SUSPENDED")), ledger.Suspended},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, expected %v", c.name, c.got, c.want)
		}
	}
}

func TestWhatScalarsWrite(t *testing.T) {
	for _, c := range []struct {
		name string
		got  graphql.Marshaler
		want string
	}{
		{"String", MarshalString("a\"b"), `"a\"b"`},
		{"Int", MarshalInt(-3), "-3"},
		{"Quantity", MarshalQuantity(1<<53 - 1), "9007199254740991"},
		{"DateTime", MarshalDateTime(waterfall.Instant(1777636800123456)), `"2026-05-01T12:00:00.123456Z"`},
		{"DateTime on a second", MarshalDateTime(waterfall.Instant(1777636800000000)), `"2026-05-01T12:00:00.000000Z"`},
		{"JSON", MarshalJSON([]byte(`{"a":1}`)), `{"a":1}`},
		{"JSON of nothing", MarshalJSON(nil), "null"},
		{"BucketKind", MarshalBucketKind(waterfall.Credit), `"CREDIT"`},
		{"BucketKind that is none", MarshalBucketKind(0), "null"},
		{"Reason", MarshalReason(waterfall.AccountSuspended), `"ACCOUNT_SUSPENDED"`},
		{"CalendarPeriod", MarshalCalendarPeriod(waterfall.Month), `"MONTH"`},
		{"BalanceUpdateKind", MarshalBalanceUpdateKind(book.HoldRelease), `"HOLD_RELEASE"`},
		{"LedgerAccount", MarshalLedgerAccount(book.Adjustments), `"ADJUSTMENTS"`},
	} {
		if got := text(c.got); got != c.want {
			t.Errorf("%s: %s, expected %s", c.name, got, c.want)
		}
	}
}

// A scalar is written in two ways: by itself, and behind what is there.
func TestScalarsAreAppendedAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, small, yes := rapid.Int64().Draw(t, "n"), rapid.Byte().Draw(t, "small"), rapid.Bool().Draw(t, "yes")
		s := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom(nil, &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0, Hi: 0x7f, Stride: 1}}}))).Draw(t, "s")
		at := waterfall.Instant(rapid.Int64Range(-62_135_596_800_000_000, 253_402_300_799_999_999).Draw(t, "at")) // of the years 1 to 9999
		for _, c := range []struct {
			name     string
			appended []byte
			written  graphql.Marshaler
		}{
			{"String", AppendString(nil, s), MarshalString(s)},
			{"String of bytes", AppendString(nil, s+string([]byte{small})), MarshalString(s + string([]byte{small}))},
			{"ID", AppendString(nil, s), MarshalID(s)},
			{"Int", AppendInt(nil, int(n)), MarshalInt(int(n))},
			{"Boolean", AppendBoolean(nil, yes), MarshalBoolean(yes)},
			{"Quantity", AppendQuantity(nil, n), MarshalQuantity(n)},
			{"Credits", AppendCredits(nil, Millionths(n)), MarshalCredits(Millionths(n))},
			{"DateTime", AppendDateTime(nil, at), MarshalDateTime(at)},
			{"BucketKind", AppendBucketKind(nil, waterfall.Kind(small)), MarshalBucketKind(waterfall.Kind(small))},
			{"Reason", AppendReason(nil, waterfall.Reason(small)), MarshalReason(waterfall.Reason(small))},
			{"DecisionStatus", AppendDecisionStatus(nil, ledger.Status(small)), MarshalDecisionStatus(ledger.Status(small))},
			{"ErrorCode", AppendErrorCode(nil, engine.CodeConflict), MarshalErrorCode(engine.CodeConflict)},
		} {
			if string(c.appended) != text(c.written) {
				t.Errorf("%s: %s is appended, %s is written", c.name, c.appended, text(c.written))
			}
		}
		if got := AppendString([]byte("before "), s); string(got[:7]) != "before " {
			t.Errorf("%s stands behind nothing", got)
		}
	})
}

func TestCredits(t *testing.T) {
	for _, c := range []struct {
		in     any
		out    string // "" where it is refused
		micros int64
	}{
		{"12.5", "12.5", 12_500_000},
		{"0", "0", 0},
		{"-0", "0", 0},
		{"007", "7", 7_000_000},
		{"1.000000", "1", 1_000_000},
		{"0.000001", "0.000001", 1},
		{"-0.5", "-0.5", -500_000},
		{"0.100200", "0.1002", 100_200},
		{"9223372036854.775807", "9223372036854.775807", math.MaxInt64},
		{"9223372036854.775808", "9223372036854.775808", math.MaxInt64}, // the nearest that fits
		{strings.Repeat("9", 40), "18446744073709551615", math.MaxInt64},
		{"0.0000001", "", 0},
		{"1e3", "", 0},
		{".5", "", 0},
		{"5.", "", 0},
		{"+5", "", 0},
		{" 5", "", 0},
		{"1,5", "", 0},
		{"", "", 0},
		{"-", "", 0},
		{"1.2.3", "", 0},
		{"٣", "", 0},
		{json.Number("5"), "", 0},
		{int64(5), "", 0},
		{5.0, "", 0},
		{nil, "", 0},
	} {
		got, err := UnmarshalCredits(c.in)
		if refused := c.out == ""; refused != (err != nil) {
			t.Errorf("%v: error %v", c.in, err)
			continue
		}
		if err == nil && (got.String() != c.out || got.Millionths() != c.micros) {
			t.Errorf("%v: %s and %d, expected %s and %d", c.in, got, got.Millionths(), c.out, c.micros)
		}
	}
	if got := text(MarshalCredits(Millionths(math.MinInt64))); got != `"-9223372036854.775808"` {
		t.Errorf("the smallest amount: %s", got)
	}
	if n, ok := Units(-3).Units(); n != -3 || !ok {
		t.Errorf("-3 units: %d, %v", n, ok)
	}
	if half, err := ParseCredits("0.5"); err != nil {
		t.Error(err)
	} else if _, whole := half.Units(); whole {
		t.Error("0.5 counts as whole units")
	}
}

func TestCreditsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Min(-math.MaxInt64).Draw(t, "n")
		back, err := ParseCredits(Millionths(n).String())
		if err != nil || back.Millionths() != n {
			t.Fatalf("%d became %v, %v", n, back, err)
		}
		if units, ok := mustParse(t, Units(n).String()).Units(); units != n || !ok {
			t.Fatalf("%d units became %d", n, units)
		}
	})
}

func mustParse(t *rapid.T, s string) Credits {
	c, err := ParseCredits(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDuration(t *testing.T) {
	for _, c := range []struct {
		in      any
		seconds int64 // -1 where it is refused
		out     string
	}{
		{"PT5H", 5 * hour, "PT5H"},
		{"P7D", 7 * day, "P7D"},
		{"P1W", 7 * day, "P7D"},
		{"PT60S", 60, "PT1M"},
		{"PT1M", 60, "PT1M"},
		{"PT90M", 90 * minute, "PT1H30M"},
		{"PT24H", day, "P1D"},
		{"P1DT2H3M4S", day + 2*hour + 3*minute + 4, "P1DT2H3M4S"},
		{"PT0S", 0, "PT0S"},
		{"P0D", 0, "PT0S"},
		{"P99999999999999999999D", math.MaxInt64, "P106751991167300DT15H30M7S"},
		{"P1M", -1, ""}, {"P1Y", -1, ""}, {"PT0.5S", -1, ""}, {"PT", -1, ""}, {"P", -1, ""}, {"P1DT", -1, ""}, {"5H", -1, ""},
		{"PT5", -1, ""}, {"PTH", -1, ""}, {"-PT5H", -1, ""}, {"PT-5H", -1, ""}, {"pt5h", -1, ""}, {"PT1M1H", -1, ""},
		{"PT1H1H", -1, ""}, {"P1H", -1, ""}, {"PT1D", -1, ""}, {"P1W1D", -1, ""}, {"PT5H ", -1, ""}, {"", -1, ""},
		{json.Number("60"), -1, ""}, {nil, -1, ""},
	} {
		got, err := UnmarshalDuration(c.in)
		if refused := c.seconds < 0; refused != (err != nil) {
			t.Errorf("%v: %d, error %v", c.in, got, err)
			continue
		}
		if err == nil && (got != c.seconds || FormatDuration(got) != c.out) {
			t.Errorf("%v: %d and %s, expected %d and %s", c.in, got, FormatDuration(got), c.seconds, c.out)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, math.MaxInt64).Draw(t, "seconds")
		if back, err := ParseDuration(FormatDuration(n)); err != nil || back != n {
			t.Fatalf("%d became %s became %d, %v", n, FormatDuration(n), back, err)
		}
	})
}

func TestJSONKeepsWhatItIsGiven(t *testing.T) {
	got, err := UnmarshalJSON(map[string]any{"model": "a<b>&c", "tokens": json.Number("12345678901234567890"), "deep": []any{nil, true}})
	if want := `{"deep":[null,true],"model":"a<b>&c","tokens":12345678901234567890}`; err != nil || string(got) != want {
		t.Errorf("%s, %v; expected %s", got, err, want)
	}
	if _, err := UnmarshalJSON(math.Inf(1)); err == nil {
		t.Error("infinity is JSON")
	}
}
