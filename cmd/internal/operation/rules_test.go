package operation

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"flowctl/plan/rules"
)

// tuple is a tuple of a flow log, of whatever version, as text in its JSON.
var tuple = regexp.MustCompile(`^\d+,([0-9a-f.:]+),([0-9a-f.:]+),\d+,(\d+),(\w+),([IO]),(\w)`)

// tuplesIn reads all tuples of a flow log with nothing of flowctl's own.
func tuplesIn(t *testing.T, file string) (allowed, refused []rules.Tuple) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range regexp.MustCompile(`"[^"]*"`).FindAllString(string(data), -1) {
		m := tuple.FindStringSubmatch(strings.Trim(text, `"`))
		if m == nil {
			continue
		}
		port, _ := strconv.ParseUint(m[3], 10, 16)
		of := rules.Tuple{Direction: map[string]string{"I": rules.Inbound, "O": rules.Outbound}[m[5]], Port: uint16(port),
			Protocol: map[string]string{"T": "TCP", "U": "UDP", "6": "TCP", "17": "UDP"}[m[4]], Source: netip.MustParseAddr(m[1]), Destination: netip.MustParseAddr(m[2])}
		if m[6] == "D" {
			refused = append(refused, of)
		} else {
			allowed = append(allowed, of)
		}
	}
	return allowed, refused
}

// TestProposalsOfRealLogs holds proposals against the tuples of real logs: of all lists of a
// log together they let pass what was let pass, and nothing that was refused alone.
func TestProposalsOfRealLogs(t *testing.T) {
	corpus := os.Getenv("FLOWCTL_CORPUS")
	if corpus == "" {
		t.Skip("FLOWCTL_CORPUS is not set")
	}
	files, _ := filepath.Glob(filepath.Join(corpus, "flowlogs", "*.json"))
	tested := 0
	for _, file := range files {
		if strings.HasSuffix(file, ".truth.json") {
			continue
		}
		allowed, refused := tuplesIn(t, file)
		r, err := Rules(t.Context(), Settings{}, SummarizeOptions{Paths: []string{file}})
		if err != nil {
			t.Fatal(err)
		}
		passing := map[rules.Tuple]bool{}
		for _, l := range r.Lists {
			p := rules.Propose(l.Uses, rules.Grouping{})
			for _, of := range append(allowed, refused...) {
				passing[of] = passing[of] || (rules.World{}).Decide(p.Rules, of).Passes() == rules.Yes
			}
		}
		was := map[rules.Tuple]bool{}
		for _, of := range allowed {
			if was[of] = true; !passing[of] {
				t.Errorf("%s: %+v was let pass and is refused", file, of)
			}
		}
		for _, of := range refused {
			if passing[of] && !was[of] {
				t.Errorf("%s: %+v was refused and is let pass", file, of)
			}
		}
		tested += len(allowed) + len(refused)
		if err := r.Answer.Close(); err != nil {
			t.Error(err)
		}
	}
	if tested < 50 {
		t.Errorf("only %d tuples were tested", tested)
	}
}

// log is a flow log of one interface with tuples of one list and rule each.
func log(t *testing.T, tuples map[string][]string) string {
	t.Helper()
	var groups []map[string]any
	for rule, list := range tuples {
		groups = append(groups, map[string]any{"rule": rule, "flowTuples": list})
	}
	doc := map[string]any{"records": []any{map[string]any{"time": "2025-12-27T15:12:00Z", "macAddress": "6045BDFD4096", "category": "FlowLogFlowEvent", "flowLogVersion": 4,
		"flowLogResourceID": "/A/B", "targetResourceID": "/a/b", "operationName": "FlowLogFlowEvent",
		"flowRecords": map[string]any{"flows": []any{map[string]any{"aclID": "web", "flowGroups": groups}}}}}}
	data, _ := json.Marshal(doc)
	file := filepath.Join(t.TempDir(), "PT1H.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestProposeAgainst tells what another recording has that a proposal would have refused,
// and a tuple that was both.
func TestProposeAgainst(t *testing.T) {
	const both = "1766848280000,10.0.0.5,10.0.0.4,50000,22,6,I,"
	seen := log(t, map[string][]string{
		"UserRule_in":                {"1766848280000,10.0.0.5,10.0.0.4,50000,80,6,I,B,NX,0,0,0,0", both + "B,NX,0,0,0,0"},
		"DefaultRule_DenyAllInBound": {both + "D,NX,0,0,0,0", "1766848281000,10.0.0.6,10.0.0.4,50000,80,6,I,D,NX,0,0,0,0"},
	})
	other := log(t, map[string][]string{"UserRule_in": {"1766848280000,10.0.0.5,10.0.0.4,50000,80,6,I,B,NX,0,0,0,0", "1766848280000,10.0.0.7,10.0.0.4,50000,80,6,I,B,NX,0,0,0,0"}})
	r, err := Rules(t.Context(), Settings{}, SummarizeOptions{Paths: []string{seen}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Answer.Close()
	p, err := r.Propose(t.Context(), Settings{}, "web", false, false, []string{other})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Both) != 1 || p.Both[0].Port != 22 || p.Refused != 1 || p.Allowed != 2 {
		t.Errorf("both %v, %d refused and %d let pass; want port 22, 1 and 2", p.Both, p.Refused, p.Allowed)
	}
	if len(p.Against) != 1 || p.Against[0].Source != netip.MustParseAddr("10.0.0.7") {
		t.Errorf("against another recording %v are refused, want 10.0.0.7", p.Against)
	}
	if _, err := r.Propose(t.Context(), Settings{}, "nowhere", false, false, nil); err == nil || !strings.Contains(err.Error(), "web") {
		t.Errorf("a list that is not there: %v", err)
	}
}
