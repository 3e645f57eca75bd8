package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// says is what is wrong with a file: the first problem, or nothing.
func says(t *testing.T, src string, in Inputs) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.hcl")
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	_, diags := Load(path, in)
	for _, d := range diags {
		if d.Subject == nil || strings.Contains(d.Detail, "%!") {
			t.Errorf("%s: %s has no place, or is garbled", d.Summary, d.Detail)
		}
	}
	if !diags.HasErrors() {
		return ""
	}
	return diags[0].Summary + ": " + diags[0].Detail
}

// The places in which the tables below put a line.
func inInvestigation(line string) string {
	return strings.Replace(small, "  watch", line+"\n  watch", 1)
}
func inWatch(body string) string {
	return strings.Replace(small, "    tags = { role = \"db\" }", body, 1)
}
func inCapture(line string) string {
	return inWatch("tags = { role = \"db\" }\npacket_capture {\n" + line + "\n}")
}
func inRing(line string) string { return inCapture("ring {\n" + line + "\n}") }
func inFlowLog(line string) string {
	return strings.Replace(small, "  watch \"vm\" \"db\" {", "watch \"vnet\" \"v\" {\nname = \"v\"\nresource_group = \"g\"\nflow_log {\n"+line+"\n}\n}\n  watch \"vm\" \"db\" {", 1)
}
func inSummary(line string) string { return inInvestigation("summarize \"s\" {\n" + line + "\n}") }
func inState(lines string) string {
	const account = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/st"
	return small + "state \"azblob\" {\naccount_id = \"" + account + "\"\n" + lines + "\n}\n"
}
func inAzure(line string) string   { return small + "provider \"azure\" {\n" + line + "\n}\n" }
func inSandbox(line string) string { return small + "provider \"sandbox\" {\n" + line + "\n}\n" }
func named(attr, value string) string {
	return fmt.Sprintf("%s = %q", attr, value)
}

// windowed is a file with another window.
func windowed(window string) string {
	return strings.Replace(small, `"2h"`, fmt.Sprintf("%q", window), 1)
}

// withoutWatches has flow logs only, which may last as long as a window.
func withoutCaptures(window string) string {
	return strings.NewReplacer(`"vm" "db"`, `"vnet" "db"`).Replace(windowed(window))
}

