package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
)

const day = 24 * time.Hour

var (
	durationForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:(\d+)d)?((?:\d+(?:\.\d+)?(?:h|m|s))*)$`) })
	sizeForm     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\d+(?:\.\d+)?) ?([A-Za-z]*)$`) })
)

// parseDuration reads "90s", "10m", "1h30m" or "2d": numbers with the units
// d, h, m and s, from large to small.
func parseDuration(s string) (time.Duration, error) {
	m := durationForm().FindStringSubmatch(s)
	if m == nil || s == "" {
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return 0, fmt.Errorf("%q has no unit; write %ss, %sm or %sh", s, s, s, s)
		}
		if meant := durationMeant(s); meant != "" {
			return 0, fmt.Errorf("%q is not a duration; write %s", s, meant)
		}
		return 0, fmt.Errorf("%q is not a duration; write a number with d, h, m or s, such as 90s, 10m, 1h30m or 2d", s)
	}
	var total time.Duration
	if m[1] != "" {
		days, err := strconv.ParseInt(m[1], 10, 32)
		if err != nil || days > math.MaxInt64/int64(day) {
			return 0, fmt.Errorf("%q is longer than can be counted", s)
		}
		total = time.Duration(days) * day
	}
	if m[2] != "" {
		rest, err := time.ParseDuration(m[2])
		if err != nil || rest > math.MaxInt64-total {
			return 0, fmt.Errorf("%q is longer than can be counted", s)
		}
		total += rest
	}
	if total%time.Second != 0 {
		return 0, fmt.Errorf("%q is not a whole number of seconds", s)
	}
	return total, nil
}

var spelt = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(\d+(?:\.\d+)?)\s*(weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?:\s|,|and)*`)
})

// durationMeant is a duration that is spelt in another way, as it is written
// here; empty if it is none.
func durationMeant(s string) string {
	text := strings.TrimPrefix(strings.TrimSpace(s), "+")
	if upper := strings.ToUpper(text); strings.HasPrefix(upper, "P") { // ISO 8601
		days, rest, _ := strings.Cut(upper[1:], "T")
		if strings.Contains(days, "M") { // months
			return ""
		}
		text = days + rest
	}
	if text == "" || spelt().ReplaceAllString(text, "") != "" {
		return ""
	}
	var out strings.Builder
	for _, m := range spelt().FindAllStringSubmatch(text, -1) {
		unit := strings.ToLower(m[2][:1])
		if n, err := strconv.Atoi(m[1]); unit == "w" && err == nil {
			m[1], unit = strconv.Itoa(7*n), "d"
		}
		out.WriteString(m[1] + unit)
	}
	if !durationForm().MatchString(out.String()) {
		return ""
	}
	return out.String()
}

// timeMeant is a time without a zone, or spelt in another way, as it is written
// here in UTC; empty if it is none.
func timeMeant(s string) string {
	for _, layout := range []string{
		"2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00",
		"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", "2006/01/02 15:04", "02.01.2006 15:04", "02.01.2006",
	} {
		if t, err := time.Parse(layout, strings.TrimSuffix(s, " UTC")); err == nil {
			return t.UTC().Format(time.RFC3339)
		}
	}
	return ""
}

// ParseDuration reads a duration as the language writes it, such as 90s, 10m,
// 1h30m or 2d. The error says what is wrong with it.
func ParseDuration(s string) (time.Duration, error) { return parseDuration(s) }

// units are what sizes are counted in: kB, MB, GB by 1000, KiB, MiB, GiB by 1024.
var units = map[string]float64{
	"B": 1, "kB": humanize.KByte, "KB": humanize.KByte, "MB": humanize.MByte, "GB": humanize.GByte,
	"KiB": humanize.KiByte, "MiB": humanize.MiByte, "GiB": humanize.GiByte,
}

// parseSize reads "256MiB", "1GB" or "1500" (bytes).
func parseSize(s string) (int64, error) {
	m := sizeForm().FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is not a size; write a number with a unit, such as 64KiB, 256MiB or 1GB", s)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a size: %w", s, errors.Unwrap(err))
	}
	unit := m[2]
	if unit == "" {
		unit = "B"
	}
	factor, ok := units[unit]
	if !ok {
		return 0, unitError(s, m[1], unit)
	}
	if n *= factor; n > 1<<53 {
		return 0, fmt.Errorf("%q is more than can be counted", s)
	}
	return int64(n), nil
}

// unitError explains a unit that could mean several: 256M is 256 million
// bytes to some and 268 million to others, and 256Mb are bits to most.
func unitError(s, number, unit string) error {
	if up := strings.ToUpper(unit[:1]); strings.Contains("KMG", up) {
		return fmt.Errorf("%q could mean several sizes; write %s%siB (by 1024) or %s%sB (by 1000)", s, number, up, number, up)
	}
	return fmt.Errorf("%q has the unit %q; sizes are in B, KB, MB, GB (by 1000) or KiB, MiB, GiB (by 1024)", s, unit)
}

// short writes a duration as it is written in files: 2h rather than 2h0m0s.
func short(d time.Duration) string {
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
