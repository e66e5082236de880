package forecast

import (
	"fmt"
	"time"

	"spillway/ledger/book"
)

// Basis says in a sentence what the paces rest on.
func (f *Figures) Basis() string {
	if f.Count == 0 {
		return "Less than one whole day (UTC) of use is known: there is no pace to go by yet."
	}
	days := f.days()
	mean := f.Mean()
	if mean.Total == 0 {
		return fmt.Sprintf("No credits were spent, net of refunds, on %s.", days)
	}
	return fmt.Sprintf("%s credits a day, the mean of what was spent, net of refunds, on %s. Earliest at %s a day, latest at %s.",
		book.FormatCredits(mean.PerDay()), days, book.FormatCredits(f.High().PerDay()), book.FormatCredits(f.Low().PerDay()))
}

// days names the days of the figures.
func (f *Figures) days() string {
	first := f.First.Time().Format(time.DateOnly)
	if f.Count == 1 {
		return fmt.Sprintf("the last whole day (%s, UTC)", first)
	}
	last := f.First.Time().AddDate(0, 0, int(f.Count)-1).Format(time.DateOnly)
	return fmt.Sprintf("the last %d whole days (%s to %s, UTC)", f.Count, first, last)
}
