package config

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"flowctl/plan/question"
)

// TestContainerNames compares names of containers by chance with Azure's rule as one
// expression: 3 to 63 lower-case letters, digits and hyphens, each of which stands between
// two others ("Naming and referencing containers").
func TestContainerNames(t *testing.T) {
	rule := regexp.MustCompile(`^[a-z0-9](-?[a-z0-9])*$`)
	r := rand.New(rand.NewPCG(1, 51))
	taken := 0
	for i := range 3000 {
		n := 1 + r.IntN(8)
		if i%10 == 0 {
			n = 60 + r.IntN(6)
		}
		b := make([]byte, n)
		for k := range b {
			b[k] = "abz019aaaa--_A."[r.IntN(11+r.IntN(5))]
		}
		name := string(b)
		want := len(name) >= 3 && len(name) <= 63 && rule.MatchString(name)
		if containerName(name) != want {
			t.Fatalf("%q: %t", name, !want)
		}
		taken += map[bool]int{true: 1}[want]
	}
	if taken < 300 || taken > 2700 || containerName("") {
		t.Errorf("%d of 3000", taken)
	}
}

// TestStates wants what a state block says, in the form in which blobs are named.
func TestStates(t *testing.T) {
	for lines, want := range map[string]string{
		"container = \"abc\"":                                                   "abc // 20 /",
		"container = \"abc\"\nprefix = \"/team/net/\"":                          "abc /team/net/ 20 /",
		"container = \"abc\"\nprefix = \"\"\nhistory = 0":                       "abc // 0 /",
		"container = \"abc\"\nhistory = 1000":                                   "abc // 1000 /",
		"container = \"abc\"\nprefix = \"a..b\"":                                "abc /a..b/ 20 /",
		"container = \"abc\"\nencryption {\npassphrase = \"p q\"\n}":            "abc // 20 p q/",
		"container = \"abc\"\nencryption {\nkey = \"AGE-SECRET-KEY-1\"\n}":      "abc // 20 /AGE-SECRET-KEY-1",
		"container = \"abc\"\nencryption {\npassphrase = null\nkey = \"k\"\n}":  "abc // 20 /k",
		"container = \"abc\"\nprefix = \"a/../b\"":                              "Invalid prefix",
		"container = \"abc\"\nprefix = \"..\"":                                  "Invalid prefix",
		"container = \"abc\"\nhistory = 1001":                                   "Invalid number: history cannot be 1001; write a whole number from 0 to 1000.",
		"container = \"abc\"\nhistory = 1.5":                                    "Invalid number",
		"container = \"abc\"\nencryption {\n}":                                  "Invalid encryption: Encryption needs either a passphrase or a key",
		"container = \"abc\"\nencryption {\nkey = \"k\"\npassphrase = \"p\"\n}": "Invalid encryption",
		"container = \"abc\"\nencryption {\nkey = \"k\"\n}\nencryption {\n}":    "Duplicate block",
		"container = \"abc\"\naccess_key = \"x\"":                               "Secret in a file",
		"container = \"ABC\"":                                                   `Invalid container: "ABC" is not the name of a container: 3 to 63 lower-case letters, digits and single hyphens.`,
		"":                                                                      "Missing attribute: A state \"azblob\" needs container",
	} {
		if wrong := says(t, inState(lines), Inputs{}); wrong != "" {
			if !strings.HasPrefix(wrong, want) {
				t.Errorf("%q: %s, want %s", lines, wrong, want)
			}
			continue
		}
		s := load(t, inState(lines), Inputs{}).State
		if got := fmt.Sprintf("%s /%s/ %d %s/%s", s.Container, s.Prefix, s.History, s.Passphrase, s.Key); got != want || s.AccountID.Name() != "st" {
			t.Errorf("%q: %s, want %s", lines, got, want)
		}
	}
}

