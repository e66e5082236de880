package demo

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"

	"spillway/engine"
	"spillway/ledger"
)

// traffic is who keeps using the product: everyone but the account of the
// sign-in link, whose numbers move only when its reader moves them.
var traffic = []ask{
	{"katherine", localMessage, 2, 0}, {"katherine", videoSecond, 5, 0}, {"wile", localMessage, 6, 0}, {"road", cloudTask, 1, 0},
	{"bugs", videoSecond, 12, 0}, {"edsger", localMessage, 2, 0}, {"alan", localMessage, 1, 0}, {"ken", cloudTask, 1, 0},
	{"hank", videoSecond, 8, 0}, {"barbara", localMessage, 1, 0}, {"donald", localMessage, 1, 0},
}

// Drive keeps gentle traffic going until ctx ends: about one request a second,
// and now and then a hold that is settled a little later.
func Drive(ctx context.Context, e *engine.Engine, log *slog.Logger) {
	accounts := map[string]string{}
	for _, s := range stories {
		for _, a := range append(s.daily[:len(s.daily):len(s.daily)], s.lately...) {
			accounts[a.user] = s.id
		}
	}
	for n := 0; ; n++ {
		pause := time.Duration(500+rand.IntN(1000)) * time.Millisecond
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		a := traffic[rand.IntN(len(traffic))]
		r := engine.AuthorizeRequest{Account: accounts[a.user], User: a.user, Feature: a.feature, Quantity: 1 + rand.Int64N(a.quantity),
			Key: "live " + strconv.FormatInt(time.Now().UnixNano(), 36), Metadata: []byte(`{"source":"demo traffic"}`)}
		if n%6 == 5 {
			r.HoldSeconds = 60
		}
		call, cancel := context.WithTimeout(ctx, 5*time.Second)
		d, err := e.Authorize(call, r)
		cancel()
		if err != nil {
			log.Debug("demo traffic", "error", err)
			continue
		}
		if d.Status == ledger.StatusHeld {
			go settleLater(ctx, e, d, log)
		}
	}
}

// settleLater settles a hold with most of what it reserved.
func settleLater(ctx context.Context, e *engine.Engine, d *ledger.Decision, log *slog.Logger) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(time.Duration(3+rand.IntN(12)) * time.Second):
	}
	call, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r := engine.SettleRequest{Account: d.Account, Decision: d.ID, Quantity: d.Granted - rand.Int64N(d.Granted/2+1), Key: d.Key + " settled"}
	if _, err := e.Settle(call, r); err != nil {
		log.Debug("demo traffic", "error", err)
	}
}
