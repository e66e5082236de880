package engine_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// files keeps what an export writes.
type files map[string]*bytes.Buffer

type file struct{ *bytes.Buffer }

func (file) Close() error { return nil }

func (f files) create(name string) (io.WriteCloser, error) {
	f[name] = &bytes.Buffer{}
	return file{f[name]}, nil
}

// rows reads a dataset as a stranger would, from either form.
func (f files) rows(t *testing.T, name, form string) (all []map[string]string) {
	t.Helper()
	if form == "csv" {
		lines, err := csv.NewReader(f[name+".csv"]).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines[1:] {
			row := map[string]string{}
			for i, v := range line {
				row[lines[0][i]] = v
			}
			all = append(all, row)
		}
		return all
	}
	for _, line := range strings.Split(strings.TrimSuffix(f[name+".ndjson"].String(), "\n"), "\n") {
		var values map[string]any
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.UseNumber()
		if err := decoder.Decode(&values); err != nil {
			t.Fatal(err)
		}
		row := map[string]string{}
		for k, v := range values {
			if v != nil {
				row[k] = fmt.Sprint(v)
			} else {
				row[k] = ""
			}
		}
		all = append(all, row)
	}
	return all
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// export writes an account's records of a time.
func (w *world) export(account string, from, to time.Time) files {
	w.t.Helper()
	f := files{}
	rows, err := w.ledger.Export(context.Background(), account, waterfall.InstantOf(from), waterfall.InstantOf(to), f.create)
	if err != nil || rows == nil {
		w.t.Fatalf("export: %v, %v", rows, err)
	}
	return f
}

// A stranger has the files, the guide and SHA-256, and nothing of ours.
func TestAnExportIsEnoughForChainAndBalance(t *testing.T) {
	w := newWorld(t)
	w.historyPlans()
	h := newHistory(w, "export", 3)
	h.steps(60)
	middle := w.clock.Now()
	w.clock.Add(time.Second)
	h.steps(60)
	end := w.clock.Now().Add(time.Hour)
	account := must(w.ledger.Account(context.Background(), h.id))
	for _, form := range []string{"ndjson", "csv"} {
		whole := w.export(h.id, time.Unix(0, 0), end).rows(t, "balance_updates", form)
		recomputeChain(t, whole)
		last := whole[len(whole)-1]
		if int64(len(whole)) != account.Head.Sequence || last["hash"] != hex.EncodeToString(account.Head.Chain[:]) ||
			number(t, last["account_balance_after"]) != account.Head.Balance {
			t.Errorf("%s: ends at %v", form, last)
		}
		recomputeBalances(t, w.export(h.id, time.Unix(0, 0), end), form)

		// A part of it begins where the part before ended.
		early, late := w.export(h.id, time.Unix(0, 0), middle), w.export(h.id, middle, end)
		a, b := early.rows(t, "balance_updates", form), late.rows(t, "balance_updates", form)
		recomputeChain(t, b)
		if len(a)+len(b) != len(whole) || b[0]["previous_hash"] != a[len(a)-1]["hash"] {
			t.Errorf("%s: %d and %d of %d", form, len(a), len(b), len(whole))
		}
		recomputeCharges(t, w.export(h.id, time.Unix(0, 0), end), form)
	}
}

func recomputeChain(t *testing.T, postings []map[string]string) {
	t.Helper()
	previous := postings[0]["previous_hash"]
	for i, p := range postings {
		var fields []string
		for _, name := range []string{"previous_hash", "account_id", "sequence", "kind", "grant_id", "denomination", "counter_account", "amount",
			"balance_after", "account_balance_after", "source_id", "ordinal", "part", "created_at_micros"} {
			fields = append(fields, p[name])
		}
		sum := sha256.Sum256([]byte(strings.Join(fields, "\n")))
		if p["previous_hash"] != previous || hex.EncodeToString(sum[:]) != p["hash"] {
			t.Fatalf("posting %s does not follow from the one before: %v", p["sequence"], p)
		}
		if i > 0 && number(t, p["sequence"]) != number(t, postings[i-1]["sequence"])+1 {
			t.Fatalf("a gap before %s", p["sequence"])
		}
		at := must(time.Parse(time.RFC3339Nano, p["created_at"]))
		if at.UnixMicro() != number(t, p["created_at_micros"]) {
			t.Fatalf("two times: %v", p)
		}
		previous = p["hash"]
	}
}

func recomputeBalances(t *testing.T, f files, form string) {
	t.Helper()
	left, account := map[string]int64{}, int64(0)
	for _, p := range f.rows(t, "balance_updates", form) {
		left[p["grant_id"]] += number(t, p["amount"])
		if p["denomination"] == "CREDITS" {
			account += number(t, p["amount"])
		}
		if number(t, p["balance_after"]) != left[p["grant_id"]] || number(t, p["account_balance_after"]) != account {
			t.Fatalf("%s: a balance that does not follow: %v", form, p)
		}
	}
	grants := f.rows(t, "grants", form)
	if len(grants) == 0 {
		t.Fatal("no grants")
	}
	for _, g := range grants {
		if number(t, g["remaining"]) != left[g["id"]] {
			t.Errorf("%s: grant %s has %s, by its postings %d", form, g["id"], g["remaining"], left[g["id"]])
		}
	}
}

func recomputeCharges(t *testing.T, f files, form string) {
	t.Helper()
	events := map[string]map[string]string{}
	units := map[string]int64{}
	for _, e := range f.rows(t, "usage_events", form) {
		events[e["id"]] = e
	}
	priced := 0
	for _, m := range f.rows(t, "monetization_events", form) {
		units[m["usage_event_id"]] += number(t, m["quantity"])
		want := big.NewInt(0)
		if m["price_version"] != "" {
			priced++
			per := big.NewInt(number(t, m["price_per"]))
			want.Mul(big.NewInt(number(t, m["quantity"])), big.NewInt(number(t, m["price_credits"])))
			want.Add(want, new(big.Int).Sub(per, big.NewInt(1))).Quo(want, per)
		}
		if want.String() != m["credits"] || events[m["usage_event_id"]] == nil {
			t.Fatalf("%s: %v costs %s", form, m, want)
		}
	}
	for id, e := range events {
		paid := "0" // what is held, given back or refused has no parts
		if e["kind"] == "AUTHORIZE" && e["status"] == "ALLOWED" || e["kind"] == "SETTLE" {
			paid = e["granted"]
		}
		if paid != fmt.Sprint(units[id]) {
			t.Errorf("%s: %s granted %s, its parts %d", form, id, paid, units[id])
		}
	}
	if priced == 0 {
		t.Error("nothing was charged")
	}
}

func TestExportOfNobody(t *testing.T) {
	w := newWorld(t)
	f := files{}
	rows, err := w.ledger.Export(context.Background(), "nobody", 0, 1, f.create)
	if rows != nil || err != nil || len(f) != 0 {
		t.Errorf("%v %v %v", rows, err, f)
	}
}

// The guide names every file, and none is empty.
func TestTheGuideOfAnExportNamesItsFiles(t *testing.T) {
	w := newWorld(t)
	s := w.account("guide", "plus")
	w.credits(s, 1_000_000)
	w.ask(s, "chat", 9)
	f := w.export(s, time.Unix(0, 0), w.clock.Now().Add(time.Hour))
	for _, name := range ledger.ExportFiles {
		if f[name+".ndjson"].Len() == 0 || !strings.Contains(ledger.ExportGuide, "`"+name+"`") {
			t.Errorf("%s: empty, or not in the guide", name)
		}
	}
}

// TestCellsThatASpreadsheetWouldRun: a text of an export that begins as a formula
// does is guarded in CSV, numbers are not, and NDJSON has all as it is.
func TestCellsThatASpreadsheetWouldRun(t *testing.T) {
	w := newWorld(t)
	a := w.account("formulas", "plus")
	for i, key := range []string{"=1+1", "@sum", "+1", "-note", "-5", "plain"} {
		w.grant(engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: int64(i + 1), Key: key, Note: "\tnote"})
	}
	out := w.export(a, noon.Add(-time.Hour), noon.Add(time.Hour))
	var exact, guarded []string
	for _, row := range out.rows(t, "grants", "ndjson") {
		exact = append(exact, row["idempotency_key"]+row["note"])
	}
	for _, row := range out.rows(t, "grants", "csv") {
		guarded = append(guarded, row["idempotency_key"]+row["note"])
	}
	if want := "=1+1\tnote @sum\tnote +1\tnote -note\tnote -5\tnote plain\tnote"; strings.Join(exact, " ") != want {
		t.Errorf("NDJSON has %q", exact)
	}
	if want := "'=1+1'\tnote '@sum'\tnote '+1'\tnote '-note'\tnote -5'\tnote plain'\tnote"; strings.Join(guarded, " ") != want {
		t.Errorf("CSV has %q", guarded)
	}
	for _, row := range out.rows(t, "balance_updates", "csv") {
		number(t, row["amount"])
	}
}
