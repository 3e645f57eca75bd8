package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
)

const subscription = "/subscriptions/11111111-2222-3333-4444-555555555555"

// idOf is the id of a resource of a kind.
func idOf(kind, name string) string {
	if kind == Subnet {
		return subscription + "/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/" + name
	}
	return subscription + "/resourceGroups/g/providers/" + ResourceType(kind) + "/" + name
}

// watching is a file with one watch of a kind.
func watching(kind, body string) string {
	return strings.Replace(inWatch(body), `watch "vm" "db"`, fmt.Sprintf("watch %q \"db\"", kind), 1)
}

// TestSelectors wants each kind of watch to select by ids, names, tags and queries what
// the file says, and the ways in which it cannot to be told.
func TestSelectors(t *testing.T) {
	for _, kind := range kinds {
		place := "resource_group = \"g\"\n"
		where := Selector{ResourceGroup: "g"}
		if kind == Subnet {
			place += "vnet = \"v\"\n"
			where.VNet = "v"
		}
		named := func(names ...string) Selector { s := where; s.Names = names; return s }
		for body, want := range map[string]Selector{
			fmt.Sprintf("id = %q", idOf(kind, "a")):                        {IDs: []plan.ID{plan.ID(idOf(kind, "a"))}},
			fmt.Sprintf("id = [%q, %q]", idOf(kind, "b"), idOf(kind, "a")): {IDs: []plan.ID{plan.ID(idOf(kind, "b")), plan.ID(idOf(kind, "a"))}},
			fmt.Sprintf("id = %q", strings.ToLower(idOf(kind, "a"))):       {IDs: []plan.ID{plan.ID(strings.ToLower(idOf(kind, "a")))}},
			place + `name = "a"`:                       named("a"),
			place + `name = ["b", "a"]`:                named("b", "a"),
			place + `name = toset(["b", "a"])`:         named("a", "b"),
			place + `name = "web-01_x.y(z)"`:           named("web-01_x.y(z)"),
			`query = " resources | project id "`:       {Query: "resources | project id"},
			`query = "resources | project ID = id, x"`: {Query: "resources | project ID = id, x"},
		} {
			got := load(t, watching(kind, body), Inputs{}).Investigations[0].Watches[0]
			if diff := cmp.Diff(want, got.Select); diff != "" || got.Kind != kind || got.Address() != kind+".db" {
				t.Errorf("%s, %s: %s (-want +got):\n%s", kind, body, got.Address(), diff)
			}
		}
		tagged := watching(kind, `tags = { role = "db", n = 5, on = true, none = "" }`)
		if kind == Subnet {
			if got := says(t, tagged, Inputs{}); got != "Conflicting attributes: Subnets have no tags in Azure. Select by id, or by name with resource_group and vnet." {
				t.Errorf("%s by tags: %s", kind, got)
			}
		} else if diff := cmp.Diff(map[string]string{"role": "db", "n": "5", "on": "true", "none": ""}, load(t, tagged, Inputs{}).Investigations[0].Watches[0].Select.Tags); diff != "" {
			t.Errorf("%s by tags (-want +got):\n%s", kind, diff)
		}
		for body, want := range map[string]string{
			"":                   "Missing selector: watch \"" + kind + "\" \"db\" selects nothing. Write id, name with resource_group, tags, or query.",
			`name = "a"`:         "Missing attribute: A name is looked for in a resource group: add resource_group = ….",
			"id = []":            "Empty list",
			`tags = {}`:          map[bool]string{false: "Empty list: tags is empty, which would select everything. Name at least one tag.", true: "Conflicting attributes"}[kind == Subnet],
			`query = "  "`:       "Invalid query: query is empty.",
			`id = "web"`:         "Invalid ID: id is \"web\", which is not a resource id. It looks like /subscriptions/…/resourceGroups/…/providers/" + ResourceType(kind) + "/….",
			place + `name = ""`:  "Invalid name",
			place + `name = "*"`: `Invalid name: No resource can be called "*". Write the name as Azure shows it; there are no wildcards, tags select many.`,
			place + fmt.Sprintf("name = %q", idOf(kind, "a")):                                                               "Invalid name: \"" + idOf(kind, "a") + "\" is a resource id. Write it as id = …, without resource_group.",
			place + `name = ["web", "WEB"]`:                                                                                 `Duplicate value: "WEB" is in the list twice. Remove one.`,
			fmt.Sprintf("id = [%q, %q]", idOf(kind, "web"), idOf(kind, "WEB")):                                              "Duplicate value",
			fmt.Sprintf("id = %q\nresource_group = \"g\"", idOf(kind, "a")):                                                 "Conflicting attributes: resource_group goes with name, not with id. Remove it.",
			fmt.Sprintf("id = %q\nquery = \"r | project id\"", idOf(kind, "a")):                                             "Several selectors: A watch selects by id, by name, by tags or by query; this one has id and query. Keep one, and make a second watch for the other.",
			`query = "resources | project name, type"`:                                                                      "Invalid query: The query ends with a project that leaves out the id, by which flowctl knows what is meant. Add id to it: | project id.",
			"query = \"resources\\u0007\"":                                                                                  "Invalid query: The query holds a control character. Write it as plain text.",
			fmt.Sprintf("query = %q", strings.Repeat("x", maxQuery+1)):                                                      fmt.Sprintf("Invalid query: The query is %d characters long; flowctl sends at most %d.", maxQuery+1, maxQuery),
			`resource_group = "g"`:                                                                                          "Missing selector: resource_group says where names are; add name = ….",
			"name = \"a\"\nresource_group = \"/subscriptions/x\"" + map[bool]string{true: "\nvnet = \"v\""}[kind == Subnet]: "Invalid name: \"/subscriptions/x\" is a resource id.",
			"id = \"" + idOf(kind, "a") + "\"\nvnet = \"v\"":                                                                "Conflicting attributes: vnet goes with the name of a subnet only. Remove it.",
			"id = \"https://portal.azure.com/#@x/resource" + idOf(kind, "a") + "\"":                                         "Invalid ID",
			fmt.Sprintf("id = [%q, %q]", idOf(kind, "web"), idOf(kind, "web")+"/"):                                          "Duplicate value",
			fmt.Sprintf("id = %q", strings.TrimPrefix(idOf(kind, "a"), "/")):                                                "Invalid ID: id is \"" + strings.TrimPrefix(idOf(kind, "a"), "/") + "\", which is not a resource id. Write \"" + idOf(kind, "a") + "\".",
			fmt.Sprintf("id = %q", strings.Replace(idOf(kind, "a"), "/g/", "//", 1)):                                        "Invalid ID",
			fmt.Sprintf("id = %q", idOf(kind, "a")+" "):                                                                     "Invalid ID",
		} {
			if got := says(t, watching(kind, body), Inputs{}); !strings.HasPrefix(got, want) {
				t.Errorf("%s, %.80s:\n got %s\nwant %s", kind, body, got, want)
			}
		}
		for _, other := range kinds { // an id of another kind says how that is watched
			if other == kind {
				continue
			}
			want := fmt.Sprintf("Wrong resource type: id must be the id of a %s; this is a %s. It can be watched as watch %q.", ResourceType(kind), ResourceType(other), other)
			if got := says(t, watching(kind, fmt.Sprintf("id = %q", idOf(other, "a"))), Inputs{}); got != want {
				t.Errorf("%s by an id of %s: %s", kind, other, got)
			}
		}
	}
}

