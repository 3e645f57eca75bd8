package question

import (
	"slices"
	"strings"

	"flowctl/plan/syntax"
)

// Order is in which order the rows of an answer stand; the zero Order is the
// most bytes first.
type Order struct {
	Measure   string // one of Measures, or a dimension of the rows; empty for the default
	Ascending bool
}

// Measures returns what rows can be ordered by.
func Measures() []string {
	return append([]string{"bytes", "packets", "flows", "denied", "sent", "received", "left", "arrived", "cost", "duration", "rate", "first", "last"}, TCPMeasures()...)
}

// TCPMeasures are those that headers of TCP alone say, and so captures: segments that came
// again, resets, the mean time of handshakes, and segments that say that nothing more can be taken.
func TCPMeasures() []string {
	return []string{"retransmitted", "resets", "handshake_ms", "zero_windows"}
}

// numbers are the measures that rows can be selected by: not by times, and not by
// cost, which may be a range.
func numbers() []string {
	return slices.DeleteFunc(Measures(), func(m string) bool { return m == "cost" || m == "first" || m == "last" })
}

// measureNames are names that other tools have for measures.
var measureNames = map[string]string{
	"retransmissions": "retransmitted", "retransmission": "retransmitted", "retransmits": "retransmitted", "retrans": "retransmitted", "lost": "retransmitted",
	"reset": "resets", "rst": "resets", "rsts": "resets", "rtt": "handshake_ms", "latency": "handshake_ms", "handshake": "handshake_ms", "connect_ms": "handshake_ms",
	"zero_window": "zero_windows", "zerowindow": "zero_windows", "zerowindows": "zero_windows",
}

// ParseOrder reads an order such as "-denied", which is the most denied flows
// first, or "first", of rows with the dimensions by. The empty text is the default.
func ParseOrder(text string, by ...string) (Order, *Problem) {
	if text == "" {
		return Order{}, nil
	}
	name, descending := strings.CutPrefix(text, "-")
	if slices.Contains(Measures(), name) || slices.Contains(by, name) {
		return Order{name, !descending}, nil
	}
	if _, ok := Lookup(name); ok {
		return Order{}, &Problem{"Unknown measure", "Rows can be ordered by " + quote(name) + " only if they have it: add it to by."}
	}
	if m := measureNames[strings.ToLower(name)]; m != "" {
		return Order{}, &Problem{"Unknown measure", "Rows cannot be ordered by " + quote(name) + ". Write " + quote(Order{m, !descending}.String()) + "."}
	}
	if o, ok := spelledOrder(text); ok {
		return Order{}, &Problem{"Unknown measure", "Rows cannot be ordered by " + quote(text) + ". Write " + quote(o.String()) + "."}
	}
	return Order{}, &Problem{"Unknown measure", "Rows cannot be ordered by " + quote(name) + ". " + syntax.Hint(name, append(Measures(), by...)) + " A - before it puts the most first, as in \"-denied\"."}
}

// String is the order as it is written.
func (o Order) String() string {
	if o.Measure == "" || o.Ascending {
		return o.Measure
	}
	return "-" + o.Measure
}

// spelledOrder reads an order as SQL has it, such as bytes desc.
func spelledOrder(text string) (Order, bool) {
	name, way, _ := strings.Cut(strings.ToLower(strings.TrimSpace(text)), " ")
	if !slices.Contains(Measures(), name) {
		return Order{}, false
	}
	return Order{name, !strings.HasPrefix(strings.TrimSpace(way), "desc")}, true
}
