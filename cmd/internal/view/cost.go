package view

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"flowctl/cmd/internal/terminal"
	"flowctl/plan"
)

// meterWords say what a meter counts, and in what.
var meterWords = map[plan.Meter][2]string{
	plan.NetworkLogs:    {"flow logs collected", "GB"},
	plan.Analytics60:    {"traffic analytics, hourly", "GB"},
	plan.Analytics10:    {"traffic analytics, 10 min", "GB"},
	plan.CaptureCheck:   {"captures started", ""},
	plan.StoredGBMonth:  {"storage, for a month", "GB"},
	plan.WriteOperation: {"storage writes", "×10,000"},
	plan.ReadOperation:  {"storage reads", "×10,000"},
	plan.Egress:         {"fetched out of Azure", "GB"},
}

// costText draws what an investigation costs at most, meter by meter.
func costText(w io.Writer, e plan.Estimate, month string, width int) {
	sum := fmt.Sprintf("Cost"+month+", at most: %s %s", money(e.Total), e.Currency)
	if !e.Complete {
		sum = fmt.Sprintf("Cost"+month+": %s %s, and what is not estimated", money(e.Total), e.Currency)
	}
	fmt.Fprintln(w, indented(sum, width, "  "))
	columns := []terminal.Column{{Title: "of"}, {Title: "amount", Right: true}, {Title: e.Currency, Right: true}, {Title: "each", Right: true, Drop: 1}}
	var rows [][]string
	for _, m := range plan.Meters() {
		if row := meterRow(e, m); row != nil {
			rows = append(rows, row)
		}
	}
	for _, l := range terminal.Table(columns, rows, width-4) {
		fmt.Fprintln(w, "    "+l)
	}
	for _, why := range open(e) {
		fmt.Fprintln(w, indented(terminal.Escape(why), width, "    "))
	}
	fmt.Fprintln(w, indented(fmt.Sprintf("Prices: %s, of %s.", terminal.Escape(e.Source), terminal.Escape(e.Date)), width, "    "))
	for _, n := range e.Notes {
		fmt.Fprintln(w, indented(strings.ToUpper(n[:1])+n[1:]+".", width, "    "))
	}
	fmt.Fprintln(w)
}

// meterRow adds up the items of a meter; nil if there are none.
func meterRow(e plan.Estimate, m plan.Meter) []string {
	var quantity, amount float64
	var prices []string
	known, priced, any := true, true, false
	for _, i := range e.Items {
		if i.Meter != m {
			continue
		}
		any = true
		if i.Quantity == nil {
			known = false
		} else {
			quantity += *i.Quantity
		}
		if i.Amount == nil {
			priced = false
			continue
		}
		amount += *i.Amount
		if p := fmt.Sprintf("%g", *i.Price); !slices.Contains(prices, p) {
			prices = append(prices, p)
		}
	}
	if !any {
		return nil
	}
	words := meterWords[m]
	return []string{words[0], partly(strings.TrimSpace(number(quantity)+" "+words[1]), known, quantity > 0), partly(money(amount), priced, amount > 0), strings.Join(prices, ", ")}
}

// partly marks a sum of which a part is not known; nothing known is a dash,
// never a zero.
func partly(text string, known, some bool) string {
	switch {
	case known:
		return text
	case some && strings.HasPrefix(text, "<"):
		return "some"
	case some:
		return "> " + text
	}
	return "–"
}

func number(f float64) string {
	switch {
	case f > 0 && f < 0.01:
		return "< 0.01"
	case f == float64(int64(f)):
		return fmt.Sprintf("%d", int64(f))
	}
	return fmt.Sprintf("%.2f", f)
}

func money(f float64) string {
	if f > 0 && f < 0.01 {
		return "< 0.01"
	}
	return fmt.Sprintf("%.2f", f)
}

// open lists why parts are not known, each reason once.
func open(e plan.Estimate) []string {
	var out []string
	for _, i := range e.Items {
		if i.Amount == nil && !slices.Contains(out, i.Basis) {
			out = append(out, i.Basis)
		}
	}
	for n, why := range out {
		out[n] = strings.ToUpper(why[:1]) + why[1:] + "."
	}
	return out
}
