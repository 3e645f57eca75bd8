package summary

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan"
	"flowctl/plan/question"
	"flowctl/plan/servicetag"
)

// sourceKind is a kind of source, with one flow from 10.0.0.4 to 20.0.0.1:443.
type sourceKind struct {
	record func(names *flow.Names) flow.Record
	inv    []*plan.Inventory
	tags   *servicetag.List
}

func sourceKinds() map[string]sourceKind {
	k := flow.Key{Src: flow.Addr4(10<<24 | 4), Dst: flow.Addr4(20<<24 | 1), SrcPort: 50000, DstPort: 443, Proto: protoTCP}
	log := func(e flow.Encryption) func(*flow.Names) flow.Record {
		return func(names *flow.Names) flow.Record {
			r := observation{point: macA, direction: flow.Outbound, packets: 3}.record(names, k)
			r.Rule, r.ACL, r.Encryption = names.Of("UserRule_web"), names.Of("/x/networkSecurityGroups/nsg-x"), e
			return r
		}
	}
	capture := func(names *flow.Names) flow.Record {
		return flow.Record{Key: k, Class: flow.Capture, Point: names.Of("a.cap"), Sent: flow.Count{Packets: 3, IPBytes: 300, FrameBytes: 342}, State: flow.Continue,
			Measured: flow.Packets | flow.IPBytes | flow.FrameBytes, First: 1, Last: 2}
	}
	inv := []*plan.Inventory{inventory()}
	located := func(names *flow.Names) flow.Record {
		r := capture(names)
		r.Target = names.Of(string(inv[0].NICs[0].VM))
		return r
	}
	return map[string]sourceKind{
		"VNet log":                    {log(flow.NotEncrypted), nil, nil},
		"VNet log with service tags":  {log(flow.NotEncrypted), nil, tagList()},
		"VNet log with all":           {log(flow.NotEncrypted), inv, tagList()},
		"VNet log with an inventory":  {log(flow.NotEncrypted), inv, nil},
		"VNet log, blank encryption":  {log(flow.EncryptionUnknown), nil, nil},
		"capture":                     {capture, nil, nil},
		"capture with an inventory":   {located, inv, nil},
		"NSG log, which has no state": {log(flow.EncryptionUnknown), nil, nil},
	}
}

// Of each field and each kind of source: what is unknown is neither equal nor
// unequal to anything, and the question says so.
func TestUnknownIsNotFalse(t *testing.T) {
	value := map[string]string{
		"direction": "inbound", "verdict": "denied", "scope": "vnet", "encryption": "X", "tunnel": "GRE", "protocol": "UDP", "service": "ssh",
		"peer": "10.9.9.9", "source.address": "10.9.9.9", "destination.address": "10.9.9.9", "source.scope": "peered", "destination.scope": "platform",
		"destination.service": "ssh", "local.address": "10.9.9.9", "remote.address": "10.9.9.9", "local.scope": "peered", "remote.scope": "platform",
		"tls.version": "1.1",
	}
	always := []string{"protocol", "port", "service", "tunnel", "peer", "source.address", "destination.address", "destination.port", "destination.service", "scope", "destination.scope"}
	// The destination is public: without a list of service tags nobody names it.
	const tags, places = "destination.service_tag destination.azure_service remote.service_tag remote.azure_service ", "destination.region remote.region "
	const names, rules = "vm nic source.vm source.nic source.subnet source.vnet source.region source.scope " +
		"destination.vm destination.nic destination.subnet destination.vnet " +
		"source.name destination.name local.name remote.name " +
		"local.vm local.nic local.subnet local.vnet local.region local.scope remote.vm remote.nic remote.subnet remote.vnet ",
		"verdict rule acl encryption "
	const said = "tls.server_name tls.version tls.alpn http.host "
	unknown := map[string]string{
		"VNet log":                    names + tags + places + said,
		"VNet log with service tags":  names + said,
		"VNet log with all":           said,
		"VNet log with an inventory":  tags + places + said,
		"VNet log, blank encryption":  names + tags + places + "encryption " + said,
		"NSG log, which has no state": names + tags + places + "encryption " + said,
		"capture":                     names + tags + places + rules + "direction local.address local.port remote.address remote.port remote.scope local.service_tag local.azure_service " + said,
		"capture with an inventory":   rules + tags + places + said,
	}
	for name, k := range sourceKinds() {
		for _, f := range question.Fields() {
			if f.Type == question.Moment {
				continue // which a table knows only if it is asked to: see collectors
			}
			t.Run(name+", "+f.Name, func(t *testing.T) {
				literal := `"` + value[f.Name] + `"`
				if f.Name == question.PriceClass {
					return // no condition asks for it
				}
				if f.Type == question.Number {
					literal = "80"
				} else if value[f.Name] == "" {
					literal = `"other-name"`
				}
				want, not := NothingFound, Answered
				if contains(unknown[name], f.Name) {
					want, not = CannotAnswer, CannotAnswer
				}
				for src, want := range map[string]string{
					f.Name + " == " + literal:                     want,
					f.Name + " != " + literal:                     not,
					"!(" + f.Name + " == " + literal + ")":        not,
					"port == 22 && " + f.Name + " == " + literal:  NothingFound,
					"port == 443 || " + f.Name + " == " + literal: Answered,
				} {
					a := ask(t, k, src)
					if a.Outcome != want {
						t.Errorf("%s: %s, want %s", src, a.Outcome, want)
					}
					if (a.Outcome == CannotAnswer) != (len(a.Needs) > 0) || len(a.Needs) > 0 && (a.Needs[0].Field != f.Name || a.Needs[0].From == "") {
						t.Errorf("%s: %s needs %v", src, a.Outcome, a.Needs)
					}
				}
			})
		}
	}
	for _, f := range always {
		for name := range unknown {
			if contains(unknown[name], f) {
				t.Errorf("%s is never unknown", f)
			}
		}
	}
}

