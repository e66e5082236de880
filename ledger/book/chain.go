package book

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// Sum is the posting's hash: SHA-256, in this order and joined by newlines,
// over
//
//	the hash of the posting before it in the account, in lower-case hex
//	(64 zeros for the first)
//	account id
//	sequence
//	kind (such as DEBIT)
//	grant id (UUID in lower case with hyphens)
//	denomination (CREDITS or UNITS)
//	counter account (such as REVENUE)
//	amount
//	balance after
//	account balance after
//	source id (UUID)
//	ordinal
//	part (-1 for none)
//	time in microseconds since 1970 UTC
//
// without a newline at the end. Amounts are the integers of the store:
// millionths of a credit, or whole units. An export holds all of these fields.
func (p *Posting) Sum(before [32]byte) [32]byte {
	var room [512]byte
	b := hex.AppendEncode(room[:0], before[:])
	b = append(b, '\n')
	b = append(b, p.Account...)
	b = number(b, p.Sequence)
	b = append(append(b, '\n'), p.Kind.String()...)
	b = appendUUID(append(b, '\n'), p.Grant)
	if p.Units {
		b = append(b, "\nUNITS\n"...)
	} else {
		b = append(b, "\nCREDITS\n"...)
	}
	b = append(b, p.Counter.String()...)
	b = number(b, p.Amount)
	b = number(b, p.BalanceAfter)
	b = number(b, p.AccountBalanceAfter)
	b = appendUUID(append(b, '\n'), p.Source)
	b = number(b, int64(p.Ordinal))
	b = number(b, int64(p.Part))
	b = number(b, p.At)
	return sha256.Sum256(b)
}

func number(b []byte, n int64) []byte {
	return strconv.AppendInt(append(b, '\n'), n, 10)
}

// appendUUID writes the usual 8-4-4-4-12 form in lower case.
func appendUUID(b []byte, id ID) []byte {
	for i, group := range [...][2]int{{0, 4}, {4, 6}, {6, 8}, {8, 10}, {10, 16}} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, id[group[0]:group[1]])
	}
	return b
}
