package config

import (
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	good := map[string]time.Duration{
		"90s": 90 * time.Second, "10m": 10 * time.Minute, "1h30m": 90 * time.Minute, "2d": 48 * time.Hour,
		"1d12h": 36 * time.Hour, "1.5h": 90 * time.Minute, "0s": 0,
	}
	for s, want := range good {
		if got, err := parseDuration(s); err != nil || got != want {
			t.Errorf("%q: got %v, %v", s, got, err)
		}
	}
	bad := map[string]string{
		"": "is not a duration", "10": "has no unit; write 10s, 10m or 10h", "10 m": "is not a duration", "-1h": "is not a duration",
		"10min": "is not a duration", "1w": "is not a duration", "0.5s": "whole number of seconds", "9999999999d": "longer than can be counted",
		"99999999999h": "longer than can be counted", "106751d24h": "longer than can be counted",
	}
	for s, want := range bad {
		if got, err := parseDuration(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v; want %s", s, got, err, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	good := map[string]int64{
		"256MiB": 256 << 20, "1GB": 1e9, "64KiB": 64 << 10, "64kB": 64000, "64KB": 64000, "1500": 1500, "10B": 10,
		"1.5GiB": 3 << 29, "100 MB": 1e8, "0": 0,
	}
	for s, want := range good {
		if got, err := parseSize(s); err != nil || got != want {
			t.Errorf("%q: got %v, %v", s, got, err)
		}
	}
	bad := map[string]string{
		"": "is not a size", "big": "is not a size", "-1": "is not a size", "256M": "write 256MiB (by 1024) or 256MB (by 1000)",
		"256Mb": "write 256MiB", "5TB": "has the unit", "99999999GiB": "more than can be counted", "1e9": "is not a size",
		strings.Repeat("9", 400): "is not a size",
	}
	for s, want := range bad {
		if got, err := parseSize(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v; want %s", s, got, err, want)
		}
	}
}

func TestShort(t *testing.T) {
	tests := map[time.Duration]string{
		2 * time.Hour: "2h", 90 * time.Minute: "1h30m", 30 * time.Second: "30s", 48 * time.Hour: "2d",
		10 * time.Minute: "10m", 25 * time.Hour: "25h", time.Hour + time.Second: "1h0m1s",
	}
	for d, want := range tests {
		if got := short(d); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if back, err := parseDuration(want); err != nil || back != d {
			t.Errorf("%s reads back as %v, %v", want, back, err)
		}
	}
}