// TestStorageAccounts wants the accounts in their order, each once, whatever the case of
// its letters, and the id alone from what is pasted around it.
func TestStorageAccounts(t *testing.T) {
	id := func(name string) string {
		return subscription + "/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/" + name
	}
	block := func(ids ...string) string {
		var b strings.Builder
		for _, id := range ids {
			fmt.Fprintf(&b, "storage {\naccount_id = %q\n}\n", id)
		}
		return inInvestigation(b.String())
	}
	var got []string
	for _, s := range load(t, block(id("west"), id("east"), id("north")), Inputs{}).Investigations[0].Storage {
		got = append(got, s.AccountID.Name())
	}
	if !slices.Equal(got, []string{"west", "east", "north"}) {
		t.Errorf("accounts %v", got)
	}
	const like = "It looks like /subscriptions/…/resourceGroups/…/providers/Microsoft.Storage/storageAccounts/…; az storage account show --query id prints it."
	for src, want := range map[string]string{
		block(id("a"), strings.ToUpper(id("a"))):                        "Duplicate storage: This account is named before, on line 6. One storage block per account is enough.",
		block("https://st.blob.core.windows.net/c?sv=2024&sig=hunter2"): `Invalid ID: account_id is "https://st.blob.core.windows.net/c?…", which is not a resource id. ` + like,
		block("st"): `Invalid ID: account_id is "st", which is not a resource id. ` + like,
		block("https://portal.azure.com/#@t/resource" + id("a")):            `Invalid ID: account_id is "https://portal.azure.com/#@t/resource` + id("a") + `", which is not a resource id. Write "` + id("a") + `".`,
		block(id("a") + "/blobServices/default"):                            "Wrong resource type: account_id must be the id of a Microsoft.Storage/storageAccounts; this is a Microsoft.Storage/storageAccounts/blobServices.",
		block(idOf(VNet, "v")):                                              `Wrong resource type: account_id must be the id of a Microsoft.Storage/storageAccounts; this is a Microsoft.Network/virtualNetworks. It can be watched as watch "vnet".`,
		inInvestigation("storage {\n}"):                                     "Missing attribute: A storage block needs account_id, the resource id of a storage account.",
		inInvestigation("storage {\naccount_id = [\"" + id("a") + "\"]\n}"): "Wrong type: account_id must be text, not a list.",
		inInvestigation("storage {\naccount = \"" + id("a") + "\"\n}"):      "Unknown attribute",
	} {
		if got := says(t, src, Inputs{}); !strings.HasPrefix(got, want) || strings.Contains(got, "hunter2") {
			t.Errorf("%s\n got %s\nwant %s", differing(src), got, want)
		}
	}
}

