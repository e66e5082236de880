package view

import (
	"testing"
	"time"

	"spillway/engine/waterfall"
)

// zones are of whole, half and quarter hours, with and without summer time, with
// changes at midnight, by half an hour, and across the date line.
var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Havana", "America/Sao_Paulo", "America/Santiago",
	"Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran", "Asia/Beirut", "Africa/Cairo", "Africa/Casablanca", "Australia/Lord_Howe",
	"Australia/Adelaide", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Apia", "Asia/Calcutta"}

func must(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := zoneOf(name)
	if err != nil {
		t.Fatal(name, err)
	}
	return zone
}

// TestIntervalsAreThoseOfTheClocks: in each zone and every interval the
// beginnings ascend, each moment lies in one interval, and all moments of an
// interval show the same minute, hour, day or month.
func TestIntervalsAreThoseOfTheClocks(t *testing.T) {
	label := map[UsageInterval]string{UsageIntervalMinute: "2006-01-02 15:04 -0700", UsageIntervalHour: "2006-01-02 15 -0700",
		UsageIntervalDay: "2006-01-02", UsageIntervalMonth: "2006-01"}
	for _, name := range zones {
		zone := must(t, name)
		for interval, layout := range label {
			for _, year := range []int{2011, 2018, 2026} {
				from, to := time.Date(year, 1, 1, 3, 14, 15, 9000, time.UTC), time.Date(year+1, 1, 2, 0, 0, 0, 0, time.UTC)
				step := 37 * time.Minute
				if interval == UsageIntervalMinute { // the night of a change is enough
					from, to, step = time.Date(year, 10, 24, 20, 0, 0, 0, time.UTC), time.Date(year, 10, 25, 4, 0, 0, 0, time.UTC), 17*time.Second
				}
				starts, err := intervals(waterfall.InstantOf(from), waterfall.InstantOf(to), interval, zone)
				if err != nil {
					t.Fatal(name, interval, err)
				}
				if starts[0] > waterfall.InstantOf(from) {
					t.Fatalf("%s %s: the first interval begins after %v", name, interval, from)
				}
				seen := map[string]int{}
				for i, place := 0, 0; ; i++ {
					at := from.Add(time.Duration(i) * step)
					if !at.Before(to) {
						break
					}
					for place+1 < len(starts) && starts[place+1] <= waterfall.InstantOf(at) {
						place++
					}
					text := at.In(zone).Format(layout)
					if begun := starts[place].Time().In(zone).Format(layout); begun != text {
						t.Fatalf("%s %s: %s lies in the interval of %s", name, interval, text, begun)
					}
					if other, known := seen[text]; known && other != place {
						t.Fatalf("%s %s: %s is two intervals", name, interval, text)
					}
					seen[text] = place
				}
				for i := 1; i < len(starts); i++ {
					if starts[i] <= starts[i-1] {
						t.Fatalf("%s %s: %v does not come after %v", name, interval, starts[i].Time(), starts[i-1].Time())
					}
				}
			}
		}
	}
}

func TestADayBeginsWhereTheClocksFirstShowIt(t *testing.T) {
	for _, c := range []struct {
		zone, from string
		hours      []float64
	}{
		{"Europe/Berlin", "2026-03-28T23:00:00Z", []float64{23, 24}},
		{"Europe/Berlin", "2026-10-24T22:00:00Z", []float64{25, 24}},
		{"Asia/Kolkata", "2026-11-29T18:30:00Z", []float64{24, 24}},
		{"Asia/Beirut", "2026-03-28T22:00:00Z", []float64{23, 24}},
		{"America/Havana", "2026-11-01T04:00:00Z", []float64{25, 24}},
		{"Australia/Lord_Howe", "2026-04-04T13:00:00Z", []float64{24.5, 24}},
		// 29 December is followed by the 31st.
		{"Pacific/Apia", "2011-12-29T10:00:00Z", []float64{24, 24}},
	} {
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		starts, err := intervals(waterfall.InstantOf(from), waterfall.InstantOf(from.Add(72*time.Hour)), UsageIntervalDay, must(t, c.zone))
		if err != nil {
			t.Fatal(err)
		}
		if starts[0] != waterfall.InstantOf(from) {
			t.Errorf("%s: the day begins at %v, not at %v", c.zone, starts[0].Time(), from)
		}
		for i, hours := range c.hours {
			if got := starts[i+1].Time().Sub(starts[i].Time()).Hours(); got != hours {
				t.Errorf("%s: day %d from %s has %v hours, not %v", c.zone, i, c.from, got, hours)
			}
		}
	}
}

func TestWhatIsNoZoneIsRefused(t *testing.T) {
	for _, name := range []string{"", "Local", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "Europe/Bérlin", "Europe/Berlin\x00"} {
		if zone, err := zoneOf(name); err == nil {
			t.Errorf("%q is taken for %v", name, zone)
		}
	}
}
