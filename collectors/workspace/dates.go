package workspace

import (
	"strconv"
	"strings"
	"time"
)

// dates reads times as browsers of any language write them. Whether 3/4 is a day in
// March or in April, dates of other days tell.
type dates struct {
	known, dayFirst bool
	guessed         int  // that could be read both ways, before anything told
	byStyle         bool // how they were read
}

// text is how dates were read that could be read in two ways.
func (d *dates) text() string {
	if d.byStyle {
		return "day first"
	}
	return "month first"
}

// learn takes what a time shows of its order, and is asked before any is read.
func (d *dates) learn(text string) {
	a, b, _, sep, ok := datePart(text)
	if !ok || d.known || sep == 0 {
		return
	}
	switch {
	case a > 12 && b <= 12:
		d.known, d.dayFirst = true, true
	case b > 12 && a <= 12:
		d.known, d.dayFirst = true, false
	}
}

// spaces are those that stand between the parts of a time.
var spaces = strings.NewReplacer("\u202f", " ", "\u00a0", " ", ", ", " ", "\u200e", "")

// datePart takes the first numbers of a text apart: two that are day and month, and
// the year. Sep is 0 if the text begins with the year.
func datePart(text string) (a, b, year int, sep byte, ok bool) {
	text = spaces.Replace(text)
	date, _, _ := strings.Cut(text, " ")
	date = strings.TrimSuffix(date, ".")
	i := strings.IndexAny(date, "/.-")
	if i < 0 {
		return 0, 0, 0, 0, false
	}
	parts := strings.Split(date, date[i:i+1])
	if len(parts) != 3 {
		return 0, 0, 0, 0, false
	}
	var n [3]int
	for k, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || v < 0 {
			return 0, 0, 0, 0, false
		}
		n[k] = v
	}
	if len(parts[0]) == 4 {
		return n[2], n[1], n[0], 0, true
	}
	if n[2] < 100 {
		n[2] += 2000
	}
	return n[0], n[1], n[2], date[i], true
}

// isoLayouts are those of services.
var isoLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999"}

// parse reads a time, in Unix nanoseconds.
func (d *dates) parse(text string, zone *time.Location) (int64, bool) {
	if zone == nil {
		zone = time.UTC
	}
	if len(text) > 4 && text[4] == '-' {
		for _, l := range isoLayouts {
			if t, err := time.ParseInLocation(l, text, zone); err == nil {
				return t.UnixNano(), within(t)
			}
		}
	}
	a, b, year, sep, ok := datePart(text)
	if !ok {
		return 0, false
	}
	_, clock, _ := strings.Cut(spaces.Replace(text), " ")
	clock, half := halfOf(clock)
	day, month := a, b
	if sep != 0 && !d.dayIsFirst(a, b, sep, half) {
		day, month = b, a
	}
	t, ok := clockOf(clock, half)
	if !ok || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, false
	}
	at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, zone).Add(t)
	return at.UnixNano(), within(at)
}

// within reports whether nanoseconds can hold a time.
func within(t time.Time) bool { return t.Year() > 1970 && t.Year() < 2200 }

// dayIsFirst says which of two numbers is the day.
func (d *dates) dayIsFirst(a, b int, sep byte, half string) bool {
	switch {
	case d.known:
		return d.dayFirst
	case a > 12 && b <= 12:
		return true
	case b > 12 && a <= 12:
		return false
	}
	first := half == "" || sep != '/' || half == strings.ToLower(half) // only the United States' is not
	if a != b && sep != '.' {
		d.guessed++
		d.byStyle = first
	}
	return first
}

// halfOf cuts AM or PM off a time of the day.
func halfOf(clock string) (rest, half string) {
	clock = strings.TrimSpace(clock)
	i := strings.LastIndexByte(clock, ' ')
	if i < 0 {
		i = len(clock) - 2
		if i < 0 || !strings.EqualFold(clock[i:], "AM") && !strings.EqualFold(clock[i:], "PM") {
			return clock, ""
		}
		return clock[:i], clock[i:]
	}
	half = strings.ReplaceAll(clock[i+1:], ".", "")
	return strings.TrimSpace(clock[:i]), half
}

// clockOf reads a time of the day.
func clockOf(clock, half string) (time.Duration, bool) {
	if clock == "" {
		return 0, half == ""
	}
	parts := strings.Split(strings.ReplaceAll(clock, ",", "."), ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	hour, err := strconv.Atoi(parts[0])
	minute, err2 := strconv.Atoi(parts[1])
	if err != nil || err2 != nil || hour < 0 || hour > 24 || minute < 0 || minute > 59 {
		return 0, false
	}
	second := time.Duration(0)
	if len(parts) == 3 {
		if second, err = time.ParseDuration(parts[2] + "s"); err != nil || second < 0 || second >= time.Minute {
			return 0, false
		}
	}
	switch strings.ToUpper(half) {
	case "":
	case "AM":
		hour %= 12
	case "PM":
		hour = hour%12 + 12
	default:
		return 0, false
	}
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + second, true
}
