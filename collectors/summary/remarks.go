package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"flowctl/collectors/flow"
)

// sumCoverage says what sums that their source made do not tell.
func (b *builder) sumCoverage(logs bool, say sayer) {
	say("no-source-port", "Rows of Traffic Analytics and of agents are sums of all flows of an interval with the same ends, destination port and rule: the source port is not known, flows are as many as the rows say, and when within the interval something flowed is not known either. The timeline of Traffic Analytics is no finer than an hour.")
	if b.facts.bothEnds > 0 {
		say("seen-at-both-ends", "%s seen at both ends, or in a second log of the same interface: of each conversation and interval the row of the end that opened it counts.",
			was(b.facts.bothEnds, "row was", "rows were"))
	}
	if logs {
		say("logs-beside-sums", "Flow logs and rows of Traffic Analytics were read together: without source ports they cannot be compared flow by flow, so what both recorded counts twice. Read one of them for each hour.")
	}
}

// remarks are what the remarks of sources mean: sentences, of which %s is how
// often, and what a reader was told, if anything.
var remarks = []struct{ code, one, many, text string }{
	{"partial-result", "export is", "exports are", "%s incomplete, as the service itself said with it: %s. Ask again for a shorter time."},
	{"row-limit", "export has", "exports have", "%s exactly as many rows as its limit (%s): what is beyond was cut off. Ask again for a shorter time."},
	{"partial-errors-lost", "export was", "exports were", "%s made by az, which does not pass on that an answer is incomplete: whether rows are missing cannot be seen."},
	{"interval-incomplete", "report", "reports", "%s of Traffic Analytics itself that an interval was not processed, or not whole: %s. What it did not process is missing."},
	{"not-flow-rows", "row", "rows", "%s of Traffic Analytics were no flows (topology and reports of the job) and left out."},
	{"addresses-not-listed", "row has", "rows have", "%s more traffic than the public addresses listed there: the rest counts for no address."},
	{"addresses-exceed", "row lists", "rows list", "%s public addresses with more traffic than its own sum: the addresses count."},
	{"address-uncounted", "public address has", "public addresses have", "%s no counters of its own: what it sent and received is not known, and counts in its row's rest."},
	{"both-sides-folded", "row names", "rows name", "%s public addresses at both ends and not which belong together: its traffic counts for no address."},
	{"masked-address", "public address of Azure ends", "public addresses of Azure end", "%s in .0: the service may have masked the last number, so it may stand for others of its network."},
	{"both-ends-unknown", "row lacks", "rows lack", "%s the interface, the direction or the interval (columns that were not exported): what both ends saw may be counted twice."},
	{"rows-not-told-apart", "row lacks", "rows lack", "%s a column that rows are told apart by: if an export is there twice, it counts twice."},
	{"interval-crosses-window", "row is", "rows are", "%s of an interval that begins before the window or ends after it, and counts whole."},
	{"no-flow-counts", "row does", "rows do", "%s not say how many flows began: its traffic counts, its flows do not."},
	{"several-rules", "row names", "rows name", "%s several rules and not what each decided: its rule is not known."},
	{"failed-connections", "connection", "connections", "%s failed to open, as agents say: they were refused or not answered, and are in no sum."},
	{"session-repeated", "row is", "rows are", "%s a further record of a session: whether such records repeat or continue the first one is not documented; they are added up."},
	{"date-order", "export has", "exports have", "%s dates that can be read month first or day first; they were read %s. Export with another format of dates if that is wrong."},
	{"last-line-open", "export does", "exports do", "%s not end with the end of a line: its last row may be cut."},
	{"shards-missing", "node of the engine did", "nodes of the engine did", "%s not answer (%s): what they have is missing from all answers."},
	{"units-unfinished", "unit was", "units were", "%s begun and not ended when files came into the engine: of flow logs a part may count already. Add the files again."},
	{"no-time-column", "row has", "rows have", "%s neither an interval nor a time of flows; when it was written says nothing of when it flowed."},
}

// remarkCoverage says what readers found out about their sources.
func remarkCoverage(sources []flow.Source, say sayer) {
	for _, r := range remarks {
		var n uint64
		var texts []string
		for i := range sources {
			for _, m := range sources[i].Remarks {
				if m.Code != r.code {
					continue
				}
				n += m.Count
				if m.Text != "" && !slices.Contains(texts, m.Text) {
					texts = append(texts, m.Text)
				}
			}
		}
		if n == 0 {
			continue
		}
		slices.Sort(texts)
		args := []any{was(n, r.one, r.many)}
		if strings.Count(r.text, "%s") > len(args) { // the sentence has room for what was told
			args = append(args, cmp.Or(some(texts, len(texts)), "it is not said"))
		}
		say(r.code, r.text, args...)
	}
	other := map[string]uint64{}
	for i := range sources {
		for _, m := range sources[i].Remarks {
			if m.Code == "table-without-flows" {
				other[m.Text] += m.Count
			}
		}
	}
	var names []string
	for text, n := range other {
		names = append(names, fmt.Sprintf("%s (%s)", text, count(n, "row")))
	}
	if len(names) > 0 {
		slices.Sort(names)
		say("table-without-flows", "Of a workspace there are also tables that hold no flows, and nothing of them is counted: %s.", some(names, len(names)))
	}
}
