package book_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spillway/ledger/book"
)

var (
	money = book.ID{1}
	lot   = book.ID{2}
)

// books is an account with two grants: 10 credits bought, of which 3 were
// spent, 2 are held and 1 came back; and 5 units promised, of which 4 expired.
type books struct {
	postings []book.Posting
	head     book.Head
	stands   map[book.ID]book.Stands
}

func written(t testing.TB) *books {
	t.Helper()
	b := &books{stands: map[book.ID]book.Stands{
		money: {Remaining: 6_000_000, Held: 2_000_000, Issues: 1}, lot: {Remaining: 1, Issues: 1}}}
	left := map[book.ID]int64{}
	for i, p := range []book.Posting{
		{Grant: money, Kind: book.Grant, Counter: book.Purchases, Amount: 10_000_000, Source: money, Part: book.NoPart},
		{Grant: lot, Units: true, Kind: book.Grant, Counter: book.Contracts, Amount: 5, Source: lot, Part: book.NoPart},
		{Grant: money, Kind: book.Debit, Counter: book.Revenue, Amount: -3_000_000, Source: book.ID{9}},
		{Grant: money, Kind: book.Hold, Counter: book.Held, Amount: -4_000_000, Source: book.ID{8}},
		{Grant: money, Kind: book.HoldRelease, Counter: book.Held, Amount: 2_000_000, Source: book.ID{7}, Part: book.NoPart},
		{Grant: money, Kind: book.Refund, Counter: book.Revenue, Amount: 1_000_000, Source: book.ID{6}},
		{Grant: lot, Units: true, Kind: book.Expiry, Counter: book.Expired, Amount: -4, Source: lot, Ordinal: 1, Part: book.NoPart},
	} {
		p.Account, p.At = "acme", int64(1_770_000_000_000_000+i)
		done, err := b.head.Post(p, left[p.Grant])
		if err != nil {
			t.Fatal(err)
		}
		left[p.Grant] = done.BalanceAfter
		b.postings = append(b.postings, done)
	}
	return b
}

// check is what the checker names, as "sequence check".
func (b *books) check() []string {
	var faults []string
	c := book.NewChecker("acme", func(f book.Fault) {
		if f.Account != "acme" || f.Expected == f.Found || strings.ContainsAny(f.Expected+f.Found, "\n=") {
			faults = append(faults, fmt.Sprintf("bad fault %+v", f))
		}
		faults = append(faults, fmt.Sprintf("%d %s", f.Sequence, f.Check))
	})
	c.Grant(money, book.Terms{Source: book.Purchases, Amount: 10_000_000})
	c.Grant(lot, book.Terms{Units: true, Source: book.Contracts, Amount: 5})
	for i := range b.postings {
		c.Add(&b.postings[i])
	}
	c.Holds(money, b.stands[money])
	c.Holds(lot, b.stands[lot])
	c.End(b.head)
	return faults
}

func TestCheckerFindsNothingInWholeBooks(t *testing.T) {
	if faults := written(t).check(); len(faults) > 0 {
		t.Errorf("%v", faults)
	}
}