func contains(list, word string) bool {
	for len(list) > 0 {
		i := 0
		for list[i] != ' ' {
			i++
		}
		if list[:i] == word {
			return true
		}
		list = list[i+1:]
	}
	return false
}

// ask asks one source one question.
func ask(t *testing.T, k sourceKind, src string) Answer {
	t.Helper()
	names := flow.NewNames()
	table := aggregate.New(names)
	table.Add(0, flow.Batch{k.record(names)})
	q := Compile(question.Question{Name: "q", Where: where(t, src)})
	doc, err := Of(table, Options{Inventories: k.inv, Tags: k.tags, Questions: []*Question{q}})
	if err != nil {
		t.Fatal(err)
	}
	return doc.Asks[0]
}

// No value is unlike every value, and has says whether there is one.
func TestNoValue(t *testing.T) {
	k := sourceKinds()["VNet log with an inventory"]
	tests := map[string]string{
		`destination.vm == "vm-a"`:                          NothingFound,
		`destination.vm != "vm-a"`:                          Answered,
		`has(destination.vm)`:                               NothingFound,
		`!has(destination.vm)`:                              Answered,
		`destination.vm == ""`:                              Answered,
		`destination.vm != ""`:                              NothingFound,
		`has(source.vm)`:                                    Answered,
		`startswith(destination.vm, "")`:                    NothingFound,
		`destination.vm == destination.nic`:                 NothingFound,
		`contains(["vm-b", ""], destination.vm)`:            Answered,
		`!has(tunnel) && tunnel != "GRE"`:                   Answered,
		`verdict == "unknown"`:                              NothingFound,
		`verdict != "unknown"`:                              Answered,
		`(has(destination.vm) ? "a" : "b") == "b"`:          Answered,
		`(verdict == "denied") == (direction == "inbound")`: Answered,
	}
	for src, want := range tests {
		if a := ask(t, k, src); a.Outcome != want {
			t.Errorf("%s: %s, want %s", src, a.Outcome, want)
		}
	}
	capture := sourceKinds()["capture"]
	for src, want := range map[string]string{
		`verdict == "unknown"`:                          Answered,
		`has(verdict)`:                                  CannotAnswer,
		`(verdict == "denied") == (port == 443)`:        CannotAnswer,
		`verdict == "denied" ? port == 1 : port == 2`:   NothingFound,
		`verdict == "denied" ? port == 1 : port == 443`: CannotAnswer,
		`(verdict == "denied" ? port : 1) == 1`:         CannotAnswer,
		`cidrcontains("20.0.0.0/8", peer) && vm == "x"`: CannotAnswer,
		`scope == "internet"`:                           Answered,
		`source.scope == "private"`:                     Answered,
		`source.scope == "internet"`:                    NothingFound,
		`contains(["vnet", "internet"], source.scope)`:  CannotAnswer,
		`nic == "000D3A000001" || nic == "nic-web"`:     CannotAnswer,
	} {
		if a := ask(t, capture, src); a.Outcome != want {
			t.Errorf("capture: %s: %s, want %s", src, a.Outcome, want)
		}
	}
}

// Kleene's logic, by its tables.
func TestKleene(t *testing.T) {
	is := func(v truth) test { return func(*naming, *enriched) truth { return v } }
	all := []truth{no, yes, undecided}
	want := map[string][]truth{
		"and": {no, no, no, no, yes, undecided, no, undecided, undecided},
		"or":  {no, yes, undecided, yes, yes, yes, undecided, yes, undecided},
	}
	got := map[string][]truth{}
	for _, a := range all {
		for _, b := range all {
			got["and"] = append(got["and"], and(is(a), is(b))(nil, nil))
			got["or"] = append(got["or"], or(is(a), is(b))(nil, nil))
			if x, y := and(is(a), is(b))(nil, nil).not(), or(is(a.not()), is(b.not()))(nil, nil); x != y {
				t.Errorf("!(%d && %d) is %d, and !%[1]d || !%d is %d", a, b, x, y)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables (-want +got)\n%s", diff)
	}
}

// What nothing was measured of is not answered by "nothing found".
func TestNothingMeasured(t *testing.T) {
	q := Compile(question.Question{Name: "q", Where: where(t, `port == 443`)})
	doc, err := Of(aggregate.New(flow.NewNames()), Options{Questions: []*Question{q}})
	if err != nil || doc.Asks[0].Outcome != CannotAnswer || !doc.Unanswered() {
		t.Errorf("%+v, %v", doc.Asks, err)
	}
	empty := Options{Questions: []*Question{q}, Sources: []flow.Source{{Kind: flow.Pcap, Status: flow.OK}}}
	if doc, err = Of(aggregate.New(flow.NewNames()), empty); err != nil || doc.Asks[0].Outcome != NothingFound {
		t.Errorf("a capture without packets: %+v, %v", doc.Asks, err)
	}
}

// A flow that a log and a capture saw has the log's verdict.
func TestAnotherSourceDecides(t *testing.T) {
	names := flow.NewNames()
	table := aggregate.New(names)
	log, capture := sourceKinds()["VNet log"].record(names), sourceKinds()["capture"].record(names)
	log.First, log.Last = 1, 5
	table.Add(0, flow.Batch{log})
	table.Add(1, flow.Batch{capture})
	q := Compile(question.Question{Name: "q", Where: where(t, `verdict == "denied"`)})
	doc, err := Of(table, Options{Questions: []*Question{q}})
	if err != nil || doc.Asks[0].Outcome != NothingFound || doc.Asks[0].Undecided != 0 {
		t.Errorf("%+v, %v", doc.Asks, err)
	}
}
