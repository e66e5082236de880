package edge_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// aged makes an account look created so long ago.
func (w *world) aged(account string, age time.Duration) {
	w.t.Helper()
	c, err := pgx.Connect(w.t.Context(), w.database)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	if _, err := c.Exec(w.t.Context(), `update accounts set created_at = $2 where account_id = $1`, account, time.Now().Add(-age)); err != nil {
		w.t.Fatal(err)
	}
}

// A user is told when the credits of their own account run out.
func TestForecast(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.credits(acme, "10")
	ann := w.user("ann", acme)
	const ask = `query($a: ID!, $days: Int) { account(id: $a) { balance { available } forecast(days: $days) {
		runsOutAt runsOutEarliest runsOutLatest perDay basis points { at available expiring issued } } } }`
	of := func(data map[string]any) map[string]any { return at[map[string]any](t, data, "account", "forecast") }

	t.Run("without a whole day of use there is no pace", func(t *testing.T) {
		f := of(w.must(ann, strings.ReplaceAll(strings.ReplaceAll(ask, ", $days: Int", ""), "(days: $days)", ""), vars{"a": acme}))
		if f["runsOutAt"] != nil || f["perDay"] != "0" || len(f["points"].([]any)) != 60 || !strings.HasPrefix(f["basis"].(string), "Less than one whole day") {
			t.Errorf("%v", f)
		}
	})

	t.Run("with use it names the moment", func(t *testing.T) {
		w.aged(acme, 20*24*time.Hour)
		for ago := 1; ago <= 7; ago++ { // 4 a day, at half a credit
			w.event(t, time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -ago).Add(time.Hour), 8, acme, "bob")
		}
		asked := time.Now()
		f := of(w.must(ann, ask, vars{"a": acme, "days": 3}))
		runsOut, err := time.Parse(time.RFC3339Nano, fmt.Sprint(f["runsOutAt"]))
		if late := runsOut.Sub(asked) - 60*time.Hour; err != nil || late < 0 || late > time.Minute {
			t.Errorf("runs out %v after %v: %v", runsOut, asked, err)
		}
		if f["perDay"] != "4" || f["runsOutEarliest"] != f["runsOutAt"] || f["runsOutLatest"] != f["runsOutAt"] {
			t.Errorf("%v", f)
		}
		points := f["points"].([]any)
		for i, available := range []string{"6", "2", "0"} {
			if p := points[i].(map[string]any); p["available"] != available || p["expiring"] != "0" || p["issued"] != "0" {
				t.Errorf("%d: %v", i, p)
			}
		}
	})

	t.Run("days are held to their bounds", func(t *testing.T) {
		for _, days := range []any{0, -1, 401, 1 << 31, "7", nil} {
			if a := w.ask(ann, ask, vars{"a": acme, "days": days}); a.code() != "BAD_USER_INPUT" || a.field() != "days" {
				t.Errorf("%v: %.300s", days, a.body)
			}
		}
	})

	t.Run("one costs what its days hold", func(t *testing.T) {
		many := `query($a: ID!) { account(id: $a) { ` + repeat(10, "f%d: forecast(days: 400) { points { at available expiring issued } } ") + ` } }`
		if a := w.ask(ann, many, vars{"a": acme}); a.code() != "QUERY_TOO_COMPLEX" {
			t.Errorf("%.300s", a.body)
		}
	})
}