func TestCheckerNamesEachTampering(t *testing.T) {
	// rehash makes the chain whole again from a posting on, as a forger would
	// who knows how it is made.
	rehash := func(b *books) {
		var before [32]byte
		for i := range b.postings {
			b.postings[i].Hash = b.postings[i].Sum(before)
			before = b.postings[i].Hash
		}
		b.head.Chain = before
	}
	stand := func(b *books, id book.ID, change func(*book.Stands)) {
		s := b.stands[id]
		change(&s)
		b.stands[id] = s
	}
	for _, c := range []struct {
		name   string
		tamper func(*books)
		want   string // one of the faults
	}{
		{"a changed amount", func(b *books) { b.postings[2].Amount-- }, "3 chain"},
		{"a changed amount, rehashed", func(b *books) { b.postings[2].Amount--; rehash(b) }, "3 balance_after"},
		{"a changed amount and balance, rehashed", func(b *books) { b.postings[2].Amount--; b.postings[2].BalanceAfter--; rehash(b) }, "4 balance_after"},
		{"a changed balance of the grant", func(b *books) { b.postings[3].BalanceAfter++ }, "4 balance_after"},
		{"a changed balance of the account", func(b *books) { b.postings[3].AccountBalanceAfter++ }, "4 account_balance_after"},
		{"a deleted posting", func(b *books) { b.postings = slices.Delete(b.postings, 2, 3) }, "4 sequence"},
		{"the newest posting deleted", func(b *books) { b.postings = b.postings[:6] }, "0 account.sequence"},
		{"a deleted posting, renumbered", func(b *books) {
			b.postings = slices.Delete(b.postings, 2, 3)
			for i := range b.postings {
				b.postings[i].Sequence = int64(i + 1)
			}
		}, "3 chain"},
		{"an inserted posting", func(b *books) { b.postings = slices.Insert(b.postings, 3, b.postings[2]) }, "3 sequence"},
		{"swapped postings", func(b *books) {
			p, q := &b.postings[2], &b.postings[3]
			p.Sequence, q.Sequence = q.Sequence, p.Sequence
			*p, *q = *q, *p
		}, "3 chain"},
		{"swapped amounts", func(b *books) {
			b.postings[2].Amount, b.postings[3].Amount = b.postings[3].Amount, b.postings[2].Amount
		}, "3 chain"},
		{"another time", func(b *books) { b.postings[4].At++ }, "5 chain"},
		{"another source", func(b *books) { b.postings[4].Source[0]++ }, "5 chain"},
		{"another part", func(b *books) { b.postings[2].Part++ }, "3 chain"},
		{"another side", func(b *books) { b.postings[2].Counter = book.Voided; rehash(b) }, "3 counter"},
		{"another kind", func(b *books) { b.postings[2].Kind = book.Grant; rehash(b) }, "3 amount"},
		{"a grant of nobody", func(b *books) { b.postings[2].Grant = book.ID{3} }, "3 grant"},
		{"an issue of another amount", func(b *books) { b.postings[0].Amount++; rehash(b) }, "1 issue"},
		{"more released than was held", func(b *books) { b.postings[4].Amount = 4_000_001; rehash(b) }, "5 held"},
		{"the head's sequence", func(b *books) { b.head.Sequence++ }, "0 account.sequence"},
		{"the head's balance", func(b *books) { b.head.Balance++ }, "0 account.balance"},
		{"the head's chain", func(b *books) { b.head.Chain[31]++ }, "0 account.chain"},
		{"what a grant has left", func(b *books) { stand(b, money, func(s *book.Stands) { s.Remaining++ }) }, "0 grant.remaining"},
		{"what a grant has left, in the books", func(b *books) { stand(b, lot, func(s *book.Stands) { s.Remaining++ }) }, "0 books.units"},
		{"what a grant holds", func(b *books) { stand(b, money, func(s *book.Stands) { s.Held-- }) }, "0 grant.held"},
		{"what the account holds", func(b *books) { stand(b, money, func(s *book.Stands) { s.Held-- }) }, "0 books.credits.held"},
		{"how often it was issued", func(b *books) { stand(b, lot, func(s *book.Stands) { s.Issues++ }) }, "0 grant.issues"},
	} {
		b := written(t)
		c.tamper(b)
		if faults := b.check(); !slices.Contains(faults, c.want) {
			t.Errorf("%s: found %v, not %q", c.name, faults, c.want)
		}
	}
}

// Every bit of every field is under the chain: change one, and it breaks there.
func TestChainCoversEveryField(t *testing.T) {
	for _, change := range []func(*book.Posting){
		func(p *book.Posting) { p.Account += "x" }, func(p *book.Posting) { p.Sequence++ },
		func(p *book.Posting) { p.Grant[15] ^= 1 }, func(p *book.Posting) { p.Units = !p.Units },
		func(p *book.Posting) { p.Kind++ }, func(p *book.Posting) { p.Counter++ },
		func(p *book.Posting) { p.Amount++ }, func(p *book.Posting) { p.BalanceAfter++ },
		func(p *book.Posting) { p.AccountBalanceAfter++ }, func(p *book.Posting) { p.Source[0] ^= 128 },
		func(p *book.Posting) { p.Ordinal++ }, func(p *book.Posting) { p.Part++ }, func(p *book.Posting) { p.At++ },
	} {
		p := written(t).postings[2]
		before := p.Sum([32]byte{1})
		change(&p)
		if p.Sum([32]byte{1}) == before {
			t.Errorf("a change is not covered: %+v", p)
		}
	}
}