// TestLimits tries each limit at its border, on either side; what is refused says by how
// much, and what can be.
func TestLimits(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	const guid = "11111111-2222-3333-4444-555555555555"
	for _, tt := range []struct{ src, want string }{
		// The time box.
		{withoutCaptures("1m"), ""}, {withoutCaptures("59s"), "Invalid window: The window is 59s; it can be 1m to 7d."},
		{withoutCaptures("7d"), ""}, {withoutCaptures("7d1s"), "Invalid window: The window is 168h0m1s; it can be 1m to 7d."}, {withoutCaptures("0s"), `Invalid duration: window is "0s"; it must be longer than nothing.`},
		{windowed("5h"), ""}, {windowed("5h1s"), "Window too long: The window is 5h0m1s, and a packet capture lasts at most 5h."},
		// Texts.
		{inInvestigation(named("ticket", long(256))), ""}, {inInvestigation(named("ticket", long(257))), "Text too long: ticket has 257 characters; at most 256 are possible."},
		{inInvestigation(named("ticket", "ü"+long(255))), ""}, {inInvestigation(`ticket = "a\tb"`), "Invalid text: ticket must be one line without control characters."}, {inInvestigation(`ticket = "  "`), ""},
		{strings.Replace(small, "egress tripled", long(1000), 1), ""}, {strings.Replace(small, "egress tripled", long(1001), 1), "Text too long: reason has 1001 characters; at most 1000 are possible."},
		{strings.Replace(small, `"egress tripled"`, `"  "`, 1), "Missing reason"}, {strings.Replace(small, `"netops@example.com"`, `""`, 1), "Missing owner"},
		{strings.Replace(small, `"egress"`, fmt.Sprintf("%q", long(32)), 1), ""}, {strings.Replace(small, `"egress"`, fmt.Sprintf("%q", long(33)), 1), "Invalid name: An investigation cannot be called"},
		{strings.Replace(small, `"egress"`, `"Egress"`, 1), "Invalid name"}, {strings.Replace(small, `"egress"`, `"1a"`, 1), "Invalid name"}, {strings.Replace(small, `"egress"`, `"a-1"`, 1), ""},
		{strings.Replace(small, `"db"`, fmt.Sprintf("%q", long(64)), 1), ""}, {strings.Replace(small, `"db"`, fmt.Sprintf("%q", long(65)), 1), "Invalid name: A watch cannot be called"},
		// Captures.
		{inCapture(`duration = "2h"`), ""}, {inCapture(`duration = "2h1s"`), "Capture too long: The capture lasts 2h0m1s, but the investigation ends after 2h."}, {inCapture(`duration = "5h1s"`), "Capture too long: A packet capture lasts at most 5h, and this one shall last 5h0m1s."},
		{inCapture(`max_bytes = "1"`), ""}, {inCapture(`max_bytes = "0"`), "Invalid size: max_bytes is 0 bytes; Azure takes 1 to 4294967295."}, {inCapture(`max_bytes = "4294967295"`), ""}, {inCapture(`max_bytes = "4GiB"`), "Invalid size: max_bytes is 4294967296 bytes"},
		{inCapture(`bytes_per_packet = 0`), ""}, {inCapture(`bytes_per_packet = -1`), "Invalid number: bytes_per_packet cannot be -1; write a whole number from 0 to 4294967295."}, {inCapture(`bytes_per_packet = 1.5`), "Invalid number: bytes_per_packet cannot be 1.5"},
		{inCapture(`bytes_per_packet = 4294967295`), ""}, {inCapture(`bytes_per_packet = 4294967296`), "Invalid number"}, {inCapture(`bytes_per_packet = "128"`), ""}, {inCapture(`bytes_per_packet = true`), "Wrong type: bytes_per_packet must be a whole number, not true or false."},
		{inCapture(named("local_path", "/var/captures/web.cap")), ""}, {inCapture(named("local_path", `C:\captures\web.cap`)), ""}, {inCapture(named("local_path", "/tmp/web.cap")), "Invalid path: local_path is"},
		{inCapture(named("local_path", "/var/captures/../web.cap")), "Invalid path"}, {inCapture(named("local_path", "/var/captures/a..b.cap")), ""}, {inCapture(named("local_path", "/var/captures/web.pcap")), "Invalid path"}, {inCapture(named("local_path", "/var/captures/a\"b.cap")), "Invalid path"},
		{inRing(`files = 1`), ""}, {inRing(`files = 0`), "Invalid number: files cannot be 0; write a whole number from 1 to 10000."}, {inRing(`files = 10000`), ""}, {inRing(`files = 10001`), "Invalid number"},
		{inRing(`file_size = "4294967295"`), ""}, {inRing(`file_size = "5GB"`), "Invalid size"}, {inRing(`duration = "2h"`), ""}, {inRing(`duration = "3h"`), "Capture too long: The ring lasts 3h, but the investigation ends after 2h."}, {inRing(`duration = "8d"`), "Capture too long: A ring lasts at most 7d, and this one shall last 8d."},
		{inCapture("ring { }\nmax_bytes = \"1GB\""), "Conflicting attributes: A ring has limits of its own. Move max_bytes into ring { }, which has files, file_size and duration."},
		// Flow logs.
		{inFlowLog(`retention_days = 365`), ""}, {inFlowLog(`retention_days = 366`), "Invalid number: retention_days cannot be 366; write a whole number from 0 to 365."}, {inFlowLog(`retention_days = 0`), ""},
		{inFlowLog(`record_types = ["B", "deny", "Continue"]`), ""}, {inFlowLog(`record_types = ["begin", "ending"]`), `Unknown record type: There is no record type "ending".`}, {inFlowLog(`record_types = []`), "Empty list: record_types has no values."}, {inFlowLog(`record_types = ["BC"]`), "Unknown record type"},
		{inFlowLog("filter {\nsource_address = [" + strings.Repeat("\"10.0.0.1\",", 110) + "]\n}"), ""}, {inFlowLog("filter {\nsource_address = [" + strings.Repeat("\"10.0.0.1\",", 111) + "]\n}"), "Filter too long: The filter is 1004 characters long for Azure, which takes 1000."},
		// Questions.
		{inSummary(`top = 1`), ""}, {inSummary(`top = 0`), "Invalid number: top cannot be 0"}, {inSummary(`top = "many"`), "Wrong type: top must be a whole number, not text."}, {inSummary(`by = []`), "Empty list"}, {inSummary(`by = "port"`), ""}, {inSummary(`by = [true]`), "Wrong type: by must be a list of texts; one of them is not."},
		{inSummary("by = [\"port\"]\norder = \"-port\""), ""}, {inSummary(`order = "port"`), `Unknown measure: Rows can be ordered by "port" only if they have it: add it to by.`}, {inSummary(`having = cost > 1`), "Unknown measure: Rows cannot be selected by cost"}, {inSummary(`having = port == 1`), "Unknown measure"},
		// Selectors.
		{inWatch("name = \"" + long(90) + "\"\nresource_group = \"g\""), ""}, {inWatch("name = \"" + long(91) + "\"\nresource_group = \"g\""), "Invalid name: No resource can be called"}, {inWatch("name = [\"a\", \"A\"]\nresource_group = \"g\""), `Duplicate value: "A" is in the list twice. Remove one.`},
		{inWatch("name = \"a\"\nresource_group = \"\""), "Invalid name"}, {inWatch("name = \"a\"\nresource_group = \"g*\""), "Invalid name"}, {inWatch("tags = { \"\" = \"a\" }"), "Wrong type: Tag \"\" has no value or no name."}, {inWatch("tags = { a = \"\" }"), ""}, {inWatch(`tags = "a"`), "Wrong type: tags must be a map of texts"},
		{inWatch(named("query", "Resources | project id, name")), ""}, {inWatch(named("query", "Resources | project name")), "Invalid query: The query ends with a project that leaves out the id"}, {inWatch(named("query", "Resources | project ID = tolower(id)")), ""}, {inWatch(named("query", "Resources | project name | where 1")), ""},
		{inWatch(named("query", long(16<<10))), ""}, {inWatch(named("query", long(16<<10+1))), "Invalid query: The query is 16385 characters long; flowctl sends at most 16384."}, {inWatch(named("query", " ")), "Invalid query: query is empty."}, {inWatch("query = \"a\\u0001b\""), "Invalid query: The query holds a control character."},
		// State.
		{inState(named("container", "abc")), ""}, {inState(named("container", "ab")), `Invalid container: "ab" is not the name of a container`}, {inState(named("container", long(63))), ""}, {inState(named("container", long(64))), "Invalid container"}, {inState(named("container", "a--b")), "Invalid container"},
		{inState(named("container", "-ab")), "Invalid container"}, {inState(named("container", "ab-")), "Invalid container"}, {inState(named("container", "Abc")), "Invalid container"}, {inState("container = \"abc\"\nhistory = 1000"), ""}, {inState("container = \"abc\"\nhistory = 1001"), "Invalid number"},
		{inState("container = \"abc\"\nprefix = \"a/../b\""), "Invalid prefix"}, {inState("container = \"abc\"\nprefix = \"/a/b/\""), ""}, {inState("container = \"abc\"\nencryption { }"), "Invalid encryption"}, {inState("container = \"abc\"\nencryption {\npassphrase = \"a\"\nkey = \"b\"\n}"), "Invalid encryption"},
		{inState("container = \"abc\"\nencryption {\npassphrase = \"a\"\n}"), ""}, {inState(""), `Missing attribute: A state "azblob" needs container`}, {small + "state \"cloud\" { }\n", `Unknown state: There is no state "cloud"`},
		// Providers.
		{inAzure(named("subscription_id", guid)), ""}, {inAzure(named("subscription_id", strings.ToUpper(guid))), ""}, {inAzure(named("subscription_id", "{"+guid+"}")), "Invalid ID: subscription_id must be a GUID"}, {inAzure(named("subscription_id", strings.ReplaceAll(guid, "-", ""))), "Invalid ID"},
		{inAzure(""), "Missing subscription"}, {inAzure("subscription_id = \"" + guid + "\"\nmetadata_host = \"host:8443\""), ""}, {inAzure("subscription_id = \"" + guid + "\"\nmetadata_host = \"https://host\""), "Invalid host: metadata_host must be host or host:port, without https:// and without a path, not"},
		{inAzure("subscription_id = \"" + guid + "\"\nmetadata_host = \"host/path\""), "Invalid host"}, {inAzure("subscription_id = \"" + guid + "\"\nmetadata_host = \"\""), "Invalid host"}, {inAzure("subscription_id = \"" + guid + "\"\nenvironment = \"mars\""), "Unknown environment"},
		{inSandbox("clock = 0"), ""}, {inSandbox("clock = -1"), "Invalid number: clock says how many times faster"}, {inSandbox("clock = 0.5"), ""}, {inSandbox("seed = -9223372036854775808"), ""}, {inSandbox("seed = 9223372036854775808"), "Invalid number"}, {inSandbox("seed = 1.5"), "Invalid number"}, {inSandbox(`world = ""`), "Invalid path: world is empty."},
		// The dictionary.
		{inInvestigation(`dictionary = { "10.9.0.0/24" = "a", "10.9.0.7" = "b" }`), ""}, {inInvestigation(`dictionary = { "10.9.0.0/24" = "a", "10.9.0.1/24" = "b" }`), "Invalid dictionary"}, {inInvestigation(`dictionary = { "10.9.0.7" = "a", "10.9.0.7/32" = "b" }`), "Invalid dictionary: In dictionary, 10.9.0.7/32 has two names."},
		{inInvestigation(`dictionary = { "hub" = "a" }`), `Invalid dictionary: In dictionary, "hub" is neither an address nor a network`}, {inInvestigation(`dictionary = { "10.9.0.7" = "" }`), "Invalid dictionary: In dictionary, 10.9.0.7 has no name."}, {inInvestigation(`dictionary = { "10.9.0.7" = null }`), "Invalid dictionary"},
		{inInvestigation(`dictionary = "a"`), `Wrong type: dictionary must be names of networks, such as dictionary { "10.9.0.0/24" = "branch Lisbon" }, not text.`},
		// Reports, budgets and sizes.
		{inInvestigation("report {\nformats = [\"HTML\", \"json\", \"html\"]\n}"), ""}, {inInvestigation("report {\nformats = [\"pdf\"]\n}"), `Unknown format: A report format cannot be "pdf". Known here: html, markdown, json; the nearest is "html".`},
		{inInvestigation(`max_total_bytes = "0"`), "Invalid size"}, {inInvestigation(`max_total_bytes = "1TB"`), "Invalid size: max_total_bytes is wrong"}, {inInvestigation(`max_total_bytes = "9007199254740992"`), ""}, {inInvestigation(`max_total_bytes = "9007199254740994"`), "Invalid size: max_total_bytes is wrong: \"9007199254740994\" is more than can be counted."},
		{inInvestigation("budget {\nlimit = \"20 USD\"\n}"), ""}, {inInvestigation("budget {\nlimit = \"0 USD\"\n}"), "Invalid amount: A limit of nothing lets nothing be recorded."}, {inInvestigation("budget {\nlimit = \"20 usd\"\n}"), "Invalid amount"}, {inInvestigation("budget {\nlimit = \"1.23456 USD\"\n}"), "Invalid amount"}, {inInvestigation("budget {\nlimit = \"20 EUR\"\n}"), "Invalid amount: The limit is in EUR and the prices are in USD"},
		{inInvestigation("budget {\nlog_rate = \"100GB\"\n}"), ""}, {inInvestigation("budget {\nlog_rate = \"101GB\"\n}"), "Invalid size"}, {inInvestigation("budget { }"), "Missing attribute: This budget says nothing."},
	} {
		if got := says(t, tt.src, Inputs{}); (tt.want == "") != (got == "") || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s\n got %q\nwant %q", differing(tt.src), got, tt.want)
		}
	}
	for env, want := range map[string]string{"{" + guid + "}": "Invalid ID: ARM_SUBSCRIPTION_ID is", "urn:uuid:" + guid: "Invalid ID", strings.ReplaceAll(guid, "-", ""): "Invalid ID", guid: "", strings.ToUpper(guid): "", "": "Missing subscription"} {
		if got := says(t, inAzure(""), Inputs{Environ: []string{"ARM_SUBSCRIPTION_ID=" + env}}); (want == "") != (got == "") || !strings.HasPrefix(got, want) {
			t.Errorf("environment %q: %q, want %q", env, got, want)
		}
	}
}

// differing are the lines of a file that the small one has not.
func differing(src string) string {
	var out []string
	for _, line := range strings.Split(src, "\n") {
		if !strings.Contains(small, line) {
			out = append(out, fmt.Sprintf("%.200s", line))
		}
	}
	return strings.Join(out, "\n")
}
