package waterfall

import "strconv"

// FormatDuration writes seconds, which must not be negative, as an ISO 8601
// duration in its canonical form: days, hours, minutes and seconds, each where
// it is not 0.
func FormatDuration(seconds int64) string {
	if seconds == 0 {
		return "PT0S"
	}
	b := append(make([]byte, 0, 24), 'P')
	put := func(unit int64, name byte) {
		if n := seconds / unit; n > 0 {
			b = append(strconv.AppendInt(b, n, 10), name)
			seconds %= unit
		}
	}
	put(86_400, 'D')
	if seconds > 0 {
		b = append(b, 'T')
	}
	put(3600, 'H')
	put(60, 'M')
	put(1, 'S')
	return string(b)
}