// TestMechanisms wants each kind to be recorded as the file says, or, where it says
// nothing, in the way of the kind.
func TestMechanisms(t *testing.T) {
	const capture, log = "packet_capture {\n}\n", "flow_log {\n}\n"
	for _, kind := range kinds {
		machine := kind == VM || kind == VMSS
		for body, want := range map[string][2]bool{"": {!machine, machine}, log: {true, false}, capture: {false, true}, log + capture: {true, true}, capture + log: {true, true}} {
			src := watching(kind, fmt.Sprintf("id = %q\n%s", idOf(kind, "a"), body))
			if strings.Contains(body, "capture") && !machine {
				article := map[bool]string{true: "an", false: "a"}[kind == NSG]
				if got := says(t, src, Inputs{}); !strings.HasPrefix(got, fmt.Sprintf("Wrong mechanism: Packets are captured on machines (vm, vmss), not on %s %s.", article, kind)) {
					t.Errorf("%s with %q: %s", kind, body, got)
				}
				continue
			}
			w := load(t, src, Inputs{}).Investigations[0].Watches[0]
			if got := [2]bool{w.FlowLog != nil, w.Capture != nil}; got != want {
				t.Errorf("%s with %q: flow log and capture %v, want %v", kind, body, got, want)
			}
			if w.FlowLog != nil && w.FlowLog.Declared != (body != "") || w.Capture != nil && w.Capture.Declared != (body != "") {
				t.Errorf("%s with %q: what is declared is wrong", kind, body)
			}
		}
		if got := says(t, watching(kind, fmt.Sprintf("id = %q\nguest_capture {\n}\n", idOf(kind, "a"))), Inputs{}); !strings.Contains(got, "Use packet_capture") {
			t.Errorf("%s with guest_capture: %s", kind, got)
		}
	}
	for kind, want := range kindNames {
		if got := says(t, watching(kind, `tags = { role = "db" }`), Inputs{}); got != fmt.Sprintf("Unknown kind: %q cannot be watched. Did you mean %q?", kind, want) {
			t.Errorf("%s: %s", kind, got)
		}
	}
	for kind, want := range map[string]string{"Virtual_Network": VNet, "scale-set": VMSS, "VM": VM, "subnets": Subnet, "vms": VM} {
		if got := says(t, watching(kind, `tags = { role = "db" }`), Inputs{}); !strings.HasSuffix(got, fmt.Sprintf("Did you mean %q?", want)) {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

// TestSubscriptions wants ids to be in the subscription of the provider that a watch uses,
// whatever the case of its letters.
func TestSubscriptions(t *testing.T) {
	const two = "provider \"azure\" {\nalias = \"a\"\nsubscription_id = \"aaaaaaaa-2222-3333-4444-555555555555\"\n}\nprovider \"azure\" {\nalias = \"b\"\nsubscription_id = \"bbbbbbbb-2222-3333-4444-555555555555\"\n}\n"
	id := func(sub string) string { return strings.Replace(idOf(VM, "x"), "11111111", sub, 1) }
	for _, tt := range []struct{ provider, ids, want string }{
		{"a", fmt.Sprintf("%q", id("aaaaaaaa")), ""}, {"a", fmt.Sprintf("%q", id("AAAAAAAA")), ""}, {"b", fmt.Sprintf("%q", id("bbbbbbbb")), ""},
		{"a", fmt.Sprintf("%q", id("bbbbbbbb")), fmt.Sprintf("Wrong subscription: %q is not in the subscription of provider \"a\". Choose the provider for it with provider = ….", id("bbbbbbbb"))},
		{"b", fmt.Sprintf("[%q, %q]", id("bbbbbbbb"), id("aaaaaaaa")), "Wrong subscription"},
	} {
		if got := says(t, inWatch(fmt.Sprintf("provider = azure.%s\nid = %s", tt.provider, tt.ids))+two, Inputs{}); (tt.want == "") != (got == "") || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s of %s: %q, want %q", tt.ids, tt.provider, got, tt.want)
		}
	}
	if got := says(t, inWatch(fmt.Sprintf("id = %q", id("cccccccc"))), Inputs{}); got != "" {
		t.Errorf("of a sandbox without a subscription: %s", got)
	}
}

// TestNamesOfResources wants each character that no name of a resource can have refused,
// and no other, and the length of a name to end where Azure's ends.
func TestNamesOfResources(t *testing.T) {
	refused := func(name string) bool {
		got := says(t, inWatch(fmt.Sprintf("name = %q\nresource_group = \"g\"", name)), Inputs{})
		if got != "" && !strings.HasPrefix(got, "Invalid name") {
			t.Errorf("%q: %s", name, got)
		}
		return got != ""
	}
	for c := rune(' '); c < 0x7f; c++ {
		if c == '$' || c == '%' {
			continue // of templates
		}
		if got, want := refused("a"+string(c)+"b"), strings.ContainsRune(" /*?<>&:\\\"'{}", c); got != want {
			t.Errorf("%q in a name: refused %t", c, got)
		}
	}
	if refused(strings.Repeat("n", 90)) || !refused(strings.Repeat("n", 91)) || refused("ü") {
		t.Error("names end elsewhere than at 90 characters")
	}
}

// TestEachOfMany wants every part of a watch to be able to come from for_each, for each
// key its own, and what is wrong in all of them to be said once.
func TestEachOfMany(t *testing.T) {
	body := `for_each = {
      b = { names = ["x"], days = 3, size = "5MB", port = 53, include = ["1"], agent = "install" }
      a = { names = ["y", "z"], days = 0, size = "6MB", port = "80-90", include = ["0", "2"], agent = "required" }
    }
    name           = each.value.names
    resource_group = "rg-${each.key}"
    flow_log {
      retention_days = each.value.days
    }
    packet_capture {
      max_bytes = each.value.size
      include   = each.value.include
      agent     = each.value.agent
      filter {
        local_port = each.value.port
      }
    }`
	var got []string
	for _, w := range load(t, watching(VMSS, body), Inputs{}).Investigations[0].Watches {
		c := w.Capture.Spec
		got = append(got, fmt.Sprintf("%s: %v in %s, %d days, %d bytes, port %s, %v, %t", w.Address(), w.Select.Names, w.Select.ResourceGroup, w.FlowLog.Spec.RetentionDays, c.MaxBytes, c.Filters[0].LocalPort, c.Include, w.Capture.InstallAgent))
	}
	want := []string{`vmss.db["a"]: [y z] in rg-a, 0 days, 6000000 bytes, port 80-90, [0 2], false`, `vmss.db["b"]: [x] in rg-b, 3 days, 5000000 bytes, port 53, [1], true`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for change, want := range map[[2]string]int{
		{"each.value.days", "400"}: 1, {"each.value.days", "each.value.none"}: 1, {"each.value.days", `each.key == "b" ? 400 : 1`}: 1, {"each.value.agent", `"maybe"`}: 1,
	} {
		_, wrong := meaning(t, strings.Replace(watching(VMSS, body), change[0], change[1], 1), Inputs{})
		if len(wrong) != want {
			t.Errorf("%v: %v", change, wrong)
		}
	}
	if _, wrong := meaning(t, inWatch("name = each.key\nresource_group = \"g\""), Inputs{}); len(wrong) != 1 || wrong[0] != "No for_each: each.key and each.value are only there in a watch that has for_each." {
		t.Errorf("without for_each: %v", wrong)
	}
	open := strings.Replace(watching(VMSS, body), "for_each = {", "for_each = var.x\n#", 1)
	open = open[:strings.Index(open, "      b = {")] + open[strings.Index(open, "    name           ="):]
	if means, wrong := meaning(t, open+"variable \"x\" {}\n", Inputs{Open: true}); wrong != nil || !strings.Contains(means, `"retention`) && !strings.Contains(means, "flow_log") {
		t.Errorf("of keys that are not known: %v", wrong)
	}
	if _, wrong := meaning(t, strings.Replace(open, `"rg-${each.key}"`, `"a/b"`, 1)+"variable \"x\" {}\n", Inputs{Open: true}); len(wrong) != 1 || !slices.ContainsFunc(wrong, func(s string) bool { return strings.HasPrefix(s, "Invalid name") }) {
		t.Errorf("of keys that are not known, with a mistake: %v", wrong)
	}
}
