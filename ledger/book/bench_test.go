package book_test

import (
	"testing"

	"spillway/ledger/book"
)

// What a posting costs by itself, its link of the chain included.
func BenchmarkPost(b *testing.B) {
	head := book.Head{Balance: 1 << 60}
	p := book.Posting{Account: "acct_a_usual_one", Grant: money, Source: lot, Kind: book.Debit, Counter: book.Revenue, Amount: -1000, At: 1_770_000_000_000_000}
	left := head.Balance
	b.ReportAllocs()
	for b.Loop() {
		done, err := head.Post(p, left)
		if err != nil {
			b.Fatal(err)
		}
		left = done.BalanceAfter
	}
}
