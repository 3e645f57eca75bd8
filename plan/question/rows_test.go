package question

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func overRows(e hcl.Expression) (*Expr, hcl.Diagnostics) { return CheckRows(e, scope()) }

// checkRows checks a condition on the measures of rows.
func checkRows(t *testing.T, src string) (*Expr, hcl.Diagnostics) {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(src), "a.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(src, diags)
	}
	return overRows(e)
}

// TestHaving wants rows to be selected by what they measure, and by nothing else.
func TestHaving(t *testing.T) {
	for _, m := range numbers() {
		for _, src := range []string{m + " > 5", "5 != " + m, "has(" + m + ")", "contains([1, 2], " + m + ")", "!(" + m + " < 1e12) || flows == bytes"} {
			if x, diags := checkRows(t, src); x == nil || diags.HasErrors() || !slices.Contains(x.Fields(), m) {
				t.Errorf("%s: %v", src, diags)
			}
		}
	}
	const those = "bytes, packets, flows, denied, sent, received, left, arrived, duration, rate, retransmitted, resets, handshake_ms, zero_windows."
	for src, want := range map[string][3]string{ // summary, detail, where
		`cost > 5`:               {"Unknown measure", `Rows cannot be selected by cost, which may be a range. Order them by it: order = "-cost".`, "cost"},
		`port == 443`:            {"Unknown measure", `Rows have no measure "port". port is a field of flows: write it in where. Rows are selected by ` + those, "port"},
		`source.vm == "a"`:       {"Unknown measure", `Rows have no measure "source.vm". source.vm is a field of flows: write it in where. Rows are selected by ` + those, "source.vm"},
		`first > 5`:              {"Unsupported attribute", "", ""},
		`bites > 5`:              {"Unsupported attribute", "", ""},
		`bytes`:                  {"Wrong type", "having must be true or false for each row, such as bytes > 1000000; bytes is a number. Compare it with one, such as bytes == 443.", "bytes"},
		`"bytes > 5"`:            {"Wrong type", "having must be true or false for each row, such as bytes > 1000000; this is text, because it stands in quotes. Write the condition without quotes around it.", `"bytes > 5"`},
		`bytes > "5"`:            {"Wrong type", "<, <=, > and >= compare numbers; this is text. Write it without quotes.", `"5"`},
		`bytes == "https"`:       {"Wrong type", `bytes is a number: compare it with a number, without quotes. By name that is service == "https".`, `"https"`},
		`bytes / packets > 100`:  {"Unsupported condition", noArithmetic, "bytes / packets"},
		`startswith(bytes, "1")`: {"Invalid argument", `startswith takes two texts, as in startswith(rule, "UserRule_").`, "bytes"},
	} {
		summary, detail, at := refusal(t, src, overRows)
		if want[1] == "" { // no name of rows: told by whoever knows the file's names
			if detail == "" || at == "" {
				t.Errorf("%s: %s at %q: %s", src, summary, at, detail)
			}
			continue
		}
		if [3]string{summary, detail, at} != want {
			t.Errorf("%s:\n got %q\nwant %q", src, [3]string{summary, detail, at}, want)
		}
	}
}

// TestExpect wants numbers of the questions that there are, and a mistake to name what
// there is.
func TestExpect(t *testing.T) {
	asked := []string{"sql", "web-egress"}
	over := func(asked []string) func(hcl.Expression) (*Expr, hcl.Diagnostics) {
		return func(e hcl.Expression) (*Expr, hcl.Diagnostics) { return CheckExpect(e, scope(), asked) }
	}
	for _, m := range Numbers() {
		for _, ask := range asked {
			e, _ := hclsyntax.ParseExpression([]byte("summary."+ask+"."+m+" <= 5 && has(summary."+ask+"."+m+")"), "a.hcl", hcl.InitialPos)
			x, diags := CheckExpect(e, scope(), asked)
			if x == nil || diags.HasErrors() {
				t.Fatal(ask, m, diags)
			}
			f := x.Args[0].Args[0].Field
			if gotAsk, gotMeasure := f.Number(); gotAsk != ask || gotMeasure != m {
				t.Errorf("%s: %q, %q", f.Name, gotAsk, gotMeasure)
			}
		}
	}
	const how = "A number of an answer is summary.NAME.MEASURE, as in summary.sql.flows; NAME is a summarize block and MEASURE one of bytes, packets, flows, denied, sent, received, left, arrived, duration, rate, retransmitted, resets, handshake_ms, zero_windows, rows."
	for src, want := range map[string]string{
		`summary.sqll.flows == 0`:  `There is no summarize block "sqll". Did you mean "sql"?`,
		`summary.other.flows == 0`: `There is no summarize block "other". Known here: sql, web-egress.`,
		`summary.sql.flow == 0`:    `Answers have no number "flow". Did you mean "flows"?`,
		`summary.sql.cost == 0`:    `Answers have no number "cost". Known here: bytes, packets, flows, denied, sent, received, left, arrived, duration, rate, retransmitted, resets, handshake_ms, zero_windows, rows.`,
		`summary.sql == 0`:         how,
		`summary == 0`:             how,
		`flows == 0`:               `Nothing is called "flows" here. ` + how,
		`port == 443`:              `Nothing is called "port" here. ` + how,
		`summary.sql.flows`:        "condition must be true or false, such as summary.sql.flows == 0; summary.sql.flows is a number. Compare it with one, such as summary.sql.flows == 443.",
	} {
		if _, got, _ := refusal(t, src, over(asked)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", src, got, want)
		}
	}
	if _, got, _ := refusal(t, `summary.sql.flows == 0`, over(nil)); got != `There is no summarize block to take "summary.sql.flows" from. Add summarize "sql" { … }.` {
		t.Error(got)
	}
}

// TestOrderOfOtherLanguages wants an order as SQL has it to be told as it is here.
func TestOrderOfOtherLanguages(t *testing.T) {
	for text, want := range map[string]string{
		"bytes desc": `Write "-bytes".`, "BYTES DESC": `Write "-bytes".`, "bytes  descending": `Write "-bytes".`, "bytes asc": `Write "bytes".`, " flows": `Write "flows".`, "Flows": `Write "flows".`,
		"source.vm": "only if they have it: add it to by.", "-time(5m)": "only if they have it: add it to by.", "price": "Known here: bytes,", "bytes,flows": "Known here: bytes,",
	} {
		o, p := ParseOrder(text, "port")
		if p == nil || !strings.Contains(p.Detail, want) || o != (Order{}) || p.Summary != "Unknown measure" {
			t.Errorf("%q: %+v, %v, want %s", text, o, p, want)
		}
	}
	for _, by := range []string{"port", "time(5m)", "source.vm"} {
		for _, text := range []string{by, "-" + by} {
			if o, p := ParseOrder(text, by); p != nil || o.String() != text {
				t.Errorf("%q: %+v, %v", text, o, p)
			}
		}
	}
}
