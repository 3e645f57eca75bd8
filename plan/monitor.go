package plan

import (
	"fmt"
	"time"
)

// Forever is the end of what has none: a monitor's sessions record until its block is
// removed. It is a time after all others, so that whatever asks whether something is
// over gets the right answer.
var Forever = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// Never is what the tags of a monitor's flow logs say in the place of their end.
const Never = "never"

// Monitor makes of an investigation a standing watch: it has no end, and its answers
// are cut into periods.
type Monitor struct {
	Every   time.Duration `json:"every"`             // a part of a day, or whole days
	Zone    string        `json:"zone,omitempty"`    // IANA name of the zone in which periods begin; empty for UTC
	Keep    time.Duration `json:"keep,omitempty"`    // how long a period's results are kept; 0: for ever
	Compare Comparison    `json:"compare,omitempty"` // with which period each is compared
	Formats []string      `json:"formats,omitempty"` // of reports
}

// Comparison says with which period another is compared.
type Comparison string

// The comparisons.
const (
	WithPrevious Comparison = "previous"
	WithLastWeek Comparison = "same day last week"
)

// Late is how long after its end the last records of a period are awaited at most.
const Late = 45 * time.Minute

// Day and the shortest and longest periods.
const (
	Day         = 24 * time.Hour
	ShortPeriod = time.Hour
	LongPeriod  = 31 * Day
)

// Check says why m's periods cannot be; nil if they can.
func (m Monitor) Check() error {
	switch {
	case m.Every < ShortPeriod || m.Every > LongPeriod:
		return fmt.Errorf("a period is %s; it can be 1h to 31d", Duration(m.Every))
	case m.Every < Day && Day%m.Every != 0:
		return fmt.Errorf("periods of %s do not fill a day, so that they would begin at other times each day; use 1h, 2h, 3h, 4h, 6h, 8h or 12h", Duration(m.Every))
	case m.Every > Day && m.Every%Day != 0:
		return fmt.Errorf("periods longer than a day are whole days, such as 48h or 7d, and not %s", Duration(m.Every))
	case m.Compare == WithLastWeek && m.Every > 7*Day:
		return fmt.Errorf("periods of %s have no same day last week; use compare = \"previous\"", Duration(m.Every))
	case m.Compare == WithLastWeek && m.Every > Day && m.Every != 7*Day:
		return fmt.Errorf("periods of %s do not begin on the same day each week; use every = \"24h\", or compare = \"previous\"", Duration(m.Every))
	}
	_, err := m.location()
	return err
}

func (m Monitor) location() (*time.Location, error) {
	if m.Zone == "" {
		return time.UTC, nil
	}
	return time.LoadLocation(m.Zone)
}

// Period is the one in which t is: from start on, before end. Periods of days begin at
// midnight of the zone, of several days in step with Monday, 5 January 1970; a part of a day
// is counted from midnight, and the last of a day lasts until midnight, also when clocks change.
func (m Monitor) Period(t time.Time) (start, end time.Time) {
	zone, err := m.location()
	if err != nil {
		zone = time.UTC // which Check refuses
	}
	y, month, d := t.In(zone).Date()
	midnight := func(days int) time.Time { return time.Date(y, month, d+days, 0, 0, 0, 0, zone) }
	if m.Every < Day {
		n := min(t.Sub(midnight(0))/m.Every, Day/m.Every-1)
		start, end = midnight(0).Add(n*m.Every), midnight(0).Add((n+1)*m.Every)
		if n == Day/m.Every-1 || end.After(midnight(1)) {
			end = midnight(1)
		}
		return start.UTC(), end.UTC()
	}
	n := int(m.Every / Day)
	monday := time.Date(1970, 1, 5, 0, 0, 0, 0, time.UTC)
	days := int(time.Date(y, month, d, 0, 0, 0, 0, time.UTC).Sub(monday) / Day)
	in := ((days % n) + n) % n
	return midnight(-in).UTC(), midnight(n - in).UTC()
}
