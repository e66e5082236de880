package book

import (
	"encoding/hex"
	"fmt"
	"math/big"
)

// Fault is one place where the books of an account do not add up.
type Fault struct {
	Account string
	// Sequence is the posting at fault; 0 where the fault is of the whole
	// account or of a grant.
	Sequence int64
	// Grant is set where a grant is at fault.
	Grant ID
	// Check names what was checked, in one word.
	Check           string
	Expected, Found string
}

// Terms are what the checker must know of a grant before its postings.
type Terms struct {
	Units bool
	// Source is the counter account that its issues come from.
	Source Counter
	// Amount is what each issue gives.
	Amount int64
}

// Stands is what the store says of a grant after all its postings.
type Stands struct {
	Remaining int64
	Held      int64
	// Issues counts its GRANT postings.
	Issues int32
}

// Checker follows the postings of one account in the order of their sequence
// and names what does not add up. It keeps a few numbers for each grant and
// none for a posting. After a fault it goes on from what is stored, so that
// one changed row is one fault, or two, and not one for every row behind it.
//
// The zero value is not usable: begin with [NewChecker].
type Checker struct {
	account string
	report  func(Fault)

	sequence int64
	balance  int64
	chain    [32]byte
	folds    map[ID]*fold
	// The two sides of the books, by denomination: what the counter accounts
	// have, by the postings, and what the grants have left and hold, as they
	// are stored. They are wide, so that no tampering can overflow them.
	counters [2][Adjustments + 1]sum
	left     [2]sum
	held     [2]sum
}

// fold is what the postings of one grant add up to.
type fold struct {
	terms  Terms
	sum    sum   // over all amounts
	after  int64 // as the newest posting says
	held   sum
	issues int32
}

// NewChecker begins an account. Faults go to report as they are found.
func NewChecker(account string, report func(Fault)) *Checker {
	return &Checker{account: account, report: report, folds: map[ID]*fold{}}
}

// Grant makes a grant known. Postings of a grant that is not known are faults.
func (c *Checker) Grant(id ID, t Terms) { c.folds[id] = &fold{terms: t} }

// Add checks the next posting.
func (c *Checker) Add(p *Posting) {
	f := c.folds[p.Grant]
	if f == nil {
		c.fault(p.Sequence, "grant", "a grant of the account", "none with the id "+idText(p.Grant))
		f = &fold{terms: Terms{Units: p.Units}}
		c.folds[p.Grant] = f
	}
	c.checkNumber(p)
	c.checkAmount(p, f)
	c.checkBalances(p, f)
	c.counters[denomination(p.Units)][min(p.Counter, Adjustments)].sub(p.Amount)
}

// checkNumber holds the posting to the one before it: number and chain.
func (c *Checker) checkNumber(p *Posting) {
	if p.Sequence != c.sequence+1 {
		c.fault(p.Sequence, "sequence", fmt.Sprint(c.sequence+1), fmt.Sprint(p.Sequence))
	}
	if want := p.Sum(c.chain); want != p.Hash {
		c.fault(p.Sequence, "chain", hex.EncodeToString(want[:]), hex.EncodeToString(p.Hash[:]))
	}
	c.sequence, c.chain = p.Sequence, p.Hash
}

// checkAmount holds the kind, the other side and the sign to each other.
func (c *Checker) checkAmount(p *Posting, f *fold) {
	want, sign := otherSide(p.Kind, f.terms.Source)
	if want != 0 && p.Counter != want {
		c.fault(p.Sequence, "counter", want.String(), p.Counter.String())
	}
	if p.Amount == 0 || sign > 0 && p.Amount < 0 || sign < 0 && p.Amount > 0 {
		c.fault(p.Sequence, "amount", [...]string{"negative", "not-0", "positive"}[sign+1], fmt.Sprint(p.Amount))
	}
	switch p.Kind {
	case Grant:
		f.issues++
		if f.terms.Amount != 0 && p.Amount != f.terms.Amount {
			c.fault(p.Sequence, "issue", fmt.Sprint(f.terms.Amount), fmt.Sprint(p.Amount))
		}
	case Hold, HoldRelease:
		f.held.sub(p.Amount)
		if f.held.negative() {
			c.fault(p.Sequence, "held", "at-least-0", f.held.String())
		}
	}
}