// A stranger can recompute the hash from the page alone: this is the first
// posting of the account "acme", written out.
func TestChainByHand(t *testing.T) {
	text := strings.Repeat("0", 64) + "\nacme\n1\nGRANT\n01000000-0000-0000-0000-000000000000\nCREDITS\nPURCHASES\n10000000\n10000000\n10000000\n" +
		"01000000-0000-0000-0000-000000000000\n0\n-1\n1770000000000000"
	sum := sha256.Sum256([]byte(text))
	if got := written(t).postings[0].Hash; got != sum {
		t.Errorf("the hash is %x, by hand %x", got, sum)
	}
}

func TestChargedIsTheRoundedUpPrice(t *testing.T) {
	for _, c := range []struct {
		units, micros, per, credits int64
		ok                          bool
	}{
		{2, 500_000, 1, 1_000_000, true}, {2, 500_000, 1, 1_000_001, false}, {2, 500_000, 1, 999_999, false},
		{1, 1, 3, 1, true}, {3, 1, 3, 1, true}, {4, 1, 3, 2, true}, {4, 1, 3, 1, false}, {1, 1, 3, 0, false},
		{0, 5, 1, 0, true}, {math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64, true},
		{1, 1, 0, 1, false}, {-1, 1, 1, 0, false}, {1, 1, 1, -1, false},
	} {
		if got := book.Charged(c.units, c.micros, c.per, c.credits); got != c.ok {
			t.Errorf("%+v: %v", c, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		units, micros := rapid.Int64Range(1, math.MaxInt64).Draw(t, "units"), rapid.Int64Range(1, math.MaxInt64).Draw(t, "micros")
		per := rapid.Int64Range(1, math.MaxInt64).Draw(t, "per")
		q, rest := new(big.Int).QuoRem(new(big.Int).Mul(big.NewInt(units), big.NewInt(micros)), big.NewInt(per), new(big.Int))
		if rest.Sign() > 0 {
			q.Add(q, big.NewInt(1))
		}
		if q.String() != book.ChargeText(units, micros, per) {
			t.Fatalf("%s is %s", q, book.ChargeText(units, micros, per))
		}
		if !q.IsInt64() {
			return
		}
		n := q.Int64()
		if !book.Charged(units, micros, per, n) || book.Charged(units, micros, per, n-1) || n < math.MaxInt64 && book.Charged(units, micros, per, n+1) {
			t.Fatalf("%d × %d ÷ %d is %d", units, micros, per, n)
		}
	})
}

// Post refuses what the checker would name.
func TestPostAndCheckerAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h book.Head
		c := book.NewChecker("a", func(f book.Fault) { t.Fatalf("%+v", f) })
		c.Grant(money, book.Terms{Source: book.Promotions})
		left, issues := int64(0), int32(0)
		for i := range rapid.IntRange(1, 20).Draw(t, "postings") {
			p := book.Posting{Account: "a", Grant: money, Kind: book.Grant, Counter: book.Promotions, Part: book.NoPart, At: int64(i),
				Amount: rapid.Int64Range(-50, 100).Draw(t, "amount")}
			if p.Amount == 0 {
				continue
			}
			if p.Amount < 0 {
				p.Kind, p.Counter = book.Debit, book.Revenue
			}
			done, err := h.Post(p, left)
			if err != nil {
				if left+p.Amount >= 0 {
					t.Fatalf("refused %d of %d: %v", p.Amount, left, err)
				}
				continue
			}
			if p.Amount > 0 {
				issues++
			}
			left = done.BalanceAfter
			c.Add(&done)
		}
		c.Holds(money, book.Stands{Remaining: left, Issues: issues})
		c.End(h)
	})
}