// TestTimeBoxes wants of a start and an end in any zone the time between them, and of a
// box that is too short, too long or turned round to be told.
func TestTimeBoxes(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 51))
	for range 60 {
		start := time.Date(2026, 11, 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), 0, time.UTC)
		length := time.Duration(r.Int64N(int64(9*day))) - day
		if r.IntN(3) == 0 {
			length = []time.Duration{0, minWindow, minWindow - time.Second, maxWindow, maxWindow + time.Second, -time.Second}[r.IntN(6)]
		}
		length = length.Truncate(time.Second)
		zone := func(at time.Time) string {
			return at.In(time.FixedZone("", (r.IntN(27)-13)*3600+r.IntN(2)*1800)).Format(time.RFC3339)
		}
		line := fmt.Sprintf("start = %q\nend = %q", zone(start), zone(start.Add(length)))
		src := strings.Replace(small, `"vm" "db"`, `"vnet" "db"`, 1)
		src = strings.Replace(src, `window = "2h"`, line, 1)
		got := says(t, src, Inputs{})
		switch {
		case length <= 0:
			if !strings.HasPrefix(got, "Invalid window: The end, ") || !strings.HasSuffix(got, "Write a later one.") {
				t.Errorf("%s: %q", line, got)
			}
		case length < minWindow || length > maxWindow:
			if !strings.HasPrefix(got, "Invalid window: The window is ") || !strings.HasSuffix(got, "; it can be 1m to 7d.") {
				t.Errorf("%s: %q", line, got)
			}
		default:
			inv := load(t, src, Inputs{}).Investigations[0]
			if inv.Window != length || !inv.Start.Equal(start) || !inv.End.Equal(start.Add(length)) || inv.Start.Location() != time.UTC {
				t.Errorf("%s: %v from %v to %v", line, inv.Window, inv.Start, inv.End)
			}
		}
	}
	for line, want := range map[string]string{
		"":                               "Missing window: investigation \"egress\" needs an end: write window = \"2h\", or start and end.",
		`start = "2026-11-21T14:00:00Z"`: "Missing window: start and end go together; write both, or write window instead.",
		`end = "2026-11-21T14:00:00Z"`:   "Missing window: start and end go together",
		"window = \"2h\"\nend = \"2026-11-21T14:00:00Z\"":        "Conflicting attributes: Write window, or start and end, not both.",
		"window = \"2h\"\nstart = null\nend = null":              "",
		"start = \"2026-11-21\"\nend = \"2026-11-21T14:00:00Z\"": "Invalid time",
	} {
		if got := says(t, strings.Replace(small, `window = "2h"`, line, 1), Inputs{}); (want == "") != (got == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// TestDictionaries wants names of networks by chance, and a network that has two names told:
// an address is the network of it alone.
func TestDictionaries(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 51))
	for range 60 {
		seen, twice := map[netip.Prefix]string{}, false
		var lines []string
		for i := range 1 + r.IntN(4) {
			a := netip.AddrFrom4([4]byte{10, byte(r.IntN(2)), 0, byte(r.IntN(3))})
			text, p := a.String(), netip.PrefixFrom(a, 32)
			if bits := []int{32, 24, 31, 32}[r.IntN(4)]; bits < 32 {
				p = netip.PrefixFrom(a, bits).Masked()
				text = p.String()
			}
			if slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, fmt.Sprintf("%q", text)) }) {
				continue // one key of a map
			}
			_, had := seen[p]
			twice = twice || had
			seen[p] = fmt.Sprint("name ", i)
			lines = append(lines, fmt.Sprintf("%q = %q", text, seen[p]))
		}
		src := inInvestigation("dictionary = {\n" + strings.Join(lines, "\n") + "\n}")
		if got := says(t, src, Inputs{}); twice != strings.HasSuffix(got, " has two names.") {
			t.Fatalf("%v: %q", lines, got)
		} else if twice {
			continue
		}
		entries := load(t, src, Inputs{}).Investigations[0].Dictionary
		if len(entries) != len(seen) {
			t.Fatalf("%v: %v", lines, entries)
		}
		for _, e := range entries {
			if seen[e.Prefix] != e.Name {
				t.Fatalf("%v: %v", lines, entries)
			}
		}
	}
	for line, want := range map[string]string{
		`{ "10.0.0.0/33" = "a" }`: "Invalid dictionary", `{ "host" = "a" }`: "Invalid dictionary", `{ "10.0.0.1" = "" }`: "Invalid dictionary", `{ "10.0.0.1" = null }`: "Invalid dictionary",
		`["10.0.0.1"]`: "Wrong type", `"10.0.0.1"`: "Wrong type", `{}`: "", `null`: "", `{ "10.0.0.1" = 7 }`: "", `{ "fe80::1%eth0" = "a" }`: "", `{ "10.0.0.1/24" = "a" }`: "Invalid dictionary",
	} {
		if got := says(t, inInvestigation("dictionary = "+line), Inputs{}); (want == "") != (got == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// TestExpectations wants what must hold of answers, with the values of the file in it, and
// mistakes told at the place.
func TestExpectations(t *testing.T) {
	const values = "variable \"most\" {\n  default = 7\n}\nlocals {\n  quiet = [0, 1]\n}\n"
	with := func(expect string) string {
		return inInvestigation("summarize \"sql\" {\n}\n summarize \"web-out\" {\nby = \"port\"\n}\nexpect \"e\" {\n"+expect+"\n}") + values
	}
	for condition, want := range map[string]string{
		`summary.sql.flows == 0`:                                     "summary.sql.flows == 0",
		`summary.sql.flows <= var.most`:                              "summary.sql.flows <= 7",
		`contains(local.quiet, summary.web-out.rows)`:                "contains([0, 1], summary.web-out.rows)",
		`summary.sql.bytes > 5 * var.most || var.most == 1`:          "summary.sql.bytes > 5 * 7 || 7 == 1",
		`(summary.sql.flows == 0 ? true : var.most > 6)`:             "(summary.sql.flows == 0 ? true : 7 > 6)",
		`!(summary.sql.denied > summary.web-out.denied)`:             "!(summary.sql.denied > summary.web-out.denied)",
		`has(summary.sql.bytes) && summary.sql.bytes != var["most"]`: "has(summary.sql.bytes) && summary.sql.bytes != 7",
	} {
		e := load(t, with("condition = "+condition+"\nmessage = \"Because.\""), Inputs{}).Investigations[0].Expects[0]
		got, diags := e.Literal()
		if got != want || diags.HasErrors() || e.Text != condition || e.Message != "Because." || e.Name != "e" || e.Condition == nil {
			t.Errorf("%s: %+v, %q, %v", condition, e, got, diags)
		}
		again := load(t, with("condition = "+got), Inputs{}).Investigations[0].Expects[0]
		if !slices.Equal(again.Condition.Fields(), e.Condition.Fields()) {
			t.Errorf("%s: as %s it is of %v and not of %v", condition, got, again.Condition.Fields(), e.Condition.Fields())
		}
	}
	for body, want := range map[string]string{
		"":                                       `Missing condition: expect "e" needs condition, such as condition = summary.sql.flows == 0.`,
		`message = "m"`:                          "Missing condition",
		`condition = null`:                       "Missing condition",
		`condition = summary.sq.flows == 0`:      `Unknown number: There is no summarize block "sq". Did you mean "sql"?`,
		`condition = summary.sql.flows == var.x`: "Unknown variable",
		`condition = port == 443`:                "Unknown",
		`condition = true`:                       "",
		`condition = "summary.sql.flows == 0"`:   "Wrong type: condition must be true or false, such as summary.sql.flows == 0; this is text, because it stands in quotes.",
		"condition = summary.sql.flows == 0\nmessage = \"a\\nb\"": "Invalid",
	} {
		got := says(t, with(body), Inputs{})
		if (want == "") != (got == "") || !strings.HasPrefix(got, strings.SplitN(want, ":", 2)[0]) || !strings.Contains(got, strings.TrimPrefix(want, strings.SplitN(want, ":", 2)[0])) {
			t.Errorf("%q:\n got %s\nwant %s", body, got, want)
		}
	}
	if e := load(t, with("condition = summary.sql.flows == 0"), Inputs{}).Investigations[0].Expects[0]; e.Condition.Op != question.Equal {
		t.Errorf("%+v", e.Condition)
	}
}
