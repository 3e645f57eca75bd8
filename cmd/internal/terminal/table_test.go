package terminal

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	columns := []Column{{Title: "machine"}, {Title: "rule"}, {Title: "bytes", Right: true}, {Title: "share", Right: true, Drop: 1}, {Title: "flows", Right: true, Drop: 2}}
	rows := [][]string{{"vm-web-01", "DefaultRule_AllowVnetInBound", "1.2 GB", "99%", "12"}, {"数据库", "", "–", "–", "1,234"}}
	tests := map[int][]string{
		80: {
			"machine    rule                           bytes  share  flows",
			"vm-web-01  DefaultRule_AllowVnetInBound  1.2 GB    99%     12",
			"数据库                                        –      –  1,234",
		},
		56: {
			"machine    rule                           bytes  share",
			"vm-web-01  DefaultRule_AllowVnetInBound  1.2 GB    99%",
			"数据库                                        –      –",
		},
		40: {
			"machine    rule                    bytes",
			"vm-web-01  DefaultRule_AllowVne…  1.2 GB",
			"数据库                                 –",
		},
		5: {
			"machine  rule       bytes",
			"vm-web-…  Default…  1.2 GB",
		},
	}
	for width, want := range tests {
		got := Table(columns, rows, width)
		if width == 5 { // no room at all: the least that still says something
			if ansi.StringWidth(got[1]) != 8+gap+8+gap+6 {
				t.Errorf("width 5: %q", got[1])
			}
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("width %d (-want +got):\n%s", width, diff)
		}
		for _, l := range got {
			if ansi.StringWidth(l) > width {
				t.Errorf("width %d: %q is wider", width, l)
			}
		}
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"vm-web":         "vm-web",
		"größe 数据":       "größe 数据",
		"a\x1b[31mb":     `a\u001b[31mb`,
		"line\nbreak\t":  `line\u000abreak\u0009`,
		"\u202egnp.exe":  `\u202egnp.exe`,
		"bad\xffbyte":    `bad\ufffdbyte`,
		"bell\a\u009b2J": `bell\u0007\u009b2J`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 40_100_000_000: "40.1 GB", 999_949: "999.9 kB", 999_950: "1.0 MB", 1<<64 - 1: "18.4 EB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	got := Wrap("one two three four five six seven", 24, "    ")
	if want := "one two three four\n    five six seven"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := Wrap("in azure-vm-trailing-newline.cap", 20, ""), "in\nazure-vm-trailing-ne\nwline.cap"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, l := range strings.Split(got, "\n") {
		if ansi.StringWidth(l) > 24 {
			t.Errorf("%q is wider than 24", l)
		}
	}
}
