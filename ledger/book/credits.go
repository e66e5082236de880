package book

import (
	"errors"
	"strconv"
	"strings"
)

// MicrosPerCredit is the resolution of money: a millionth of a credit.
const MicrosPerCredit = 1_000_000

// FormatCredits writes an amount in millionths as an exact decimal: no
// exponent, no trailing zeros, such as "12.5" or "-0.000001".
func FormatCredits(micros int64) string {
	sign, n := "", uint64(micros)
	if micros < 0 {
		sign, n = "-", -n
	}
	whole, rest := strconv.FormatUint(n/MicrosPerCredit, 10), n%MicrosPerCredit
	if rest == 0 {
		return sign + whole
	}
	digits := strconv.FormatUint(MicrosPerCredit+rest, 10)[1:]
	return sign + whole + "." + strings.TrimRight(digits, "0")
}

// ErrCredits says that a text is not an amount of credits.
var ErrCredits = errors.New("must be a decimal with at most 6 fraction digits, such as \"12.5\"")

// ParseCredits reads what FormatCredits writes, trailing zeros allowed, into
// millionths. It refuses exponents, spaces, a plus sign, leading zeros, more
// than 6 fraction digits and what leaves 64 bits.
func ParseCredits(text string) (int64, error) {
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if !allDigits(whole) || (len(whole) > 1 && whole[0] == '0') || len(whole) > 13 {
		return 0, ErrCredits
	}
	if point && (!allDigits(fraction) || len(fraction) > 6) {
		return 0, ErrCredits
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", 6-len(fraction)), 10, 64)
	if err != nil {
		return 0, ErrCredits
	}
	if negative {
		n = -n
	}
	return n, nil
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