// checkBalances holds what was left before, the amount and what is left after
// to each other, for the grant and for the account.
func (c *Checker) checkBalances(p *Posting, f *fold) {
	f.sum.add(p.Amount)
	if after := wide(f.after, p.Amount); !after.is(p.BalanceAfter) {
		c.fault(p.Sequence, "balance_after", after.String(), fmt.Sprint(p.BalanceAfter))
	}
	f.after = p.BalanceAfter
	account := wide(c.balance, 0)
	if !p.Units {
		account.add(p.Amount)
	}
	if !account.is(p.AccountBalanceAfter) {
		c.fault(p.Sequence, "account_balance_after", account.String(), fmt.Sprint(p.AccountBalanceAfter))
	}
	c.balance = p.AccountBalanceAfter
}

// Holds compares a grant as it is stored with the fold of its postings. It is
// called once for each grant, after the last posting.
func (c *Checker) Holds(id ID, s Stands) {
	f := c.folds[id]
	if f == nil {
		f = &fold{}
	}
	fault := func(check, expected, found string) {
		c.report(Fault{Account: c.account, Grant: id, Check: check, Expected: expected, Found: found})
	}
	if !f.sum.is(s.Remaining) {
		fault("grant.remaining", f.sum.String(), fmt.Sprint(s.Remaining))
	}
	if !f.held.is(s.Held) {
		fault("grant.held", f.held.String(), fmt.Sprint(s.Held))
	}
	if f.issues != s.Issues {
		fault("grant.issues", fmt.Sprint(f.issues), fmt.Sprint(s.Issues))
	}
	d := denomination(f.terms.Units)
	c.left[d].add(s.Remaining)
	c.held[d].add(s.Held)
}

// End compares the account's own head with what its postings end at, and
// closes the books: over the grants and the counter accounts everything sums
// to zero, and HELD is what the grants say is held.
func (c *Checker) End(h Head) {
	end := func(check, expected, found string) {
		c.report(Fault{Account: c.account, Check: check, Expected: expected, Found: found})
	}
	if h.Sequence != c.sequence {
		end("account.sequence", fmt.Sprint(c.sequence), fmt.Sprint(h.Sequence))
	}
	if h.Balance != c.balance {
		end("account.balance", fmt.Sprint(c.balance), fmt.Sprint(h.Balance))
	}
	if h.Chain != c.chain {
		end("account.chain", hex.EncodeToString(c.chain[:]), hex.EncodeToString(h.Chain[:]))
	}
	for d, name := range [...]string{"books.credits", "books.units"} {
		total := c.left[d]
		for i := range c.counters[d] {
			total.join(c.counters[d][i])
		}
		if !total.is(0) {
			end(name, "0", total.String())
		}
		if held := c.counters[d][Held]; held != c.held[d] {
			end(name+".held", held.String(), c.held[d].String())
		}
	}
}

func (c *Checker) fault(sequence int64, check, expected, found string) {
	c.report(Fault{Account: c.account, Sequence: sequence, Check: check, Expected: expected, Found: found})
}

// otherSide is the counter account that a kind of posting is made with, and
// the sign of its amount, 0 for either. source is that of the grant's issues.
func otherSide(k Kind, source Counter) (c Counter, sign int) {
	switch k {
	case Grant:
		return source, 1
	case Debit:
		return Revenue, -1
	case Refund:
		return Revenue, 1
	case Hold:
		return Held, -1
	case HoldRelease:
		return Held, 1
	case Expiry:
		return Expired, -1
	case Void:
		return Voided, -1
	}
	return Adjustments, 0
}

func denomination(units bool) int {
	if units {
		return 1
	}
	return 0
}

// sum is a 128 bit signed integer: the sum of any number of amounts, however
// they were tampered with.
type sum struct {
	hi int64
	lo uint64
}

func wide(a, b int64) sum {
	var s sum
	s.add(a)
	s.add(b)
	return s
}

func (s *sum) add(n int64) { s.join(sum{n >> 63, uint64(n)}) }

// sub takes an amount off. The negative of the smallest integer does not fit
// into 64 bits, so it is formed in 128.
func (s *sum) sub(n int64) {
	t := sum{^(n >> 63), ^uint64(n)}
	t.join(sum{0, 1})
	s.join(t)
}

func (s *sum) join(t sum) {
	lo := s.lo + t.lo
	s.hi += t.hi
	if lo < s.lo {
		s.hi++
	}
	s.lo = lo
}

func (s *sum) is(n int64) bool { return s.lo == uint64(n) && s.hi == n>>63 }

func (s *sum) negative() bool { return s.hi < 0 }

func (s *sum) String() string {
	n := new(big.Int).Lsh(big.NewInt(s.hi), 64)
	return n.Add(n, new(big.Int).SetUint64(s.lo)).String()
}

func idText(id ID) string { return string(appendUUID(nil, id)) }
